"""What two classes have in common, as evidence with a score: copies by their bodies, roles by name and methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from consolidator.analysis.duplicates.bodies import (
    Bodies,
    Body,
    common_words,
    containment,
    resemblance,
)
from consolidator.analysis.duplicates.candidates import Weights, explained_by_base
from consolidator.analysis.duplicates.roles import role_of
from consolidator.analysis.duplicates.shapes import Shape
from consolidator.analysis.duplicates.words import name_similarity, role_words, words

COPY = 0.6
"""Resemblance from which one body is a copy of the other: below it, more was written anew than kept."""
IDENTICAL = 0.995
_SMALLEST = 40
"""Tokens below which equal bodies are a coincidence."""
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
    bodies: float
    words: float
    copied: bool
    """Whether the bodies alone prove a copy."""
    score: float
    doubts: tuple[str, ...] = ()
    """Why the score was lowered."""


class Comparison:
    """Compares classes of one tree."""

    def __init__(
        self,
        bodies: Bodies,
        weights: Weights,
        by_name: Mapping[str, Sequence[Shape]],
    ) -> None:
        self._bodies = bodies
        self._weights = weights
        self._by_name = by_name

    def compare(self, left: Shape, right: Shape) -> Evidence:
        name = name_similarity(left.name, right.name)
        explained = explained_by_base(left, right, self._by_name)
        shared = (left.concepts & right.concepts) - explained
        methods = self._method_cosine(left, right, explained)
        a, b = self._bodies.of(left), self._bodies.of(right)
        bodies = resemblance(a, b) if a and b else 0.0
        spoken = common_words(a, b) if a and b else 0.0
        copied = a is not None and b is not None and _copied(a, b, bodies)
        score = max(
            bodies if copied else 0.0, _role_score(left, right, name, methods, spoken, len(shared))
        )
        if self._stands_for(left, right):
            score = max(score, _STANDS_FOR)
        doubts: list[str] = []
        if _async_twins(left, right):
            score *= 0.6
            doubts.append("one is the asynchronous twin of the other")
        ordered = sorted(shared, key=lambda c: (-self._weights.of(c), c))
        return Evidence(name, methods, tuple(ordered), bodies, spoken, copied, score, tuple(doubts))

    def _stands_for(self, left: Shape, right: Shape) -> bool:
        """Whether one is the protocol or the wrapper of the other, by role and by name."""
        role = role_words(left.name)
        if len(role) < 2 or role != role_words(right.name):
            return False
        roles = {role_of(shape, self._bodies.of(shape)) for shape in (left, right)}
        return len(roles) == 2 and bool(roles & {"protocol", "wrapper"})

    def _method_cosine(self, left: Shape, right: Shape, explained: frozenset[str]) -> float:
        a, b = left.concepts - explained, right.concepts - explained
        if not a or not b:
            return 0.0
        shared = self._weights.total(a & b)
        return shared / (self._weights.total(a) * self._weights.total(b)) ** 0.5 if shared else 0.0


_STANDS_FOR = 0.6
"""Score of a class and the protocol or wrapper of its name, whatever else they share."""


def _copied(left: Body, right: Body, bodies: float) -> bool:
    if min(left.size, right.size) < _SMALLEST:
        return False
    return bodies >= COPY or (containment(left, right) >= _PRUNED and bodies >= COPY / 2)


def _role_score(
    left: Shape, right: Shape, name: float, methods: float, spoken: float, shared: int
) -> float:
    """One role: a name in common and something to show for it."""
    if name < 0.5:
        return 0.0
    one_thing = _names_one_thing(left.name, right.name)
    name = max(name, 0.9) if one_thing else name
    about = max(0.0, (spoken - _CHATTER) / (1 - _CHATTER))
    proof = methods if shared >= 2 else methods / 2
    if one_thing:
        proof = max(proof, about)
    return float((name * proof) ** 0.5)


_CHATTER = 0.3
"""Cosine of words that any two classes of one code base have in common (logging, identifiers, errors)."""


def _names_one_thing(left: str, right: str) -> bool:
    """Whether one name is the other with words put before it: `WebSocketManager`, `ChatWebSocketManager`."""
    a, b = sorted((role_words(left), role_words(right)), key=len)
    return len(a) > 1 and b[-len(a) :] == a


def _async_twins(left: Shape, right: Shape) -> bool:
    a, b = set(words(left.name)), set(words(right.name))
    if not (a ^ b) & {"async", "asyncio", "aio", "sync"} or (a ^ b) - {
        "async",
        "asyncio",
        "aio",
        "sync",
    }:
        return False
    return _is_async(left) != _is_async(right)


def _is_async(shape: Shape) -> bool:
    return any(method.is_async for method in shape.methods.values())
