"""Coroutines that are made and never awaited: nothing of them ever runs."""

from __future__ import annotations

from collections.abc import Iterator

from consolidator.analysis.emissions.bodies.code import Call, Expression, Path, Result, last_name
from consolidator.analysis.emissions.program.function import Function

TAKING = frozenset(
    {"create_task", "ensure_future", "gather", "wait", "wait_for", "shield", "as_completed", "run"}
    | {"run_until_complete", "run_coroutine_threadsafe", "start_soon", "spawn", "add_task"}
    | {"append", "add", "put", "put_nowait", "iscoroutine", "isawaitable", "enter_async_context"}
)
"""Functions that await what they are given, or keep it for somebody who does."""


def is_coroutine(function: Function) -> bool:
    """Whether a call of it does nothing until it is awaited."""
    return function.is_async and not function.is_generator


def lost_coroutine(call: Call, function: Function) -> bool:
    """Whether a coroutine that this call makes is neither awaited nor handed on."""
    if call.fate == "dropped":
        return True
    if call.fate == "returned":
        return is_coroutine(function)
    if call.fate != "assigned":
        return False
    body = function.body
    names = [
        a.target
        for a in body.assignments
        if isinstance(a.value, Result) and body.calls[a.value.call] is call
    ]
    return bool(names) and not any(_is_taken(name, function) for name in names)


def takers(call: Call, function: Function) -> Iterator[Call]:
    """Calls that are given what this call makes: `to_the_end(step())` takes `step()`."""
    calls = function.body.calls
    given = Result(next(index for index, known in enumerate(calls) if known is call))
    return (c for c in calls if any(argument.value == given for argument in c.arguments))


def is_used(call: Call, function: Function) -> bool:
    """Whether anything is done with what a call gives."""
    body = function.body
    if call.fate != "assigned":
        return call.fate != "dropped"
    names = {
        a.target
        for a in body.assignments
        if isinstance(a.value, Result) and body.calls[a.value.call] is call
    }
    values = [a.value for c in body.calls for a in c.arguments]
    values += [c.callee for c in body.calls] + [found.value for found in body.returns]
    values += [a.value for a in body.assignments]
    heads = {p.head for value in values for p in _parts(value) if isinstance(p, Path)}
    return not names or any("." in name or name in heads for name in names)


def _is_taken(name: str, function: Function) -> bool:
    """Whether a name is awaited, or goes to where it may be."""
    body = function.body
    if "." in name or name in body.awaited:
        return True
    values = [a.value for c in body.calls if last_name(c.callee) in TAKING for a in c.arguments]
    values += [] if is_coroutine(function) else [found.value for found in body.returns]
    values += [a.value for a in body.assignments if a.target != name]
    return any(Path(name) in _parts(value) for value in values)


def _parts(expression: Expression) -> Iterator[Expression]:
    """An expression and everything whose value can be part of its value."""
    yield expression
    for field in ("values", "options", "parts"):
        for inner in getattr(expression, field, ()):
            yield from _parts(inner)
