"""An event is still built, but nothing proves that it reaches a user."""

from __future__ import annotations

from collections.abc import Iterator

from consolidator.analysis.emissions.context import Context
from consolidator.analysis.emissions.report import Problem
from consolidator.analysis.emissions.rules.rule import GuardRule

RULE = GuardRule(
    "event-weakened",
    "Only uncertain emissions of a critical event are left",
    "note",
    """
    No emission of the event could be followed all the way to a socket, but at least one of them may
    get there: its receiver is of unknown class, it only lies in a container until something sends it,
    or it goes to code that the guard can't read. Each site says what is not known. A note is no
    failure: with a baseline, every step of these functions that goes missing is one (`way-broken`), and
    so is an emission that was certain before (`emission-gone`).
    """,
    """
    async def run(self, notifier):                 # what is a notifier? 7 classes have send()
        await notifier.send({"type": "agent_started"})
    """,
    """
    Annotate the receiver (`notifier: AgentWebSocketBridge`), or call the emitter directly.
    """,
)


def check(context: Context) -> Iterator[Problem]:
    for report in context.reports:
        if report.status == "weakened":
            site = next(site for site in report.sites if site.reachable == "unknown")
            message = f"it is not certain that {report.event} reaches a user: {site.why}"
            if causes := report.causes():
                message += f"; the other ways are dead: {causes[0][0]}"
            yield Problem(RULE.id, report.event, "", site.path, site.line, message, RULE.severity)
