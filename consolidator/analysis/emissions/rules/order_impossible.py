"""Events of a run are sent in an order that no run can have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from consolidator.analysis.emissions.bodies.code import Place
from consolidator.analysis.emissions.context import Context
from consolidator.analysis.emissions.program.function import Function
from consolidator.analysis.emissions.report import Problem
from consolidator.analysis.emissions.rules.rule import GuardRule

RULE = GuardRule(
    "order-impossible",
    "Events are sent in an order that no run can have",
    "error",
    """
    A run begins with `agent_started` and ends with `agent_completed`; a tool call begins with
    `tool_executing`. Here one function sends them the other way round on a path that it can take,
    itself or through what it calls. A client that has seen `agent_completed` shows nothing of what
    comes after.
    """,
    """
    await bridge.notify_agent_completed("triage")
    answer = await agent.run(question)             # sends agent_thinking
    """,
    """
    Send `agent_completed` last; in a `finally` if the agent can fail.
    """,
)

_LAST = "agent_completed"
_FIRST = "agent_started"
_BEGUN, _DONE = "tool_executing", "tool_completed"


@dataclass(frozen=True)
class _Step:
    line: int
    column: int
    events: frozenset[str]
    place: Place


def check(context: Context) -> Iterator[Problem]:
    for function in context.sites_by_function:
        steps = sorted(_steps(context, function), key=lambda step: (step.line, step.column))
        for index, earlier in enumerate(steps):
            if earlier.events == {_DONE} and any(_BEGUN in s.events for s in steps[:index]):
                continue
            for later in steps[index + 1 :]:
                if message := _wrong(earlier, later):
                    event = _LAST if earlier.events == {_LAST} else min(earlier.events)
                    yield Problem(
                        RULE.id,
                        event,
                        function.dotted,
                        function.path,
                        later.line,
                        message,
                        RULE.severity,
                    )
                    break


def _steps(context: Context, function: Function) -> Iterator[_Step]:
    built: dict[int, frozenset[str]] = {}
    for site in context.sites_by_function[function]:
        built[id(site.call)] = built.get(id(site.call), frozenset()) | {site.event}
    for call in function.body.calls:
        # What a call sends besides, such as the ends of runs that were left open, has its own order.
        events = built.get(id(call)) or context.finder.sent_by(call, function)
        place = function.body.places[call.place]
        if events and not context.liveness.blocked(function, call.place, call.line):
            yield _Step(call.line, call.column, events, place)


def _wrong(earlier: _Step, later: _Step) -> str:
    if not _both(earlier.place, later.place):
        return ""
    if earlier.events == {_LAST} and later.events != {_LAST}:
        return f"{_said(later)} is sent in line {later.line}, after {_LAST} in line {earlier.line}"
    if later.events == {_FIRST} and _FIRST not in earlier.events:
        return (
            f"{_FIRST} is sent in line {later.line}, after {_said(earlier)} in line {earlier.line}"
        )
    if earlier.events == {_DONE} and later.events == {_BEGUN}:
        return f"{_BEGUN} is sent in line {later.line}, after {_DONE} in line {earlier.line}"
    return ""


def _both(earlier: Place, later: Place) -> bool:
    """Whether whoever comes to the later place has passed the earlier one, once each."""
    if earlier.section in ("loop", "except"):
        return False
    return set(earlier.conditions) <= set(later.conditions) and later.section != "except"


def _said(step: _Step) -> str:
    return " or ".join(sorted(step.events))
