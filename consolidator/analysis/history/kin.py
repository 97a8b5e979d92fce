"""Which class a class of the family was before, or became, under another name or in another file.

A commit renames, moves, splits or copies a class where its lines go on in a class that was not known to
belong to the family. Classes are told apart by path and name, functions outside classes count as such.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from consolidator.analysis.history.cutting import Units
from consolidator.analysis.history.edits import Content, units_of
from consolidator.analysis.history.family import Scope
from consolidator.analysis.history.records import Change, Crossing, Kin, Touch
from consolidator.analysis.history.statements import UnparsableError

_MOVED = 0.5
"""Share of the lines of a new class that left another one, from which on it is that class."""
_RENAMED = 0.3
"""The same inside one file, where a word that is replaced may touch many lines."""
_COPIED = 0.7
_FEWEST = 4
_TELLING = 10
"""Characters of a line that says something about where it came from."""
_MOST_OTHERS = 40
"""Files outside the family that one commit changed; of more, only namesakes of what left it are read."""
_ROUNDS = 8
_DEFINED = re.compile(rb"^[ \t]*(?:class|(?:async[ \t]+)?def)[ \t]+(\w+)", re.M)

Lines = dict[str, frozenset[str]]
"""The telling lines of each function of a file, and of each class's methods: values alone, as of an
enumeration, say little about where they came from."""


def follow(
    commits: Sequence[Touch],
    scope: Scope,
    paths: frozenset[str],
    ask: Callable[[Sequence[Crossing]], Sequence[tuple[Kin, ...]]],
) -> Mapping[str, frozenset[str]]:
    """Classes under other names, or in other files than `paths`, that carry the family on, by path."""
    kin: dict[str, set[str]] = {}
    fresh = set(paths)
    for _ in range(_ROUNDS):
        known = paths | kin.keys()
        touched = [
            commit for commit in commits if any(change.path in fresh for change in commit.changes)
        ]
        asked = [found for commit in touched if (found := _crossing(commit, scope, known, kin))]
        fresh = set()
        for answer in ask(asked):
            for path, owner in answer:
                if owner not in kin.setdefault(path, set()):
                    kin[path].add(owner)
                    fresh.add(path)
        if not fresh:
            break
    return {path: frozenset(owners) for path, owners in sorted(kin.items())}


def _crossing(
    commit: Touch, scope: Scope, known: set[str] | frozenset[str], kin: Mapping[str, set[str]]
) -> Crossing | None:
    family = tuple(change for change in commit.changes if change.path in known)
    others = tuple(
        change
        for change in commit.changes
        if change.path not in known and len(change.old) < 2 and scope.admits(change.path)
    )
    if len(others) > _MOST_OTHERS:
        names = {_name(change) for change in family if change.new is None or not change.old}
        others = tuple(change for change in others if _name(change) in names)
    renamed = any(change.old and not scope.names_path(change.path) for change in family)
    if not family or not (others or renamed):
        return None
    owners = (
        (change.path, owner) for change in family for owner in sorted(kin.get(change.path, ()))
    )
    return Crossing(family, others, tuple(owners))


def _name(change: Change) -> str:
    return change.path.rpartition("/")[2]


def crossings(scope: Scope, crossing: Crossing, content: Content) -> tuple[Kin, ...]:
    """The classes that one commit turns into members, or that it made members from."""
    changes = [
        change
        for change in (*crossing.family, *crossing.others)
        if _defined(change.old[:1], content) != _defined((change.new,), content)
    ]
    before = {change.path: _lines(change.old[:1], content) for change in changes}
    after = {change.path: _lines((change.new,), content) for change in changes}
    told = {
        change.path: _told(scope, change, crossing.kin, content)
        for change in changes
        if change in crossing.family
    }
    found = dict.fromkeys(_carried(told, before, after, copies=True))
    found |= dict.fromkeys(_carried(told, after, before, copies=False))
    return tuple(sorted(found))


def _carried(
    told: Mapping[str, frozenset[str]],
    one: Mapping[str, Lines],
    other: Mapping[str, Lines],
    *,
    copies: bool,
) -> Iterator[Kin]:
    """Classes of `other`, none of them told, whose new lines stood in told classes of `one`."""
    stock = {
        (path, owner): lines
        for path, owners in told.items()
        for owner, lines in one.get(path, {}).items()
        if owner in owners
    }
    left = {kin: lines - other[kin[0]].get(kin[1], frozenset()) for kin, lines in stock.items()}
    for path, classes in other.items():
        for owner, lines in classes.items():
            fresh = lines - one[path].get(owner, frozenset())
            if owner in told.get(path, ()) or len(fresh) < _FEWEST:
                continue
            for kin, theirs in stock.items():
                enough = _RENAMED if kin[0] == path and owner not in one[path] else _MOVED
                moved = len(fresh & left[kin]) >= enough * len(fresh)
                if moved or (copies and len(fresh & theirs) >= _COPIED * len(fresh)):
                    yield path, owner
                    break


def _told(scope: Scope, change: Change, kin: Iterable[Kin], content: Content) -> frozenset[str]:
    owners = frozenset(owner for path, owner in kin if path == change.path)
    versions = (_units(blob, content) for blob in change.blobs)
    return frozenset().union(*(scope.members(change.path, each, owners) for each in versions))


def _defined(blobs: Iterable[str | None], content: Content) -> set[bytes]:
    return {name for blob in blobs if blob for name in _DEFINED.findall(content(blob) or b"")}


def _lines(blobs: Iterable[str | None], content: Content) -> Lines:
    classes: dict[str, set[str]] = {}
    for blob in blobs:
        for unit in _units(blob, content).values():
            if unit.is_body:
                continue
            lines = (line.strip() for line in unit.text.splitlines())
            telling = {line for line in lines if len(line) >= _TELLING and line[0] not in "#\"'"}
            classes.setdefault(unit.owner or unit.name, set()).update(telling)
    return {owner: frozenset(lines) for owner, lines in classes.items() if owner}


def _units(blob: str | None, content: Content) -> Units:
    source = content(blob) if blob else None
    return _cut(source) if source else {}


@lru_cache(256)
def _cut(source: bytes) -> Units:
    try:
        return units_of(source)
    except UnparsableError:
        return {}
