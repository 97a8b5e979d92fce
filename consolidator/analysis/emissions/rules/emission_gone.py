"""An emission of the baseline is missing or weaker; `analysis.baseline` finds it."""

from __future__ import annotations

from consolidator.analysis.emissions.rules.rule import GuardRule

RULE = GuardRule(
    "emission-gone",
    "A function no longer sends an event that it sent when the baseline was written",
    "error",
    """
    The baseline remembers which functions send which events, and in how many places. Where one event
    is sent from several places, losing one of them leaves the event alive and some users without it;
    only the comparison with the baseline shows that.

    A function that moved to another file or class under its own name, still sending, is recognised.
    """,
    """
    async def run(self):
        await self.bridge.notify_agent_started("triage")
        # await self.bridge.notify_agent_thinking("…")      another agent still sends it
    """,
    """
    Restore the emission. If it was taken out or its function renamed on purpose, say so with
    `guard --update-baseline` and commit the file.
    """,
)
