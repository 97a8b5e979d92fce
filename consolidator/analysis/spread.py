"""The same work on many items, wherever it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Spread(Protocol):
    """A way of doing the same work on many items."""

    def __call__(
        self, work: Callable[[_Item], _Result], items: Iterable[_Item]
    ) -> Iterable[_Result]:
        """The result for each item, in their order. Work may have begun while items are still asked
        for."""
        ...


def one_by_one(
    work: Callable[[_Item], _Result],
    items: Iterable[_Item],
) -> Iterable[_Result]:
    """In this process, one after the other."""
    return map(work, items)
