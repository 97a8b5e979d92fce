"""Only what got worse between two audits of the same plan. Lines do not count: code may have moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from consolidator.analysis.audit.report import (
    AuditReport,
    Evidence,
    MissingMember,
    Point,
    SignatureConflict,
    Use,
)

T = TypeVar("T")
_RANK = {"ok": 0, "not-found": 1, "at-risk": 2, "broken": 3}


def worse_than(now: AuditReport, before: AuditReport, since: str) -> AuditReport:
    """The report of now without what was there before; `since` names the earlier revision."""
    return replace(
        now,
        points=tuple(_points(now.points, before.points)),
        missing=tuple(_missing(now.missing, before.missing)),
        conflicts=tuple(_fresh(now.conflicts, before.conflicts, _conflict)),
        shrunk=tuple(_fresh(now.shrunk, before.shrunk, lambda s: (s.legacy, s.canonical))),
        unraised=tuple(
            _fresh(now.unraised, before.unraised, lambda u: (u.path, u.member, u.exception))
        ),
        mixed=tuple(_fresh(now.mixed, before.mixed, lambda m: (m.path, m.why))),
        dangling=tuple(_fresh(now.dangling, before.dangling, lambda d: (d.path, d.text, d.names))),
        already_missing=tuple(_missing(now.already_missing, before.already_missing)),
        since=since,
    )


def _fresh(now: Iterable[T], before: Iterable[T], key: Callable[[T], Hashable]) -> list[T]:
    """What is there more often than before, the last of each kind."""
    known = Counter(map(key, before))
    fresh = []
    for item in now:
        if known[key(item)]:
            known[key(item)] -= 1
        else:
            fresh.append(item)
    return fresh


def _conflict(conflict: SignatureConflict) -> Hashable:
    return (conflict.path, conflict.legacy, conflict.member, conflict.why)


def _missing(
    now: Sequence[MissingMember], before: Sequence[MissingMember]
) -> Iterable[MissingMember]:
    known = {(missing.legacy, missing.member): missing for missing in before}
    for missing in now:
        earlier = known.get((missing.legacy, missing.member))
        used = _fresh(missing.used_by, earlier.used_by if earlier else (), _path)
        asked = _fresh(missing.asked_by, earlier.asked_by if earlier else (), _path)
        if used or asked:
            yield replace(missing, used_by=tuple(used), asked_by=tuple(asked))


def _path(use: Use) -> Hashable:
    return use.path


def _points(now: Sequence[Point], before: Sequence[Point]) -> Iterable[Point]:
    known = {point.id: point for point in before}
    for point in now:
        earlier = known.get(point.id)
        if earlier is None:
            yield point
            continue
        evidence = _fresh(point.evidence, earlier.evidence, _place)
        bad = [e for e in evidence if e.verdict in ("broken", "at-risk")]
        if bad or _RANK[point.status] > _RANK[earlier.status]:
            yield replace(point, evidence=tuple(evidence))


def _place(evidence: Evidence) -> Hashable:
    return (evidence.path, evidence.text, evidence.verdict, evidence.why)
