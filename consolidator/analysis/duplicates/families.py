"""Pairs into families: groups whose members all belong together, not chains of neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations

import networkx as nx

Pair = tuple[int, int]

JOIN = 0.5
"""Score from which a pair may found a family."""
ADOPT = 0.4
"""Mean score from which a family that stands takes in others."""
_COHESION = 0.32
"""Mean score between two groups below which they stay apart, whatever one pair of theirs says."""


def group(scores: Mapping[Pair, float]) -> list[list[int]]:
    """Groups of two or more, each sorted; the strongest pairs join first, ties by position.

    Average linkage (Sokal and Michener, 1958): a group grows only while its members are alike on
    average, so that one class in between can't weld two families into one.
    """
    groups: list[list[int]] = []
    graph: nx.Graph[int] = nx.Graph()
    graph.add_edges_from(pair for pair, score in scores.items() if score >= ADOPT)
    for component in nx.connected_components(graph):
        groups.extend(_Grouping(sorted(component), scores).groups())
    return sorted(members for members in groups if len(members) > 1)


class _Grouping:
    def __init__(self, component: list[int], scores: Mapping[Pair, float]) -> None:
        self._groups = {at: [at] for at in component}
        self._scores = scores

    def groups(self) -> Iterable[list[int]]:
        while (pair := self._closest()) is not None:
            left, right = pair
            self._groups[left] = sorted(self._groups[left] + self._groups.pop(right))
        return self._groups.values()

    def _closest(self) -> Pair | None:
        best: tuple[float, int, int] | None = None
        for a, b in combinations(sorted(self._groups), 2):
            between = self._between(self._groups[a], self._groups[b])
            mean = sum(between) / len(between)
            founded = len(between) > 1 and mean >= ADOPT
            joined = max(between) >= JOIN and mean >= _COHESION
            if (founded or joined) and (best is None or (mean, -a, -b) > best):
                best = (mean, -a, -b)
        return None if best is None else (-best[1], -best[2])

    def _between(self, left: list[int], right: list[int]) -> list[float]:
        return [self._scores.get((min(a, b), max(a, b)), 0.0) for a in left for b in right]


def attach(
    groups: list[list[int]],
    loose: Iterable[int],
    scores: Mapping[Pair, float],
    known: Iterable[int],
) -> list[list[int]]:
    """Groups with each of `loose` (protocols, wrappers) added where the class is for which it stands
    most surely; `known` are the positions that may be stood for, in a group or alone."""
    homes = {at: at for at in known}
    homes.update((at, members[0]) for members in groups for at in members)
    grown = {members[0]: list(members) for members in groups}
    for at in sorted(loose):
        ranked = [(scores.get((min(at, o), max(at, o)), 0.0), -o) for o in homes if o != at]
        best, other = max(ranked, default=(0.0, 0))
        if best >= JOIN:
            home = homes[-other]
            grown.setdefault(home, [home]).append(at)
    return sorted(sorted(members) for members in grown.values())
