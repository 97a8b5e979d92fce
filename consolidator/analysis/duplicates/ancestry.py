"""From whom classes inherit, in the order that CPython would compute."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from consolidator.analysis.duplicates.shapes import Shape
from consolidator.analysis.duplicates.words import concept, role_words
from consolidator.analysis.mro.report import Hierarchy
from consolidator.analysis.mro.values import ClassRef
from consolidator.analysis.mro.world import Target
from consolidator.tree.index import Tree
from consolidator.tree.stdlib.table import load_standard_library

_MARKERS = frozenset({"Protocol", "ABC", "Generic", "object", ""})
"""Bases that ask for no method."""


class _NothingInstalled:
    """Families are of ROOT: what its classes inherit from packages is the same in every copy."""

    def find(self, package: str) -> Tree | None:  # noqa: ARG002 - the port's signature
        return None

    def compiled(self, package: str) -> bool:  # noqa: ARG002 - the port's signature
        return False

    def stubs(self, package: str) -> Tree | None:  # noqa: ARG002 - the port's signature
        return None


class Ancestry:
    """The classes of ROOT from which each class inherits; computed as it is asked for."""

    def __init__(self, tree: Tree, by_name: Mapping[str, Sequence[Shape]]) -> None:
        self._tree = tree
        self._by_name = by_name
        self._shapes = {(s.path, s.line): s for shapes in by_name.values() for s in shapes}
        self._hierarchy: Hierarchy | None = None
        self._refs: dict[str, dict[int, ClassRef]] = {}
        self._known: dict[Shape, tuple[Shape, ...]] = {}

    def of(self, shape: Shape) -> tuple[Shape, ...]:
        """Its ancestors in ROOT, nearest first; those behind a base that is not known are left out."""
        if not shape.fact.bases:
            return ()
        if shape not in self._known:
            order = self._order(shape)
            found = (self._shapes.get((ref.path, ref.line)) for ref in order if ref)
            self._known[shape] = tuple(other for other in found if other and other is not shape)
        return self._known[shape]

    def related(self, left: Shape, right: Shape) -> bool:
        """Whether one inherits from the other, from a copy of it, or from a base of its name that
        is not known."""
        return self._inherits(left, right) or self._inherits(right, left)

    def _inherits(self, heir: Shape, other: Shape) -> bool:
        ancestors = self.of(heir)
        if other in ancestors:
            return True
        known = {ancestor.name for ancestor in ancestors}
        if other.name == heir.name:
            return other.name in heir.base_names - known
        return other.name in heir.base_names | known

    def siblings(self, left: Shape, right: Shape) -> bool:
        """Whether both answer to one base and their names have nothing in common but its own: such
        classes look alike by design."""
        if not left.fact.bases or not right.fact.bases:
            return False
        bases = {ancestor.name for ancestor in {*self.of(left)} & {*self.of(right)}}
        bases |= {base for base in self._named_alike(left, right) if base not in self._by_name}
        common = {*role_words(left.name)} & {*role_words(right.name)}
        return any(common <= {*role_words(base)} for base in bases)

    def explained(self, left: Shape, right: Shape) -> frozenset[str]:
        """Concepts that two classes share because a base of both asks for them.

        Bases of one name count as one: copies of a base ask for the same. A base outside the tree
        can't be read, so it explains every method of the same name.
        """
        if not left.fact.bases or not right.fact.bases:
            return frozenset()
        asking = set(self.of(left)) & set(self.of(right))
        for base in self._named_alike(left, right):
            if base not in self._by_name:
                return left.concepts & right.concepts
            asking.update(self._by_name[base])
        return frozenset(concept(name) for shape in asking for name in shape.methods)

    @staticmethod
    def _named_alike(left: Shape, right: Shape) -> frozenset[str]:
        return (left.base_names & right.base_names) - _MARKERS

    def _order(self, shape: Shape) -> tuple[ClassRef | None, ...]:
        if self._hierarchy is None:
            version = sys.version_info[:2]
            standard = load_standard_library(version)
            self._hierarchy = Hierarchy(self._tree, _NothingInstalled(), standard, Target(version))
        if shape.path not in self._refs:
            refs = self._hierarchy.refs([shape.path])
            self._refs[shape.path] = {fact.line: ref for ref, fact in refs}
        return self._hierarchy.classes.linear(self._refs[shape.path][shape.line]).order
