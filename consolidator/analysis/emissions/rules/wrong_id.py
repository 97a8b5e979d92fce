"""A value of one kind of id is passed as another."""

from __future__ import annotations

from collections.abc import Iterator

from consolidator.analysis.emissions.calls import CallGraph, bind
from consolidator.analysis.emissions.code import Call, Path
from consolidator.analysis.emissions.context import Context
from consolidator.analysis.emissions.program import Function
from consolidator.analysis.emissions.report import Problem
from consolidator.analysis.emissions.rules.rule import GuardRule

RULE = GuardRule(
    "wrong-id",
    "An id is passed where another kind of id is expected",
    "error",
    """
    User, thread, run and connection ids are all strings, so nothing complains when they change places
    and an event goes to nobody, or to somebody else. Names tell: a variable called `run_id` that is
    bound to a parameter called `user_id` is reported on the way of every event.
    """,
    """
    await manager.emit_critical_event(run_id, "agent_started", data)    # expects user_id first
    """,
    """
    Pass the right id, by keyword. If the names mislead, rename the variable.
    """,
)

_IDS = frozenset({"user_id", "thread_id", "run_id", "connection_id", "session_id"})


def check(context: Context) -> Iterator[Problem]:
    carriers = _carriers(context)
    for function in context.own_functions:
        for call in function.body.calls:
            passed = [_id_of(argument.value) for argument in call.arguments]
            if any(passed) and (target := _target(context.graph, call, function)) in carriers:
                yield from _swapped(context, function, call, target)


def _carriers(context: Context) -> set[Function]:
    """Functions that events pass through, and constructors of the classes that hold these."""
    owners = {
        owner
        for function in context.finder.sent
        if (owner := context.program.definition_of(function)) is not None
    }
    found = set(context.finder.sent)
    for owner in owners:
        found.update(m for m in context.program.methods(owner) if _makes(m))
    for emitter in context.emitter_classes:
        found.update(context.program.methods(emitter))
    return found


def _makes(method: Function) -> bool:
    return method.name == "__init__" or method.has_decorator("classmethod")


def _target(graph: CallGraph, call: Call, function: Function) -> Function | None:
    targets = graph.targets(call, function)
    return targets.functions[0] if targets.functions else None


def _swapped(
    context: Context, function: Function, call: Call, target: Function | None
) -> Iterator[Problem]:
    assert target is not None
    for argument, parameter in bind(call, target):
        given, expected = _id_of(argument.value), parameter.name
        if given and expected in _IDS and given != expected:
            event = min(context.finder.sent_by(call, function), default="")
            yield Problem(
                RULE.id,
                event,
                function.dotted,
                function.path,
                call.line,
                f"a {given} is passed as {expected} of {target.dotted}",
                RULE.severity,
            )


def _id_of(expression: object) -> str:
    if isinstance(expression, Path):
        name = expression.last.lstrip("_")
        return name if name in _IDS else ""
    return ""
