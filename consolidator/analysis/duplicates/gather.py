"""From all classes of a tree to groups that belong together, with the evidence between their members."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import networkx as nx

from consolidator.analysis.duplicates.ancestry import Ancestry
from consolidator.analysis.duplicates.bodies import Bodies
from consolidator.analysis.duplicates.candidates import Pair, Weights, candidate_pairs
from consolidator.analysis.duplicates.families import ADOPT, attach, group
from consolidator.analysis.duplicates.origins import Generators, Units
from consolidator.analysis.duplicates.outlines import may_be_copied
from consolidator.analysis.duplicates.roles import role_of
from consolidator.analysis.duplicates.shapes import Shape
from consolidator.analysis.duplicates.similarity import Comparison, Evidence
from consolidator.tree.index import Tree


@dataclass(frozen=True, slots=True)
class Group:
    """Classes that belong together, in order of path and line."""

    shapes: tuple[Shape, ...]
    evidence: Mapping[Pair, Evidence]
    """By positions in `shapes`."""


def gather(
    tree: Tree,
    shapes: Sequence[Shape],
    by_name: Mapping[str, Sequence[Shape]],
    bodies: Bodies,
    ancestry: Ancestry,
    generators: Generators,
) -> list[Group]:
    """Groups of production classes that behave, in order of their first member."""
    production = [
        shape
        for shape in shapes
        if shape.sort == "behaviour" and not shape.is_double and not shape.is_inner_configuration
    ]
    evidence = _evidence(tree, production, by_name, bodies, ancestry, generators)
    scores = {pair: found.score for pair, found in evidence.items()}
    found = []
    for members in _members(production, scores, evidence, bodies):
        chosen = tuple(production[at] for at in members)
        if _written_twice(chosen, bodies):
            within = {
                (a, b): evidence[members[a], members[b]]
                for a, b in combinations(range(len(members)), 2)
                if (members[a], members[b]) in evidence
            }
            found.append(Group(chosen, within))
    return found


def _evidence(
    tree: Tree,
    production: Sequence[Shape],
    by_name: Mapping[str, Sequence[Shape]],
    bodies: Bodies,
    ancestry: Ancestry,
    generators: Generators,
) -> dict[Pair, Evidence]:
    weights = Weights(production)
    pairs = candidate_pairs(production, weights)
    pairs = [
        (a, b)
        for a, b in pairs
        if not generators.wrote(production[a].path) and not generators.wrote(production[b].path)
    ]
    maybe = [(a, b) for a, b in pairs if may_be_copied(production[a], production[b])]
    bodies.prefetch(production[at] for at in sorted({at for pair in maybe for at in pair}))
    comparison = Comparison(bodies, weights, by_name, Units(tree), ancestry)
    found = {(a, b): comparison.compare(production[a], production[b]) for a, b in pairs}
    evidence = {pair: about for pair, about in found.items() if about}
    _prefer_the_whole(evidence, production, ancestry)
    _tell_layers_apart(evidence, production)
    return evidence


def _prefer_the_whole(
    evidence: dict[Pair, Evidence], production: Sequence[Shape], ancestry: Ancestry
) -> None:
    """Where a class resembles another with all that that inherits, and one of its parts alone as
    well, what resembles it more is the copy."""
    at = {shape: position for position, shape in enumerate(production)}
    for pair in sorted(pair for pair, about in evidence.items() if about.assembled):
        for whole, heir in (pair, pair[::-1]):
            for part in ancestry.of(production[heir]):
                other = at.get(part, whole)
                alone = min(whole, other), max(whole, other)
                if alone not in evidence or pair not in evidence:
                    continue
                weaker = pair if evidence[alone].bodies >= evidence[pair].bodies else alone
                del evidence[weaker]


_LAYER = 4
"""Classes of the same names in two files from which these are layers of one design, such as a form
and a column for each kind of value, unless any of them was copied."""
_LAYERED = 0.5
"""What one name weighs between such layers."""


def _tell_layers_apart(evidence: dict[Pair, Evidence], production: Sequence[Shape]) -> None:
    names: dict[str, set[str]] = defaultdict(set)
    for shape in production:
        names[shape.path].add(shape.name)
    between: dict[tuple[str, str], list[Pair]] = defaultdict(list)
    for pair in evidence:
        left, right = production[pair[0]], production[pair[1]]
        if left.name == right.name and left.path != right.path:
            between[left.path, right.path].append(pair)
    for (one, other), pairs in between.items():
        if len(names[one] & names[other]) < _LAYER or any(evidence[p].copied for p in pairs):
            continue
        for pair in pairs:
            evidence[pair] = replace(evidence[pair], score=evidence[pair].score * _LAYERED)


def _members(
    production: Sequence[Shape],
    scores: Mapping[Pair, float],
    evidence: Mapping[Pair, Evidence],
    bodies: Bodies,
) -> list[list[int]]:
    """Implementations find each other first; protocols and wrappers join what they stand for; those
    that stand for nothing may still be one protocol written twice."""
    seen = sorted({at for pair, score in scores.items() if score >= ADOPT for at in pair})
    bodies.prefetch(production[at] for at in seen)
    roles = {at: role_of(production[at], bodies.of(production[at])) for at in seen}
    written = {at for at in seen if roles[at] == "implementation"}
    groups = [
        part
        for members in group(_among(scores, written))
        for part in _without_namesakes(members, evidence)
    ]
    groups = attach(groups, set(seen) - written, scores, written)
    placed = {at for members in groups for at in members}
    return sorted(groups + group(_among(scores, set(seen) - written - placed)))


def _without_namesakes(members: list[int], evidence: Mapping[Pair, Evidence]) -> list[list[int]]:
    """A class that shares no more than a name with copies of one class is none of their family."""
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(members)
    pairs = {pair: evidence[pair] for pair in combinations(members, 2) if pair in evidence}
    if not any(about.copied for about in pairs.values()):
        return [members]
    graph.add_edges_from(pair for pair, about in pairs.items() if not about.name_only)
    return [sorted(part) for part in nx.connected_components(graph) if len(part) > 1]


def _written_twice(shapes: Sequence[Shape], bodies: Bodies) -> bool:
    """One class with its protocol or wrapper is no duplicate; two of either are."""
    roles = Counter(role_of(shape, bodies.of(shape)) for shape in shapes)
    return max(roles["implementation"], roles["protocol"], roles["wrapper"]) > 1


def _among(scores: Mapping[Pair, float], chosen: set[int]) -> dict[Pair, float]:
    return {pair: score for pair, score in scores.items() if chosen.issuperset(pair)}
