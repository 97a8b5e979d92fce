"""A fix that the plan keeps is being lost; `analysis.kept` finds it."""

from __future__ import annotations

from consolidator.analysis.emissions.rules.rule import GuardRule

RULE = GuardRule(
    "fix-gone",
    "A fix that the plan keeps is no longer in the code",
    "error",
    """
    The plan names a commit under `[[keep]]`. Every statement that it added must still stand in the
    function that it was added to (or, if that function is gone, somewhere in the code), what it took
    out must not come back, and the tests that it added must still be there. Layout, comments and
    small edits of a statement do not count. A fix is otherwise undone by the next consolidation, and
    nobody remembers why the line was there.
    """,
    """
    [[keep]]
    fix = "9f31c02"                                # "async with self._lock" around the send
    """,
    """
    Put the statement back. If it was replaced on purpose, freeze the finding in the baseline, or move
    the fix from `[[keep]]` to `[[drop]]` with the reason.
    """,
)
