"""From a tree to its families: candidates, comparison, grouping, and what is said of each group."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from consolidator.analysis.duplicates.ancestry import Ancestry
from consolidator.analysis.duplicates.bodies import Bodies, Body, resemblance
from consolidator.analysis.duplicates.candidates import Pair
from consolidator.analysis.duplicates.cochange import HistoryReader, with_changes
from consolidator.analysis.duplicates.data import equal_records
from consolidator.analysis.duplicates.doubles import attach_doubles
from consolidator.analysis.duplicates.explain import copies_of, explain, kind_of, name_of
from consolidator.analysis.duplicates.gather import gather
from consolidator.analysis.duplicates.matrix import matrix, methods_of, suggest_canonical
from consolidator.analysis.duplicates.names import NameIndex, Names
from consolidator.analysis.duplicates.origins import Generators
from consolidator.analysis.duplicates.records import Family, Member, Report, Role, Signature
from consolidator.analysis.duplicates.roles import role_of
from consolidator.analysis.duplicates.shapes import Shape, in_tests, shapes_of
from consolidator.analysis.duplicates.similarity import Evidence
from consolidator.tree.collector import without_collector
from consolidator.tree.index import Tree

MIN_SCORE = 0.5
"""Default score below which a family is counted but not shown."""


def find_duplicates(
    tree: Tree,
    *,
    match: Sequence[str] = (),
    min_score: float = MIN_SCORE,
    history: HistoryReader | None = None,
) -> Report:
    """The families of a tree, most certain first. `match` are globs over qualified names or class
    names; a family is shown whole when one member matches. `history` is asked once, for the files
    of the families that are shown."""
    tree.prefetch()
    with without_collector():  # a third of the time on 6,000 files
        report = _Search(tree).report(match, min_score)
    if history is None:
        return report
    families, limit = with_changes(report.families, history)
    return replace(report, families=families, history_limit=limit)


class _Search:
    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._shapes = shapes_of(tree)
        self._by_name: dict[str, list[Shape]] = defaultdict(list)
        for shape in self._shapes:
            self._by_name[shape.name].append(shape)
        self._bodies = Bodies(tree)
        self._ancestry = Ancestry(tree, self._by_name)

    def report(self, match: Sequence[str], min_score: float) -> Report:
        generators = Generators(self._tree)
        groups = gather(
            self._tree, self._shapes, self._by_name, self._bodies, self._ancestry, generators
        )
        groups += equal_records(self._shapes, generators)
        members = [group.shapes for group in groups]
        doubles = attach_doubles(members, self._shapes)
        names = NameIndex(self._tree).of(
            [shape for at, shapes in enumerate(members) for shape in (*shapes, *doubles[at])]
        )
        families = [
            self._family(group.shapes, group.evidence, doubles[at], names)
            for at, group in enumerate(groups)
        ]
        chosen = [family for family in families if _matches(family, match)]
        shown = sorted(
            (family for family in chosen if family.score >= min_score),
            key=lambda family: (
                -family.score,
                -len(family.members),
                family.name,
                family.suggested_canonical,
            ),
        )
        return Report(tuple(shown), len(chosen) - len(shown), len(self._shapes))

    def _family(
        self,
        shapes: Sequence[Shape],
        evidence: Mapping[Pair, Evidence],
        doubles: Sequence[Shape],
        names: Mapping[str, Names],
    ) -> Family:
        roles = {shape: role_of(shape, self._bodies.of(shape)) for shape in (*shapes, *doubles)}
        canonical = self._canonical(shapes, roles, names)
        signatures = {
            shape.qualname: methods_of(shape, self._ancestry.of(shape), self._bodies)
            for shape in (*shapes, *doubles)
        }
        classes = [
            self._member(shape, roles[shape], canonical, names, signatures)
            for shape in (*shapes, *doubles)
        ]
        aliases = [
            alias
            for member in classes[: len(shapes)]
            for alias in self._aliases(member, names[member.qualname])
        ]
        members = tuple(sorted([*classes, *aliases], key=_member_order))
        for alias in aliases:
            signatures[alias.qualname] = signatures[alias.target]
        copies = copies_of(shapes, evidence)
        leading = [shape for shape in shapes if roles[shape] == roles[canonical]]
        order = {member.qualname: signatures[member.qualname] for member in members}
        return Family(
            name=name_of(leading),
            kind=kind_of(leading, copies),
            members=members,
            methods=matrix(order, canonical.qualname),
            suggested_canonical=canonical.qualname,
            score=_score(len(shapes), evidence),
            why=explain(shapes, evidence, copies, members),
            copies=copies,
            signatures=order,
        )

    def _canonical(
        self, shapes: Sequence[Shape], roles: Mapping[Shape, Role], names: Mapping[str, Names]
    ) -> Shape:
        for role in ("implementation", "protocol", "wrapper"):
            candidates = [shape for shape in shapes if roles[shape] == role]
            if candidates:
                break
        importers = {
            shape.qualname: sum(not in_tests(path) for path in names[shape.qualname].importers)
            for shape in candidates
        }
        concepts = Counter(name for shape in shapes for name in shape.concepts)
        return suggest_canonical(candidates, importers, concepts)

    def _member(
        self,
        shape: Shape,
        role: Role,
        canonical: Shape,
        names: Mapping[str, Names],
        signatures: Mapping[str, Mapping[str, Signature]],
    ) -> Member:
        own, measure = self._bodies.of(shape), self._bodies.of(canonical)
        alike = resemblance(own, measure) if own and measure else 0.0
        if self._ancestry.of(shape) and not self._ancestry.siblings(shape, canonical):
            alike = max(alike, resemblance(self._whole(shape), self._whole(canonical)))
        if shape.sort in ("data", "enum") and shape.fields == canonical.fields:
            alike = 1.0  # what such a class is, are its fields
        importers, tests = _counted(names[shape.qualname].importers)
        return Member(
            qualname=shape.qualname,
            path=shape.path,
            line=shape.line,
            role=role,
            importers=importers,
            test_importers=tests,
            methods=len(signatures[shape.qualname]),
            similarity=1.0 if shape is canonical else round(alike, 2),
            bases=shape.fact.bases,
        )

    def _whole(self, shape: Shape) -> Body:
        return self._bodies.assembled((shape, *self._ancestry.of(shape)))

    def _aliases(self, named: Member, names: Names) -> list[Member]:
        found = []
        for (path, name), line in sorted(names.aliases.items()):
            importers, tests = _counted(names.by_place.get((path, name), set()))
            found.append(
                replace(
                    named,
                    qualname=f"{self._tree.module(path)}.{name}",
                    path=path,
                    line=line,
                    role="re-export",
                    importers=importers,
                    test_importers=tests,
                    bases=(),
                    target=named.qualname,
                )
            )
        return found


def _counted(importers: set[str]) -> tuple[int, int]:
    """Production files, test files."""
    tests = sum(in_tests(importer) for importer in importers)
    return len(importers) - tests, tests


_ROLE_ORDER = ("implementation", "wrapper", "protocol", "re-export", "test-double")


def _member_order(member: Member) -> tuple[int, int, str, str]:
    return (_ROLE_ORDER.index(member.role), -member.importers, member.qualname, member.path)


def _score(size: int, evidence: Mapping[Pair, Evidence]) -> float:
    """Half what ties each member to its nearest, half what ties all of them together."""
    beliefs = {pair: found.score * found.discount for pair, found in evidence.items()}
    nearest = [
        max((belief for pair, belief in beliefs.items() if at in pair), default=0.0)
        for at in range(size)
    ]
    every = size * (size - 1) / 2
    together = sum(beliefs.values()) / every
    return round(min(1.0, (sum(nearest) / size + together) / 2), 2)


def _matches(family: Family, globs: Sequence[str]) -> bool:
    return not globs or any(
        fnmatchcase(member.qualname, pattern)
        or fnmatchcase(member.qualname.rpartition(".")[2], pattern)
        for member in family.members
        for pattern in globs
    )
