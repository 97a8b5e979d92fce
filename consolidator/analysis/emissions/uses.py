"""A place that uses a function, and the calls that run what they are handed."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from consolidator.analysis.emissions.code import Argument, Call, Expression, Group, called_name
from consolidator.analysis.emissions.coroutines import is_used
from consolidator.analysis.emissions.function import Function

_STARTING = frozenset(
    {"start_soon", "to_thread", "run_in_executor", "Thread", "Process", "run_sync", "submit"}
    | {"start_background_task", "call_soon", "call_soon_threadsafe", "call_later", "spawn", "Timer"}
    | {"add_task", "run_in_threadpool", "add_job", "call_at"}
)
"""Calls that run a function with the arguments that follow it."""
_THREADS = frozenset({"Thread", "Process", "Timer"})
"""Those among them that do so once they are started."""
NO_PLACE = -1
"""The place of a use that stands under no condition."""


@dataclass(frozen=True)
class Use:
    """A place that calls a function or hands it on as a value."""

    function: Function
    """The one whose body it is in."""
    line: int
    place: int
    call: Call | None
    """None where the function is handed on, not called."""
    certain: bool
    """False where the receiver is unknown and only the name fits."""
    reaches: Function | None = None
    """What the call runs, where the call itself does not say so."""


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
        return msgspec.structs.replace(call, callee=function, arguments=arguments, fate="awaited")
    for position, argument in enumerate(given):
        if argument.value == function and not argument.keyword:
            rest = tuple(a for a in given[position + 1 :] if not a.keyword)
            return msgspec.structs.replace(call, callee=function, arguments=rest, fate="awaited")
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
