"""An event goes to a socket by another way than the unified emitter."""

from __future__ import annotations

from collections.abc import Iterator

from consolidator.analysis.emissions.context import Context
from consolidator.analysis.emissions.flow.flow import Flow
from consolidator.analysis.emissions.report import Problem
from consolidator.analysis.emissions.rules.rule import GuardRule

RULE = GuardRule(
    "emission-bypass",
    "An event bypasses the unified emitter",
    "error",
    """
    The program uses one of the emitters of the plan (`[guard] emitters`), but this event gets to a
    socket without passing through any of them: it has no number, is in no journal, and is lost to a
    user who reconnects.
    """,
    """
    await websocket.send_json({"type": "agent_started", "agent_name": "triage"})
    """,
    """
    Send it with `emitter.emit_agent_started(…)` or `bridge.notify_agent_started(…)`.
    """,
)


def check(context: Context) -> Iterator[Problem]:
    if not context.is_consolidated:
        return
    packages = {cls.module.partition(".")[0] for cls in context.emitter_classes}
    other_ways = Flow(context.graph, context.liveness, context.emitter_classes)
    for site in context.sites:
        if site.expression is None or not site.verdict:
            continue
        owner = context.program.definition_of(site.function)
        is_theirs = site.function.module.partition(".")[0] in packages
        if is_theirs or owner in context.emitter_classes:
            continue
        reached = other_ways.of_expression(site.expression, site.function, site.event).reached
        if reached.is_certain:
            message = f"{site.event} does not go through the unified emitter: {reached.why}"
            yield RULE.problem(site, message)
