"""Sets of things that an expression can be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from consolidator.analysis.emissions.program.function import Function
from consolidator.tree.names import Definition


@dataclass(frozen=True)
class Bound:
    """A function with its first arguments filled in: `partial(function, a, b=c)`."""

    function: Function
    positional: int
    keywords: tuple[str, ...]


@dataclass(frozen=True)
class Values:
    """Everything that an expression can be; `open` where it can also be something unknown."""

    instances: frozenset[Definition] = frozenset()
    classes: frozenset[Definition] = frozenset()
    functions: frozenset[Function] = frozenset()
    bound: frozenset[Bound] = frozenset()
    outside: frozenset[str] = frozenset()
    """Dotted names of things that are defined neither in ROOT nor in a source that was read."""
    elements: Values | None = None
    made: frozenset[tuple[str, int, int]] = frozenset()
    """Where the queues and the like among them are made: path, line and column of the call."""
    open: bool = False
    nothing: bool = False
    """Whether it can be None."""

    def __or__(self, other: Values) -> Values:
        elements = self.elements or other.elements
        if self.elements and other.elements and self.elements != other.elements:
            elements = self.elements | other.elements
        return Values(
            self.instances | other.instances,
            self.classes | other.classes,
            self.functions | other.functions,
            self.bound | other.bound,
            self.outside | other.outside,
            elements,
            self.made | other.made,
            self.open or other.open,
            self.nothing or other.nothing,
        )

    @property
    def is_known(self) -> bool:
        return not self.open and bool(
            self.instances or self.classes or self.functions or self.bound
        )


EMPTY = Values()
UNKNOWN = Values(open=True)


def union(values: Iterable[Values]) -> Values:
    found = EMPTY
    for value in values:
        found |= value
    return found
