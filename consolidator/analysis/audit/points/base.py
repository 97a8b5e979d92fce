"""What an integration point is: what to look for in a file, and what the places found amount to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from consolidator.analysis.audit.code import CodeFile
from consolidator.analysis.audit.report import Evidence, Point, Status

_SHOWN = 40
"""Places without trouble that a report lists per point; troubled ones are all listed."""

Judgement = tuple[Status, str]


def by_worst(evidence: Sequence[Evidence]) -> Judgement:
    """The worst that any place says; not found without a place that says anything."""
    for verdict in ("broken", "at-risk"):
        bad = [e for e in evidence if e.verdict == verdict]
        if bad:
            return verdict, bad[0].why
    return ("ok", "") if any(e.verdict == "ok" for e in evidence) else ("not-found", "")


@dataclass(frozen=True)
class IntegrationPoint:
    id: str
    title: str
    needles: tuple[str, ...]
    """A file without any of these can't concern the point."""
    read: Callable[[CodeFile], Iterable[Evidence]]
    judge: Callable[[Sequence[Evidence]], Judgement] = by_worst
    only: str = ""
    """Regular expression that a file must match besides, where the needles are common words."""
    tests: bool = False
    """Whether the point is about tests; all others are about production code."""

    def point(self, evidence: Iterable[Evidence]) -> Point:
        found = sorted(set(evidence))
        status, why = self.judge(found)
        bad = [e for e in found if e.verdict in ("broken", "at-risk")]
        rest = [e for e in found if e.verdict not in ("broken", "at-risk")]
        return Point(self.id, self.title, status, tuple(sorted([*bad, *rest[:_SHOWN]])), why)
