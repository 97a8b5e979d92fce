"""A value of one kind of id is passed as another."""

from __future__ import annotations

from collections.abc import Iterator

from consolidator.analysis.emissions.bodies.code import Call, Path
from consolidator.analysis.emissions.callers.calls import CallGraph
from consolidator.analysis.emissions.context import Context
from consolidator.analysis.emissions.program.function import Function
from consolidator.analysis.emissions.report import Problem
from consolidator.analysis.emissions.rules.rule import GuardRule
from consolidator.analysis.emissions.values.binding import bind
from consolidator.tree.names import Definition

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
            if not any(passed):
                continue
            if (target := _target(context.graph, call, function)) in carriers:
                yield from _swapped(context, function, call, target)
            for cls in context.graph.targets(call, function).classes if not target else ():
                yield from _swapped_field(context, function, call, cls)


def _carriers(context: Context) -> set[Function]:
    """Functions that events pass through, and constructors of the classes that hold these."""
    owners = {
        owner
        for function in context.finder.sent
        if (owner := context.program.definition_of(function)) is not None
    }
    found = {*context.finder.sent, *context.finder.flow.visited}
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


def _swapped_field(
    context: Context, function: Function, call: Call, cls: Definition
) -> Iterator[Problem]:
    """A record that events travel in is made with one id in the field of another."""
    fields = context.program.record_fields(cls)
    site = next((s for s in context.sites_by_function.get(function, ()) if s.call is call), None)
    if fields is None or site is None:
        return
    for position, argument in enumerate(call.arguments):
        given = _id_of(argument.value)
        in_order = fields[position] if position < len(fields) else ""
        expected = argument.keyword or in_order
        if given and expected in _IDS and given != expected:
            yield RULE.problem(site, f"a {given} is passed as {expected} of {cls.dotted}")


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
