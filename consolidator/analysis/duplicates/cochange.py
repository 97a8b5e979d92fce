"""Which files of a family change together in history: evidence, never proof, so no score is made of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from consolidator.analysis.duplicates.records import CoChange, Family, Member

SWEEP = 30
"""Files in one commit above which it says nothing of any two of them: a format, a rename, an import
(the limit of Zimmermann et al., "Mining version histories to guide software changes", TSE 2005)."""
_SAID = 3
"""Pairs named in the evidence of one family."""


@dataclass(frozen=True, slots=True)
class History:
    """For each commit that changed files asked for, and was no sweep, those files."""

    commits: Sequence[frozenset[str]] = ()
    limit: str = ""
    """Why there is less than the whole history; empty where it is whole."""


HistoryReader = Callable[[Collection[str]], History]
"""The history of some paths of ROOT."""


def with_changes(families: Sequence[Family], read: HistoryReader) -> tuple[tuple[Family, ...], str]:
    """The families with what history says of their members, and what limits that."""
    paths = {member.path for family in families for member in _classes(family)}
    if not paths:
        return tuple(families), ""
    history = read(paths)
    alone: Counter[str] = Counter()
    both: Counter[tuple[str, str]] = Counter()
    for changed in history.commits:
        alone.update(changed)
        both.update(combinations(sorted(changed), 2))
    return tuple(_with_changes(family, alone, both) for family in families), history.limit


def _with_changes(family: Family, alone: Counter[str], both: Counter[tuple[str, str]]) -> Family:
    paths = sorted({member.path for member in _classes(family)})
    pairs = [
        CoChange(a, b, both[a, b], alone[a] + alone[b] - both[a, b])
        for a, b in combinations(paths, 2)
    ]
    changes = sorted(
        (pair for pair in pairs if pair.either), key=lambda pair: (-pair.together, -pair.either)
    )
    return replace(family, changes=tuple(changes), why=(*family.why, *_said(changes, alone)))


def _said(changes: Sequence[CoChange], alone: Counter[str]) -> list[str]:
    together = [pair for pair in changes if pair.together and pair.either > 1]
    if together:
        return [
            f"history: {pair.left} and {pair.right} changed together in {_share(pair)}"
            for pair in together[:_SAID]
        ]
    return [
        f"history: {pair.left} changed in {alone[pair.left]} commits, {pair.right} in "
        f"{alone[pair.right]}, never together: a fix to one may be missing in the other"
        for pair in changes[:1]
        if min(alone[pair.left], alone[pair.right]) > 1
    ]


def _share(pair: CoChange) -> str:
    return f"{pair.together} of the {pair.either} commits that touched either"


def _classes(family: Family) -> list[Member]:
    return [m for m in family.members if m.role in ("implementation", "wrapper", "protocol")]
