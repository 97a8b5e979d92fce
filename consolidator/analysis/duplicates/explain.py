"""What is said of a family: its name, its kind, and the evidence in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import networkx as nx

from consolidator.analysis.duplicates.candidates import Pair
from consolidator.analysis.duplicates.records import Copy, Kind, Member, Role
from consolidator.analysis.duplicates.shapes import Shape
from consolidator.analysis.duplicates.similarity import IDENTICAL, Evidence
from consolidator.analysis.duplicates.words import concept, role_words


def name_of(shapes: Sequence[Shape]) -> str:
    """The class name that most members bear; of several the shortest, then the first."""
    counts = Counter(shape.name for shape in shapes)
    return min(counts, key=lambda name: (-counts[name], len(name), name))


def copies_of(shapes: Sequence[Shape], evidence: Mapping[Pair, Evidence]) -> tuple[Copy, ...]:
    """The pairs whose bodies prove a copy, most alike first."""
    found = [
        Copy(
            shapes[a].qualname,
            shapes[b].qualname,
            round(about.bodies, 2),
            "identical" if about.bodies >= IDENTICAL else "diverged",
        )
        for (a, b), about in evidence.items()
        if about.copied
    ]
    return tuple(sorted(found, key=lambda copy: (-copy.similarity, copy.left, copy.right)))


def kind_of(shapes: Sequence[Shape], copies: Sequence[Copy]) -> Kind:
    """`clone` where copied bodies connect all implementations, whatever they are called; `same-name`
    where they share the name only; else `same-role`."""
    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(shape.qualname for shape in shapes)
    known = set(graph)
    graph.add_edges_from((c.left, c.right) for c in copies if {c.left, c.right} <= known)
    if len(known) > 1 and nx.is_connected(graph):
        return "clone"
    return "same-name" if len({shape.name for shape in shapes}) == 1 else "same-role"


def explain(
    shapes: Sequence[Shape],
    evidence: Mapping[Pair, Evidence],
    copies: Sequence[Copy],
    members: Sequence[Member],
) -> tuple[str, ...]:
    """The evidence in words, strongest first."""
    lines = [
        *_about_copies(copies),
        *_about_names(shapes),
        *_about_methods(shapes, evidence),
        *_about_roles(shapes, members, evidence),
        *_about_aliases(members),
        *sorted({doubt for found in evidence.values() for doubt in found.doubts}),
    ]
    return tuple(lines)


def _about_copies(copies: Sequence[Copy]) -> list[str]:
    lines = []
    for copy in copies[:_LISTED]:
        if copy.relation == "identical":
            lines.append(f"identical bodies: {copy.left} and {copy.right}")
        else:
            lines.append(
                f"copies that diverged ({copy.similarity:.2f}): {copy.left} and {copy.right}"
            )
    if len(copies) > _LISTED:
        lines.append(f"{len(copies) - _LISTED} more pairs of copies")
    return lines


_LISTED = 5
"""Pairs or methods named in a sentence; the rest is counted."""


def _about_names(shapes: Sequence[Shape]) -> list[str]:
    counts = Counter(shape.name for shape in shapes)
    same = [f"{count} are named {name}" for name, count in sorted(counts.items()) if count > 1]
    roles = [role_words(shape.name) for shape in shapes]
    common = [word for word in roles[0] if all(word in role for role in roles)]
    if len(counts) > 1 and common:
        same.append(f"all names speak of: {' '.join(common)}")
    return same


def _about_methods(shapes: Sequence[Shape], evidence: Mapping[Pair, Evidence]) -> list[str]:
    shared = {name for found in evidence.values() for name in found.shared}
    spelled = {
        shared_name: [
            {method for method in shape.public if concept(method) == shared_name}
            for shape in shapes
        ]
        for shared_name in shared
    }
    counts = {name: sum(map(bool, found)) for name, found in spelled.items()}
    usual = sorted(counts, key=lambda c: (-counts[c], c))
    if not usual:
        return []
    named = ", ".join(
        f"{' or '.join(sorted(set().union(*spelled[c])))} ({counts[c]} of {len(shapes)})"
        for c in usual[:_LISTED]
    )
    more = f" and {len(usual) - _LISTED} more" if len(usual) > _LISTED else ""
    return [f"methods in common: {named}{more}"]


def _about_roles(
    shapes: Sequence[Shape], members: Sequence[Member], evidence: Mapping[Pair, Evidence]
) -> list[str]:
    counts = Counter(member.role for member in members)
    lines = []
    if around := sorted({role for found in evidence.values() for role in found.around}):
        held = sum(
            any(at in pair and e.around for pair, e in evidence.items())
            for at in range(len(shapes))
        )
        lines.append(f"{held} are built around: {', '.join(' '.join(role) for role in around)}")
    verbs: dict[Role, str] = {"protocol": "declare", "wrapper": "wrap", "test-double": "imitate"}
    for role, verb in verbs.items():
        if counts[role] and counts["implementation"]:
            lines.append(
                f"{counts[role]} {role}{'s' if counts[role] > 1 else ''} {verb}{'' if counts[role] > 1 else 's'} it"
            )
    return lines


def _about_aliases(members: Sequence[Member]) -> list[str]:
    counts = Counter(member.target for member in members if member.role == "re-export")
    return [
        f"{target} goes by {count} other name{'s' if count > 1 else ''}"
        for target, count in sorted(counts.items())
    ]
