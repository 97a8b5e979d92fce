"""A coroutine that sends an event is made and thrown away."""

from __future__ import annotations

from collections.abc import Iterator

from consolidator.analysis.emissions.context import Context
from consolidator.analysis.emissions.report import Problem
from consolidator.analysis.emissions.rules.rule import GuardRule

RULE = GuardRule(
    "not-awaited",
    "An emission is not awaited",
    "error",
    """
    The call of an `async def` function only makes a coroutine. Nothing is sent until it is awaited,
    or given to `create_task`, `gather` or the like.
    """,
    """
    async def run(self, bridge):
        bridge.notify_agent_started("triage")      # RuntimeWarning at best
    """,
    """
    Write `await` in front of the call.
    """,
)


def check(context: Context) -> Iterator[Problem]:
    for site in context.sites:
        if RULE.id in (site.reach.cause, site.runs.cause):
            verdict = site.runs if site.runs.cause == RULE.id else site.reach
            yield RULE.problem(site, f"{site.event} is not sent: {verdict.why}")
