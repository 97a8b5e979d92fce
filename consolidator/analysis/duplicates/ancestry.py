"""From whom classes inherit, in the order that CPython would compute."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from consolidator.analysis.duplicates.shapes import Shape
from consolidator.analysis.duplicates.words import concept, one_name, role_words
from consolidator.analysis.mro.report import Hierarchy
from consolidator.analysis.mro.values import ClassRef
from consolidator.analysis.mro.world import Target
from consolidator.tree.index import Tree
from consolidator.tree.stdlib.table import load_standard_library

_CROWD = 4
"""Heirs of one name from which the name is a custom of their base: one in each plug-in."""
_CUSTOM = 2
"""Further heirs with a method from which it is a custom of their base."""
_TELLING = 2
"""Words in common beside those of their bases that make one name of two heirs no coincidence."""
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
        self._asked: dict[str, frozenset[str]] = {}
        self._offers: dict[str, Mapping[str, Counter[str]]] = {}
        self._heirs: dict[str, list[Shape]] = defaultdict(list)
        for shape in self._shapes.values():
            for base in shape.base_names:
                self._heirs[base].append(shape)

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
        """Whether both answer to one base, or to bases of one name."""
        if not left.fact.bases or not right.fact.bases:
            return False
        return bool(self._asked_by(left) & self._asked_by(right))

    def one_interface(self, left: Shape, right: Shape) -> bool:
        """Whether both implement one class of ROOT that names methods, by names that do not say that
        they are one thing: `SessionStore` of a `SessionBase` in two modules may be two backends, but
        a name with two words more than the base's is hardly given twice."""
        asking = [base for base in {*self.of(left)} & {*self.of(right)} if base.methods]
        if not asking:
            return False
        common = {*role_words(left.name)} & {*role_words(right.name)}
        own = common.difference(*(role_words(base.name) for base in asking))
        return not (len(own) >= _TELLING and one_name(left.name, right.name))

    def named_by_base(self, left: Shape, right: Shape) -> bool:
        """Whether both answer to one base and their names have nothing in common but its own, or the
        name that its heirs bear by custom: such names prove nothing."""
        if not self.siblings(left, right):
            return False
        bases = self._asked_by(left) & self._asked_by(right)
        common = {*role_words(left.name)} & {*role_words(right.name)}
        return any(common <= {*role_words(base)} for base in bases) or self.crowd(left, right)

    def crowd(self, left: Shape, right: Shape) -> bool:
        """Whether their one name is borne by many heirs of a common base, as in every plug-in."""
        return left.name == right.name and any(
            sum(heir.name == left.name for heir in self._heirs.get(base, ())) >= _CROWD
            for base in self._asked_by(left) & self._asked_by(right)
        )

    def strangers(self, left: Shape, right: Shape) -> bool:
        """Whether both have bases that behave and none of them in common, not even by name."""
        a, b = self._asked_by(left), self._asked_by(right)
        return bool(a) and bool(b) and not a & b

    def _asked_by(self, shape: Shape) -> frozenset[str]:
        """The names of all that it inherits from, markers such as `ABC` left out."""
        return (shape.base_names | {ancestor.name for ancestor in self.of(shape)}) - _MARKERS

    def explained(self, left: Shape, right: Shape) -> frozenset[str]:
        """Concepts that two classes share because a base of both asks for them.

        Bases of one name count as one: copies of a base ask for the same. A base outside the tree
        can't be read, so it explains every method of the same name.
        """
        if not left.fact.bases or not right.fact.bases:
            return frozenset()
        common = self._asked_by(left) & self._asked_by(right)
        if any(base not in self._by_name for base in common & left.base_names & right.base_names):
            return left.concepts & right.concepts
        asked = (self._asked_for(base) for base in common)
        customs = (self._customs(base, left, right) for base in common)
        return frozenset().union(*asked, *customs)

    def _asked_for(self, base: str) -> frozenset[str]:
        """Concepts of the methods of all classes of a name."""
        if base not in self._asked:
            shapes = self._by_name.get(base, ())
            self._asked[base] = frozenset(concept(m) for shape in shapes for m in shape.methods)
        return self._asked[base]

    def _customs(self, base: str, left: Shape, right: Shape) -> Iterator[str]:
        """Concepts that other heirs of a base have too, though it does not name them."""
        offers = self._offered_by_heirs(base)
        for name in left.concepts & right.concepts:
            heirs = offers.get(name, Counter())
            own = sum(heirs[other] for other in {left.name, right.name})
            if heirs.total() - own >= _CUSTOM:
                yield name

    def _offered_by_heirs(self, base: str) -> Mapping[str, Counter[str]]:
        """By concept, the names of the heirs of a base that have it."""
        if base not in self._offers:
            offers: dict[str, Counter[str]] = defaultdict(Counter)
            for heir in self._heirs.get(base, ()):
                for name in heir.concepts:
                    offers[name][heir.name] += 1
            self._offers[base] = offers
        return self._offers[base]

    def _order(self, shape: Shape) -> tuple[ClassRef | None, ...]:
        if self._hierarchy is None:
            version = sys.version_info[:2]
            standard = load_standard_library(version)
            self._hierarchy = Hierarchy(self._tree, _NothingInstalled(), standard, Target(version))
        if shape.path not in self._refs:
            refs = self._hierarchy.refs([shape.path])
            self._refs[shape.path] = {fact.line: ref for ref, fact in refs}
        return self._hierarchy.classes.linear(self._refs[shape.path][shape.line]).order
