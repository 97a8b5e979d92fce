"""Which pairs of classes are worth reading: from facts alone, in time that grows with the answer.

Indexes find pairs: one role name, several rare methods in common, half of all methods in common
however plain, several methods of one shape (parameters, length) under other names. What frameworks,
bases and conventions explain is left out here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from consolidator.analysis.duplicates.outlines import may_be_copied
from consolidator.analysis.duplicates.shapes import TELLING_LINES, Shape
from consolidator.analysis.duplicates.words import (
    GENERIC_CONCEPTS,
    async_apart,
    async_twins,
    role_words,
)

Pair = tuple[int, int]

COMMON = 24
"""Classes with one method at which that method begins to prove less."""
_CROWD = 60
"""Classes in one bucket above which it says nothing: a framework's convention."""
_MOST = 120
"""Copies of one class that are compared; the time grows with the cube."""
_GENERIC, _ONE_WORD = 0.15, 0.25
"""What a method that everything has, and one of a single word, prove beside `hold_seat`."""
_SHARED_WEIGHT = 2.0
"""Rare methods in common that make a pair of differently named classes worth reading."""


class Weights:
    """How much each method concept proves, from how many production classes of the tree have it."""

    def __init__(self, shapes: Iterable[Shape]) -> None:
        self._classes: Counter[str] = Counter()
        for shape in shapes:
            self._classes.update(shape.concepts | shape.private)

    def of(self, name: str) -> float:
        rarity = min(1.0, COMMON / max(self._classes[name], 1))
        if name in GENERIC_CONCEPTS:
            return rarity * _GENERIC
        return rarity * (_ONE_WORD if "_" not in name else 1.0)

    def total(self, names: Iterable[str]) -> float:
        return sum(self.of(name) for name in sorted(names))


def candidate_pairs(shapes: Sequence[Shape], weights: Weights) -> list[Pair]:
    """Pairs of positions in `shapes` worth comparing, sorted. Shapes are production classes that behave."""
    found: set[Pair] = set()
    found.update(_one_role(shapes))
    found.update(_methods_in_common(shapes, weights))
    found.update(_one_vocabulary(shapes))
    found.update(_one_outline(shapes))
    found.update(_one_head(shapes))
    found.update(_declared(shapes))
    found.update(_taken_apart(shapes))
    return sorted(pair for pair in found if _comparable(shapes[pair[0]], shapes[pair[1]]))


def _comparable(left: Shape, right: Shape) -> bool:
    """A class with its asynchronous twin is meant to be; under one name only where one of them is
    asynchronous indeed."""
    if left.is_async != right.is_async:
        return not async_apart(left.qualname, right.qualname)
    return left.name == right.name or not async_twins(left.qualname, right.qualname)


def _one_role(shapes: Sequence[Shape]) -> Iterator[Pair]:
    buckets: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for at, shape in enumerate(shapes):
        role = role_words(shape.name)
        # `WebSocketManager` also meets `ConnectionScopedWebSocketManager` in the bucket of its last words.
        for words in {role, role[-2:]}:
            if len(words) > 1 or words == role:
                buckets[words].append(at)
    for members in buckets.values():
        if len(members) <= _CROWD:
            yield from combinations(members, 2)
        else:
            yield from _one_offer(shapes, members)


def _one_offer(shapes: Sequence[Shape], crowd: Sequence[int]) -> Iterator[Pair]:
    """Of a crowd of one name only the classes with the same methods by name, and of those the first."""
    offers: dict[frozenset[str], list[int]] = defaultdict(list)
    for at in crowd:
        offers[frozenset(shapes[at].methods)].append(at)
    for members in offers.values():
        yield from combinations(members[:_MOST], 2)


def _methods_in_common(shapes: Sequence[Shape], weights: Weights) -> Iterator[Pair]:
    classes: dict[str, list[int]] = defaultdict(list)
    for at, shape in enumerate(shapes):
        for name in shape.concepts | shape.private:
            classes[name].append(at)
    shared: dict[Pair, float] = defaultdict(float)
    for name in sorted(classes):
        members = classes[name]
        if 1 < len(members) <= _CROWD and (weight := weights.of(name)) >= 0.5:
            for pair in combinations(members, 2):
                shared[pair] += weight
    return (pair for pair, weight in shared.items() if weight >= _SHARED_WEIGHT)


def _one_vocabulary(shapes: Sequence[Shape]) -> Iterator[Pair]:
    """Classes with half of their methods in common, however plain the names: `add`, `total`, `render`
    prove nothing, but such classes may be copies by their bodies."""
    offers = [shape.concepts | shape.private for shape in shapes]
    classes: dict[str, list[int]] = defaultdict(list)
    for at, names in enumerate(offers):
        for name in names:
            classes[name].append(at)
    shared: Counter[Pair] = Counter()
    for members in classes.values():
        if 1 < len(members) <= _CROWD:
            shared.update(combinations(members, 2))
    for (left, right), count in shared.items():
        fewest = min(len(offers[left]), len(offers[right]))
        if count > 1 and count * 2 >= fewest and may_be_copied(shapes[left], shapes[right]):
            yield left, right


def _one_outline(shapes: Sequence[Shape]) -> Iterator[Pair]:
    outlines = [shape.outlines for shape in shapes]
    classes: dict[tuple[int, int, bool], list[int]] = defaultdict(list)
    for at, found in enumerate(outlines):
        for outline in found:
            classes[outline].append(at)
    shared: Counter[Pair] = Counter()
    long: set[Pair] = set()
    for (lines, _, _), members in sorted(classes.items()):
        if 1 < len(members) <= COMMON:
            pairs = list(combinations(members, 2))
            shared.update(pairs)
            if lines >= TELLING_LINES:
                long.update(pairs)
    for pair, count in shared.items():
        fewest = min(len(outlines[at]) for at in pair)
        if count * 2 >= fewest and (count >= 2 or pair in long):
            yield pair


def _one_head(shapes: Sequence[Shape]) -> Iterator[Pair]:
    """Classes with one head noun, where that noun is no mere convention (`…Service`, `…Handler`)."""
    heads: dict[str, list[int]] = defaultdict(list)
    for at, shape in enumerate(shapes):
        heads[role_words(shape.name)[-1]].append(at)
    for members in heads.values():
        if len(members) <= COMMON:
            yield from combinations(members, 2)


def _declared(shapes: Sequence[Shape]) -> Iterator[Pair]:
    """Protocols with the classes of their head noun that have all their methods."""
    having: dict[str, set[int]] = defaultdict(set)
    for at, shape in enumerate(shapes):
        for name in shape.public:
            having[name].add(at)
    for at, shape in enumerate(shapes):
        if "Protocol" in shape.base_names and len(shape.public) > 1:
            for other in set.intersection(*(having[name] for name in shape.public)) - {at}:
                if role_words(shapes[other].name)[-1] == role_words(shape.name)[-1]:
                    yield min(at, other), max(at, other)


_SPLIT = 3
"""Methods in common, inherited ones too, that make a class and an heir worth reading."""


def _taken_apart(shapes: Sequence[Shape]) -> Iterator[Pair]:
    """Classes beside heirs that offer half of their methods with what they inherit. Bases are taken
    by their names, where only one class bears one; who is related is left to the comparison."""
    named: dict[str, list[Shape]] = defaultdict(list)
    for shape in shapes:
        named[shape.name].append(shape)
    heirs: dict[str, list[int]] = defaultdict(list)
    for at, shape in enumerate(shapes):
        inherited = _inherited(shape, named)
        if inherited - shape.concepts:
            for name in inherited | shape.concepts:
                heirs[name].append(at)
    for at, shape in enumerate(shapes):
        if len(shape.concepts) < _SPLIT:
            continue
        common: Counter[int] = Counter()
        for name in shape.concepts - GENERIC_CONCEPTS:
            if len(heirs.get(name, ())) <= COMMON:
                common.update(heirs.get(name, ()))
        for heir, count in common.items():
            if heir != at and count >= _SPLIT and count * 2 >= len(shape.concepts):
                yield min(at, heir), max(at, heir)


def _inherited(shape: Shape, named: Mapping[str, Sequence[Shape]]) -> frozenset[str]:
    found: set[str] = set()
    seen: set[str] = set()
    pending = list(shape.base_names)
    while pending:
        base = pending.pop()
        known = named.get(base, ())
        if base not in seen and len(known) == 1:
            found |= known[0].concepts
            pending += known[0].base_names
        seen.add(base)
    return frozenset(found)
