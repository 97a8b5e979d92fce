"""Pairs into families: groups whose members all belong together, not chains of neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import networkx as nx

Pair = tuple[int, int]

JOIN = 0.5
"""Score from which a pair may bring two groups together."""
_COHESION = 0.32
"""Mean score between two groups below which they stay apart, whatever one pair of theirs says."""


def group(scores: Mapping[Pair, float]) -> list[list[int]]:
    """Groups of two or more, each sorted; the strongest pairs join first, ties by position.

    Average linkage (Sokal and Michener, 1958): a group grows only while its members are alike on
    average, so that one class in between can't weld two families into one.
    """
    groups: list[list[int]] = []
    graph: nx.Graph[int] = nx.Graph()
    graph.add_edges_from(pair for pair, score in scores.items() if score >= JOIN)
    for component in nx.connected_components(graph):
        groups.extend(_split(sorted(component), scores))
    return sorted(members for members in groups if len(members) > 1)


def _split(component: list[int], scores: Mapping[Pair, float]) -> Iterable[list[int]]:
    groups = {at: [at] for at in component}
    while len(groups) > 1:
        best = max(
            (
                (_mean(groups[a], groups[b], scores), -a, -b)
                for a in groups
                for b in groups
                if a < b and _strongest(groups[a], groups[b], scores) >= JOIN
            ),
            default=(0.0, 0, 0),
        )
        if best[0] < _COHESION:
            break
        left, right = -best[1], -best[2]
        groups[left] = sorted(groups[left] + groups.pop(right))
    return groups.values()


def _between(left: list[int], right: list[int], scores: Mapping[Pair, float]) -> list[float]:
    return [scores.get((min(a, b), max(a, b)), 0.0) for a in left for b in right]


def _mean(left: list[int], right: list[int], scores: Mapping[Pair, float]) -> float:
    return sum(_between(left, right, scores)) / (len(left) * len(right))


def _strongest(left: list[int], right: list[int], scores: Mapping[Pair, float]) -> float:
    return max(_between(left, right, scores))
