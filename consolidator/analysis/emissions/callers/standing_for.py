"""Calls that stand for another call: `start_soon(f, x)`, `map(f, values)`, `async_to_sync(f)(x)`, a partial."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from consolidator.analysis.emissions.bodies.code import (
    Argument,
    Call,
    Element,
    Expression,
    Group,
    Opaque,
    Path,
    Result,
    called_name,
)
from consolidator.analysis.emissions.callers.coroutines import is_used
from consolidator.analysis.emissions.program.function import Function
from consolidator.analysis.emissions.values.possible import Bound
from consolidator.analysis.emissions.values.values import ADAPTERS

_STARTING = frozenset(
    {"start_soon", "to_thread", "run_in_executor", "Thread", "Process", "run_sync", "submit"}
    | {"start_background_task", "call_soon", "call_soon_threadsafe", "call_later", "spawn", "Timer"}
    | {"add_task", "run_in_threadpool", "add_job", "call_at"}
)
"""Calls that run a function with the arguments that follow it."""
_THREADS = frozenset({"Thread", "Process", "Timer"})
"""Those among them that do so once they are started."""


def started(function: Expression, line: int, user: Function) -> Call | None:
    """The call that `start_soon(f, x)`, `to_thread(f, x)` or `Thread(target=f, args=(x,))` stands for;
    None where a function is handed on in another way."""
    calls = (call for call in user.body.calls if call.line <= line)
    return next((inner for call in calls if (inner := started_by(call, function))), None)


def started_by(call: Call, function: Expression) -> Call | None:
    """The call of a function that another call stands for; None where that does not start it."""
    if called_name(call) not in _STARTING:
        return None
    given = list(call.arguments)
    named = {a.keyword: a.value for a in given if a.keyword}
    if named.get("target") == function:
        passed = named.get("args")
        values = passed.values if isinstance(passed, Group) else ()
        arguments = tuple(Argument(value) for value in values)
        return replace(call, callee=function, arguments=arguments, fate="awaited")
    for position, argument in enumerate(given):
        if argument.value == function and not argument.keyword:
            rest = tuple(a for a in given[position + 1 :] if not a.keyword)
            return replace(call, callee=function, arguments=rest, fate="awaited")
    return None


def never_started(function: Expression, line: int, user: Function) -> bool:
    """Whether a function is given to a thread, process or timer of which nothing is made."""
    return any(
        call.line <= line
        and called_name(call) in _THREADS
        and any(argument.value == function for argument in call.arguments)
        and not is_used(call, user)
        for call in user.body.calls
    )


def stood_for(call: Call, function: Function) -> Call:
    """What a call stands for that is called itself; any other call as it is."""
    if isinstance(call.callee, Result):  # `async_to_sync(f)(x)` is `await f(x)`
        made = function.body.calls[call.callee.call]
        if called_name(made) in ADAPTERS and made.arguments:
            return replace(call, callee=made.arguments[0].value, fate="awaited")
    if call.callee == Path("map") and len(call.arguments) > 1:  # of one of the values
        first, *values = call.arguments
        given = tuple(Argument(Element(argument.value)) for argument in values)
        return replace(call, callee=first.value, arguments=given)
    return call


def in_turn(bound: Iterable[Bound]) -> list[Bound]:
    return sorted(bound, key=lambda b: (b.function.dotted, b.positional, b.keywords))


def filled(call: Call, bound: Bound) -> Call:
    """A call of a partial as a call of the function; what was filled in is nothing of this caller's."""
    first = (Argument(Opaque()),) * bound.positional
    last = tuple(Argument(Opaque(), keyword) for keyword in bound.keywords)
    return replace(call, arguments=(*first, *call.arguments, *last))
