"""No emission of an event can reach a user."""

from __future__ import annotations

from collections.abc import Iterator

from consolidator.analysis.emissions.context import Context
from consolidator.analysis.emissions.report import Problem
from consolidator.analysis.emissions.rules.rule import GuardRule

RULE = GuardRule(
    "event-lost",
    "A critical event can no longer reach a user",
    "error",
    """
    Every place that builds the event was followed both ways: back to an entry point of the program
    (endpoint, task, command), and forward through calls to a send on a socket. None is whole. Each
    site says where its way ends: code that nothing calls, a condition that is never true, code after
    a return, a method that the receiver lacks, a coroutine that is not awaited.
    """,
    """
    async def run(self, bridge):
        if self.LEGACY_EVENTS:                     # LEGACY_EVENTS = False: never runs
            await bridge.notify_agent_started("triage")
    """,
    """
    Restore one of the sites that are listed. If the event was given up on purpose, take it out of
    `[guard] events` in the plan.
    """,
)


_SHOWN = 3  # reasons in the message; every site carries its own


def check(context: Context) -> Iterator[Problem]:
    for report in context.reports:
        if report.status != "lost":
            continue
        if not report.sites:
            yield Problem(RULE.id, report.event, "", "", 0, f"nothing builds {report.event}")
            continue
        causes = report.causes()
        nearest = causes[0][1]
        why = "; ".join(why for why, _ in causes[:_SHOWN])
        yield Problem(
            RULE.id,
            report.event,
            "",
            nearest.path,
            nearest.line,
            f"{report.event} can't reach a user from any of {len(report.sites)} sites: {why}",
        )
