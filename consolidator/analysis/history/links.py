"""Commits that speak of other commits: reverts, and fixes that were brought twice."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import structs

from consolidator.analysis.history.memory import reverted
from consolidator.analysis.history.mine import Mined
from consolidator.analysis.history.report import CommitEntry

_PICKED = re.compile(r"\(cherry picked from commit ([0-9a-f]{7,64})\)")


def with_reverts(mined: Sequence[Mined], entries: Sequence[CommitEntry]) -> list[CommitEntry]:
    """Links a fix to the commit that says it takes it back; that commit is then no fix itself."""
    by_hash = {entry.hash: entry for entry in entries}
    latest: dict[str, str] = {}
    for item in mined:
        name, subject = reverted(item.commit.message)
        taken = next((each for each in by_hash if name and each.startswith(name)), None)
        taken = taken or latest.get(subject or "")
        latest[item.commit.subject] = item.commit.id
        if taken is None or by_hash[taken].verdict != "fix":
            continue
        own = item.commit.id
        by_hash[taken] = structs.replace(by_hash[taken], reverted_by=own, at_risk=False)
        by_hash[own] = structs.replace(
            by_hash[own],
            verdict="other",
            category=None,
            at_risk=False,
            why=(f"takes back the fix {taken[:10]}", *by_hash[own].why),
        )
    return [by_hash[entry.hash] for entry in entries]


def with_copies(mined: Sequence[Mined], entries: Sequence[CommitEntry]) -> list[CommitEntry]:
    """One fix that several commits brought is one entry, the oldest; the others are no fixes.

    A copy says where it was picked from, or keeps author, time and change: both are how git picks.
    """
    by_hash = {entry.hash: entry for entry in entries}
    first: dict[object, str] = {}
    for item in mined:
        entry = by_hash[item.commit.id]
        if entry.verdict != "fix" or not item.parts:
            continue
        commit = item.commit
        change = frozenset((part.unit, part.carriers, part.banned) for part in item.parts)
        told = _PICKED.findall(commit.message)
        origin = _fix_named(told[-1], by_hash) if told else None
        origin = origin or first.get((commit.author, commit.time, change))
        first.setdefault((commit.author, commit.time, change), origin or commit.id)
        if origin is not None and origin != commit.id:
            older = by_hash[origin]
            by_hash[origin] = structs.replace(older, copies=(*older.copies, commit.id))
            by_hash[commit.id] = structs.replace(
                entry,
                verdict="other",
                category=None,
                at_risk=False,
                why=(f"brings the fix {origin[:10]} again", *entry.why),
            )
    return [by_hash[entry.hash] for entry in entries]


def _fix_named(prefix: str, entries: dict[str, CommitEntry]) -> str | None:
    found = (name for name, entry in entries.items() if name.startswith(prefix))
    return next((name for name in found if entries[name].verdict == "fix"), None)
