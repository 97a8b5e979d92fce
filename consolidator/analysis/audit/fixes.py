"""Fixes of the history that the plan would lose: the replacement lacks them, and nobody has decided."""

from __future__ import annotations

from collections.abc import Iterator

from consolidator.analysis.audit.report import LostFix
from consolidator.analysis.history.report import ExtractReport, unacknowledged
from consolidator.plan import Plan


def lost_fixes(history: ExtractReport, plan: Plan) -> Iterator[LostFix]:
    """The most urgent first, each at the first place where it lives now."""
    for entry in unacknowledged(history, plan):
        path, line = next(((p.path, p.line) for p in entry.places), ("", 0))
        yield LostFix(
            path, line, entry.hash, entry.subject, entry.category or "fix", tuple(entry.lives_in)
        )
