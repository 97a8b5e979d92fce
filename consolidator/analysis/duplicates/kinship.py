"""One role under several names: what two classes are called, what they offer, what they are built around."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import log

from consolidator.analysis.duplicates.candidates import COMMON
from consolidator.analysis.duplicates.shapes import Shape, tail
from consolidator.analysis.duplicates.words import role_words, words

_CHATTER = 0.12
"""Cosine of words that any two classes of one code base have in common."""
_SILENT_WORDS = frozenset(
    {
        "any",
        "bool",
        "cls",
        "dict",
        "float",
        "init",
        "int",
        "list",
        "none",
        "optional",
        "self",
        "str",
    }
)

KIN = 0.45
"""Score of classes with one head noun that are built around one class of the tree: enough to join a
family that stands, not enough to found one."""


def role_score(left: Shape, right: Shape, name: float, methods: float, by_design: bool) -> float:
    """Belief that two classes play one role, 0..1: a name in common and something to show for it.

    `methods` is the likeness of their methods, less where those say little. Words in common prove
    nothing where the base gave them (`by_design`).
    """
    if name < 0.5:
        return 0.0
    name, one_thing = _weigh_name(left, right, name)
    proof = methods
    if one_thing and not by_design:
        about = (common_words(left, right) - _CHATTER) / (1 - _CHATTER)
        proof = max(proof, about)
    return float((name * proof) ** 0.5)


def common_words(left: Shape, right: Shape) -> float:
    """Cosine of the logarithmic word counts of what two classes offer and hold, 0..1 (as in Kuhn,
    Ducasse, Girba, "Semantic clustering", IST 2007, without the reduction of rank)."""
    a, b = _vocabulary(left), _vocabulary(right)
    if not a or not b:
        return 0.0
    product = sum(weight * b.get(word, 0.0) for word, weight in a.items())
    norm = sum(w * w for w in a.values()) * sum(w * w for w in b.values())
    return float(product / norm**0.5)


@lru_cache(maxsize=8192)
def _vocabulary(shape: Shape) -> dict[str, float]:
    counts: Counter[str] = Counter()
    for name, _, _ in shape.fields:
        counts.update(words(name))
    for name in sorted({name for name, _, _ in shape.fact.self_attributes}):
        counts.update(words(name))
    for _, _, value in shape.fact.self_attributes:
        counts.update(words(value))
    for method in shape.methods.values():
        counts.update(words(method.name))
        counts.update(words(method.returns))
        for parameter in method.parameters:
            counts.update(words(parameter.name))
            counts.update(words(parameter.annotation))
    return {w: 1 + log(counts[w]) for w in sorted(counts) if w not in _SILENT_WORDS}


def _weigh_name(left: Shape, right: Shape, name: float) -> tuple[float, bool]:
    """Name similarity with the words that differ weighed, and whether the names mean one thing.

    `ConnectionWebSocketManager` is a `WebSocketManager` where both speak of connections anyway;
    `ToolExecutionEngine` is another thing than an `ExecutionEngine` that knows no tools, and so it
    is where it lies in a package for tools.
    """
    shorter, longer = sorted((left, right), key=lambda shape: len(role_words(shape.name)))
    a, b = role_words(shorter.name), role_words(longer.name)
    if a == b:
        return name, True
    if set(a) - set(b) or len(a) == len(b):
        return name * 0.8, False
    added = b[: -len(a)]
    if len(a) > 1 and b[-len(a) :] == a and not _tells_apart(added, shorter, longer):
        return max(name, 0.9), True
    return name, False


def _tells_apart(added: tuple[str, ...], shorter: Shape, longer: Shape) -> bool:
    spoken = _vocabulary(shorter)
    folders = {
        word.removesuffix("s") for part in longer.path.split("/")[:-1] for word in words(part)
    }
    return any(word not in spoken or word.removesuffix("s") in folders for word in added)


def kin_score(methods: float, shared: int) -> float:
    """Score of two classes of one head noun that are built around one class: they found a family
    only where they offer the same operations too."""
    return max(KIN, (_HEAD * methods) ** 0.5) if shared > 1 else KIN


_HEAD = 0.6
"""What one head noun and one collaborator weigh beside a name in common."""


class Collaborators:
    """What classes are built around: classes of the tree that their constructors take."""

    def __init__(self, by_name: Mapping[str, Sequence[Shape]]) -> None:
        self._roles = {
            role_words(name)
            for name, shapes in by_name.items()
            if any(shape.sort == "behaviour" and not shape.in_tests for shape in shapes)
        }
        self._names = by_name.keys()
        self._held: dict[Shape, frozenset[tuple[str, ...]]] = {}
        self._holders: Counter[tuple[str, ...]] = Counter()
        for shapes in by_name.values():
            for shape in shapes:
                if not shape.in_tests:
                    self._holders.update(self.of(shape))

    def of(self, shape: Shape) -> frozenset[tuple[str, ...]]:
        """Role words of its constructor's parameters that mean a class of the tree: by annotation,
        or by the parameter's own name where that has two words or more."""
        if shape not in self._held:
            self._held[shape] = frozenset(self._read(shape))
        return self._held[shape]

    def _read(self, shape: Shape) -> list[tuple[str, ...]]:
        constructor = shape.methods.get("__init__")
        found = []
        for parameter in constructor.parameters[1:] if constructor else ():
            annotated = parameter.annotation.strip("\"' ").removeprefix("Optional[")
            name = tail(annotated.partition("|")[0].rstrip("] \"'"))
            role = role_words(name or parameter.name)
            known = name in self._names if name else len(role) > 1
            if known and role in self._roles:
                found.append(role)
        return found

    def kin(self, left: Shape, right: Shape) -> bool:
        """Whether two classes have one head noun and are built around one class."""
        if role_words(left.name)[-1] != role_words(right.name)[-1]:
            return False
        return any(self._holders[role] <= COMMON for role in self.of(left) & self.of(right))
