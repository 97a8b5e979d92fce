"""The same work on many items, on every core."""

from __future__ import annotations

import gc
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

from consolidator.tree.collector import without_collector

Result = TypeVar("Result")

_FEW = 40  # below this many items, starting processes costs more than it saves
_CHUNK = 8
_BETWEEN = 32
"""Items from one collection of garbage to the next: scopes and bindings point at one another, but the
collector would walk the whole tree of files each time."""


def workers(jobs: int, start: Callable[..., None], *shared: Any) -> ProcessPoolExecutor:
    """Processes, forked where there is `fork`: they share this one's memory, so `shared`, which each
    hands to `start`, is not copied. They end with this process, however it ends; those of the
    standard library wait for ever for one that was killed."""
    context = multiprocessing.get_context("fork" if hasattr(os, "fork") else "spawn")
    return ProcessPoolExecutor(jobs, context, _begin, (start, *shared))


def _begin(start: Callable[..., None], *shared: Any) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    start(*shared)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


class Processes:
    """Does work in copies of this process, which see all that it has read but hand back results only:
    these have to be picklable. In this process where there are few items, one core, or no `fork`."""

    def __init__(self, jobs: int | None = None) -> None:
        self._jobs = jobs or os.cpu_count() or 1

    def __call__(self, work: Callable[[str], Result], items: Sequence[str]) -> Iterable[Result]:
        """The result for each item, in their order."""
        if len(items) < _FEW or self._jobs == 1 or not hasattr(os, "fork"):
            return _in_turn(work, items)
        return self._spread(work, items)

    def _spread(self, work: Callable[[str], Result], items: Sequence[str]) -> Iterator[Result]:
        pieces = [items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK)]
        gc.freeze()  # what is here already is not walked again in the copies
        try:
            with workers(self._jobs, _start, work) as pool:
                for results in pool.map(_piece, pieces):
                    yield from results
        finally:
            gc.unfreeze()


def _in_turn(work: Callable[[str], Result], items: Iterable[str]) -> Iterator[Result]:
    with without_collector():
        for index, item in enumerate(items, 1):
            yield work(item)
            if index % _BETWEEN == 0:
                gc.collect()


_work: Callable[[str], Any] | None = None  # in each worker: what there is to do


def _start(work: Callable[[str], Any]) -> None:
    global _work  # noqa: PLW0603 - the way a pool hands its workers what they share
    _work = work


def _piece(items: Sequence[str]) -> list[Any]:
    assert _work is not None
    return list(_in_turn(_work, items))
