"""The C3 merge, as `type.mro` does it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import chain
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def merge(sequences: Sequence[Sequence[T]]) -> tuple[list[T], list[T]]:
    """One order that keeps every sequence's own, and the heads that were left where there is none.

    Source: Barrett et al., "A Monotonic Superclass Linearization for Dylan", 1996, and the algorithm
    in CPython's `Objects/typeobject.c:pmerge`, whose choice of the first good head this follows.
    """
    pending = [list(sequence) for sequence in sequences if sequence]
    order: list[T] = []
    while pending:
        tails = {entry for sequence in pending for entry in sequence[1:]}
        head = next((sequence[0] for sequence in pending if sequence[0] not in tails), None)
        if head is None:
            return order, list(dict.fromkeys(sequence[0] for sequence in pending))
        order.append(head)
        pending = [rest for s in pending if (rest := s[1:] if s[0] == head else s)]
    return order, []


def lineage(entry: T, bases: Sequence[T], above: Sequence[Sequence[T]]) -> tuple[T, ...]:
    """The order of an entry with these bases, of which each has its own order in `above`; depth first
    where Python would refuse the class."""
    order, refused = merge([[entry], *above, list(dict.fromkeys(bases))])
    return tuple(dict.fromkeys([entry, *chain.from_iterable(above)]) if refused else order)
