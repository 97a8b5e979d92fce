"""What the form of a function makes of what it returns: coroutines, context managers, fixtures, `Self`."""

from __future__ import annotations

from dataclasses import replace

from consolidator.analysis.flow.values import UNKNOWN, Values, holding
from consolidator.analysis.flow.world import Function

_CONTEXTS = {"contextmanager", "asynccontextmanager"}


def makes_context(function: Function) -> bool:
    """Whether a generator is called for a context manager."""
    return bool(function.decorators & _CONTEXTS)


def decorated(function: Function, values: Values, *, yields: Values) -> Values:
    """What a call gives, of what the body returns and yields."""
    if makes_context(function):
        return holding("context", yields)
    if "fixture" in function.decorators:
        return yields if yields - {UNKNOWN} else values
    if function.fact.is_async and not any(value.kind == "items" for value in values):
        return holding("awaitable", values)
    return values


def gives_itself(function: Function) -> bool:
    """Whether a method is declared to return what it was called on: `-> Self`, or `(self: T) -> T`."""
    declared = function.fact.returns.strip("\"' ")
    first = function.fact.parameters[:1]
    return declared == "Self" or (
        bool(declared) and any(p.annotation.strip("\"' ") == declared for p in first)
    )


def is_awaited_fixture(function: Function) -> bool:
    """Whether pytest awaits a function and passes on what it gives."""
    return "fixture" in function.decorators and function.fact.is_async


def through(values: Values, via: str, own_name: str) -> Values:
    """Results of a factory that the caller knows under an older name carry that name along."""
    if via in ("", own_name):
        return values
    return frozenset(
        replace(v, via=via, of=through(v.of, via, own_name))
        if v.kind in ("instance", "awaitable", "context", "items")
        else v
        for v in values
    )
