"""Commits that speak of other commits: reverts, and fixes that were brought twice."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from msgspec import structs

from consolidator.analysis.history.memory import reverted
from consolidator.analysis.history.mine import Mined
from consolidator.analysis.history.report import CommitEntry

_PICKED = re.compile(r"\(cherry picked from commit ([0-9a-f]{7,64})\)")


def with_reverts(mined: Sequence[Mined], entries: Sequence[CommitEntry]) -> list[CommitEntry]:
    """Links a fix to the commit that says it takes it back, unless another took that one back again.

    Commits that only take a fix back, or bring it again by doing so, are no fixes themselves.
    """
    by_hash = {entry.hash: entry for entry in entries}
    carried = {
        name: entry.hash
        for entry in entries
        if entry.verdict == "fix"
        for name in (entry.hash, *entry.copies)
    }
    removed: dict[str, str] = {}
    latest: dict[str, str] = {}
    for item in mined:
        own = item.commit.id
        named = _reverted(item, latest, by_hash)
        latest[item.commit.subject] = own
        if named in carried:
            fix = removed[own] = carried[named]
            by_hash[fix] = structs.replace(by_hash[fix], reverted_by=own)
            words = f"takes back the fix {fix[:10]}"
        elif named in removed:
            fix = carried[own] = removed[named]
            copies = (*by_hash[fix].copies, own)
            by_hash[fix] = structs.replace(by_hash[fix], reverted_by=None, copies=copies)
            words = f"brings the fix {fix[:10]} again"
        else:
            continue
        by_hash[own] = _no_fix(by_hash[own], words)
    known = (by_hash[entry.hash] for entry in entries)
    return [structs.replace(each, at_risk=False) if each.reverted_by else each for each in known]


def _reverted(item: Mined, latest: dict[str, str], known: Collection[str]) -> str | None:
    """The commit that this one says it takes back: by its hash, else the last of that subject."""
    name, subject = reverted(item.commit.message)
    taken = next((each for each in known if each.startswith(name)), None) if name else None
    return taken or latest.get(subject or "")


def _no_fix(entry: CommitEntry, words: str) -> CommitEntry:
    return structs.replace(
        entry, verdict="other", category=None, at_risk=False, why=(words, *entry.why)
    )


def with_copies(mined: Sequence[Mined], entries: Sequence[CommitEntry]) -> list[CommitEntry]:
    """One fix that several commits brought is one entry, the oldest; the others are no fixes.

    A copy says where it was picked from, or keeps author, time and change: both are how git picks; or it
    does the same on another branch.
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
        ways: list[object] = [(commit.author, commit.time, change)]
        if item.parallel:
            ways.append((item.paths, change))
        origin = origin or next((first[way] for way in ways if way in first), None)
        for way in (ways[0], (item.paths, change)):
            first.setdefault(way, origin or commit.id)
        if origin is not None and origin != commit.id:
            older = by_hash[origin]
            by_hash[origin] = structs.replace(older, copies=(*older.copies, commit.id))
            by_hash[commit.id] = _no_fix(entry, f"brings the fix {origin[:10]} again")
    return [by_hash[entry.hash] for entry in entries]


def _fix_named(prefix: str, entries: dict[str, CommitEntry]) -> str | None:
    found = (name for name, entry in entries.items() if name.startswith(prefix))
    return next((name for name in found if entries[name].verdict == "fix"), None)
