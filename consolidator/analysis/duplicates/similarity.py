"""What two classes have in common, as evidence with a score: copies by their bodies, roles by name and methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from consolidator.analysis.duplicates.ancestry import Ancestry
from consolidator.analysis.duplicates.bodies import (
    Bodies,
    Body,
    containment,
    resemblance,
)
from consolidator.analysis.duplicates.candidates import Weights
from consolidator.analysis.duplicates.kinship import Collaborators, kin_score, role_score
from consolidator.analysis.duplicates.origins import Units, versions
from consolidator.analysis.duplicates.outlines import may_be_copied
from consolidator.analysis.duplicates.roles import may_stand_for, role_of
from consolidator.analysis.duplicates.shapes import Shape
from consolidator.analysis.duplicates.words import contrast, name_similarity, role_words
from consolidator.tree.facts import FunctionFact

COPY = 0.6
"""Resemblance from which one body is a copy of the other: below it, more was written anew than kept."""
IDENTICAL = 0.995
_OTHER_OUTER = 0.3
"""Name similarity of classes nested in classes that have nothing to do with one another."""
_ACROSS_UNITS = 0.45
"""Even an identical copy stays below the default score between services that share nothing."""
_RARE = 2.0
"""Weight of shared methods from which they can't be an accident of common words."""
_ACCIDENT = 1.0
"""Weight of shared methods below which they may be an accident: `acquire` and `release` of any lock."""
_TELLING = 1.5
"""Weight of shared methods below which a name in common needs more: `start` and `stop` are no role."""
_REWRITTEN = 0.35
"""Resemblance of bodies that were one once, together with the same rare methods."""
_OFFER = 0.3
"""What offering the same rare methods adds to the resemblance of such bodies."""
_REWRITTEN_AT_BEST = 0.9
_SMALLEST = 40
"""Tokens below which equal bodies are a coincidence."""
_SMALLEST_OF_NAME = 20
"""The same for classes that bear one name, where the bodies are equal throughout."""
_SPLIT = 3
"""Methods of the smaller class from which it is looked for in what others inherit."""
_VARIANT = 0.8
"""Resemblance from which one of two variants of a base (`RenameTable`, `RenameColumn`) is a copy."""
_OTHER_LINEAGE = 0.5
"""What a role in common weighs for classes with bases that have nothing to do with one another."""
_PRUNED = 0.85
"""Containment from which the smaller class is a pruned copy of the larger."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for two classes being one thing, each 0..1."""

    name: float
    methods: float
    """Weighted cosine of public method concepts, those of a common base left out."""
    shared: tuple[str, ...]
    """The concepts behind it, most telling first."""
    weight: float
    """How telling these are together: a method that no other class has weighs 1."""
    bodies: float
    copied: bool
    """Whether the bodies alone prove a copy."""
    around: frozenset[tuple[str, ...]]
    """Role words of what both are built around, where they have one head noun too."""
    score: float
    doubts: tuple[str, ...] = ()
    """Why it may be meant to be so although they are alike."""
    discount: float = 1.0
    """What those doubts leave of the score."""
    interchangeable: bool = False
    """Whether a caller of the public methods that both have can be given either."""
    assembled: bool = False
    """Whether they are copies only with what they inherit: one was taken apart into bases and mixins."""

    @property
    def name_only(self) -> bool:
        """Whether nothing but a name and everyday methods, called in other ways, speaks for it."""
        return not (
            self.around
            or self.interchangeable
            or self.weight >= _ACCIDENT
            or self.bodies >= _REWRITTEN
        )


class Comparison:
    """Compares classes of one tree."""

    def __init__(
        self,
        bodies: Bodies,
        weights: Weights,
        by_name: Mapping[str, Sequence[Shape]],
        units: Units,
        ancestry: Ancestry,
    ) -> None:
        self._units = units
        self._bodies = bodies
        self._weights = weights
        self._ancestry = ancestry
        self._collaborators = Collaborators(by_name)

    def compare(self, left: Shape, right: Shape) -> Evidence | None:
        """What speaks for two classes being one thing; None where nothing does, or where one
        inherits from the other."""
        if self._ancestry.related(left, right):
            return None
        found = self._evidence(left, right)
        return found if found.score else None

    def _evidence(self, left: Shape, right: Shape) -> Evidence:
        name = self._name(left, right)
        explained = self._ancestry.explained(left, right)
        shared = (left.concepts & right.concepts) - explained
        methods = self._method_cosine(left, right, explained)
        bodies, copied = self._copy(left, right)
        whole = 0.0 if copied else self._assembled(left, right)
        if whole >= COPY:
            bodies, copied = whole, True
        weight = self._weights.total(shared)
        telling = min(1.0, weight / _TELLING) / (1 if len(shared) > 1 else 2)
        by_design = self._ancestry.named_by_base(left, right)
        role = role_score(left, right, name, methods * telling, by_design)
        crowd = self._ancestry.crowd(left, right)
        if by_design and len(shared) < 2 and (crowd or bodies < _REWRITTEN):
            role = 0.0
        elif not shared and bodies < _REWRITTEN and self._ancestry.one_interface(left, right):
            role = 0.0  # all that both offer is what their base asks for, each in its own way
        elif bodies < _REWRITTEN:
            role *= self._written_apart(left, right)
        elif left.name == right.name and not crowd:
            role = max(role, bodies**0.5)
        kin = self._collaborators.kin(left, right) and not self._variants(left, right)
        score = max(bodies if copied else 0.0, role)
        if kin:
            score = max(score, kin_score(methods, len(shared)))
        if len(shared) > 1 and weight >= _RARE and bodies >= _REWRITTEN:
            score = max(score, methods * min(_REWRITTEN_AT_BEST, _OFFER + bodies))
        if score < _STANDS_FOR and self._stands_for(left, right):
            score = _STANDS_FOR
        doubts, discount = self._doubts(left, right)
        ordered = sorted(shared, key=lambda c: (-self._weights.of(c), c))
        around = (
            self._collaborators.of(left) & self._collaborators.of(right) if kin else frozenset()
        )
        return Evidence(
            name=name,
            methods=methods,
            shared=tuple(ordered),
            weight=weight,
            bodies=bodies,
            copied=copied,
            around=around,
            score=score,
            doubts=doubts,
            discount=discount,
            interchangeable=_interchangeable(left, right),
            assembled=whole >= COPY,
        )

    def _variants(self, left: Shape, right: Shape) -> bool:
        """Whether they are two of the things that a base was made for, by their names."""
        return contrast(left.name, right.name) and self._ancestry.siblings(left, right)

    def _written_apart(self, left: Shape, right: Shape) -> float:
        """What a role in common weighs where the bodies were not one once: nothing for variants that
        can stand in for one another, less for heirs of bases that have nothing in common."""
        if contrast(left.name, right.name) and _interchangeable(left, right):
            return 0.0
        return _OTHER_LINEAGE if self._ancestry.strangers(left, right) else 1.0

    def _name(self, left: Shape, right: Shape) -> float:
        name = name_similarity(left.name, right.name)
        if left.outer and right.outer:
            return min(name, max(name_similarity(left.outer, right.outer), _OTHER_OUTER))
        return name

    def _doubts(self, left: Shape, right: Shape) -> tuple[tuple[str, ...], float]:
        if units := self._units.strangers(left.path, right.path):
            why = (
                f"{units[0]}/ and {units[1]}/ are built apart and import nothing of each other: "
                "they may each need their own"
            )
            return (why,), _ACROSS_UNITS
        if numbers := versions(left.path, right.path):
            why = f"{numbers[0]} and {numbers[1]} of one interface: the older may have to stay as it is"
            return (why,), _ACROSS_UNITS
        return (), 1.0

    def _copy(self, left: Shape, right: Shape) -> tuple[float, bool]:
        """Resemblance of the bodies and whether they prove a copy; read only where they may."""
        if not may_be_copied(left, right):
            return 0.0, False
        a, b = self._bodies.of(left), self._bodies.of(right)
        if a is None or b is None:
            return 0.0, False
        bodies = resemblance(a, b)
        if bodies < _VARIANT and self._variants(left, right):
            return bodies, False
        same_name = left.name == right.name
        return bodies, _copied(a, b, bodies, _SMALLEST_OF_NAME if same_name else _SMALLEST)

    def _assembled(self, left: Shape, right: Shape) -> float:
        """Resemblance of the bodies with all that they inherit from classes of ROOT; 0 where that
        says no more than their own, or where what they inherit is the same."""
        ancestors = self._ancestry.of(left), self._ancestry.of(right)
        if not any(ancestors) or self._ancestry.siblings(left, right):
            return 0.0
        offers = [
            frozenset(left.methods).union(*(each.methods for each in ancestors[0])),
            frozenset(right.methods).union(*(each.methods for each in ancestors[1])),
        ]
        fewest = min(map(len, offers))
        if fewest < _SPLIT or len(offers[0] & offers[1]) * 2 < fewest:
            return 0.0
        return resemblance(
            self._bodies.assembled((left, *ancestors[0])),
            self._bodies.assembled((right, *ancestors[1])),
        )

    def _stands_for(self, left: Shape, right: Shape) -> bool:
        """Whether one is the protocol or the wrapper of the other: by name, or because the class
        has every method that the protocol asks for."""
        role, other = role_words(left.name), role_words(right.name)
        if role[-1] != other[-1] or (role != other and not _declares(left, right)):
            return False
        if not (may_stand_for(left) or may_stand_for(right)):
            return False
        sides = {role_of(shape, self._bodies.of(shape)) for shape in (left, right)}
        if len(sides) != 2 or not sides & {"protocol", "wrapper"}:
            return False
        return len(role) > 1 if role == other else "protocol" in sides

    def _method_cosine(self, left: Shape, right: Shape, explained: frozenset[str]) -> float:
        a, b = left.concepts - explained, right.concepts - explained
        if not a or not b:
            return 0.0
        shared = self._weights.total(a & b)
        return shared / (self._weights.total(a) * self._weights.total(b)) ** 0.5 if shared else 0.0


def _interchangeable(left: Shape, right: Shape) -> bool:
    """Whether all public methods that both have take the same parameters: a caller can be given
    either, so they are meant to be two. Classes that grew apart from one thing rarely are."""
    return all(
        _called_as(left.methods[name]) == _called_as(right.methods[name])
        for name in left.public & right.public
    )


def _called_as(method: FunctionFact) -> tuple[bool, tuple[tuple[str, str], ...]]:
    return method.is_async, tuple((p.name, p.kind) for p in method.parameters)


def _declares(left: Shape, right: Shape) -> bool:
    for declared, written in ((left, right), (right, left)):
        if "Protocol" in declared.base_names and len(declared.public) > 1:
            return declared.public <= written.public
    return False


_STANDS_FOR = 0.6
"""Score of a class and the protocol or wrapper of its name, whatever else they share."""


def _copied(left: Body, right: Body, bodies: float, smallest: int) -> bool:
    size = min(left.size, right.size)
    if size < _SMALLEST:
        return size >= smallest and bodies >= IDENTICAL
    return bodies >= COPY or (containment(left, right) >= _PRUNED and bodies >= COPY / 2)
