"""A frozen finding is fixed, but still listed; `analysis.baseline` finds it."""

from __future__ import annotations

from consolidator.analysis.emissions.rules.rule import GuardRule

RULE = GuardRule(
    "baseline-stale",
    "The baseline freezes a finding that no longer exists",
    "error",
    """
    An entry that stays after its finding was fixed would hide the same finding when it comes back.
    """,
    """
    {"event": "agent_thinking", "function": "app.agents.Triage.run", "rule": "swallowed-failure"}
    """,
    """
    Run `guard --update-baseline` and commit the file.
    """,
)
