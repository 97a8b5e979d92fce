"""The same work on many items, on every core."""

from __future__ import annotations

import gc
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any, TypeVar

from consolidator.tree.collector import without_collector

Item = TypeVar("Item")
Result = TypeVar("Result")

_FEW = 5  # below this many items, starting processes costs more than it saves
_PILE = 2_000_000
"""Objects that may pile up before garbage is collected, some 200 MB. Scopes and bindings point at one another,
so some of it only the collector frees; every half a million, it would cost a sixth of the time."""


CONTEXT = multiprocessing.get_context("fork" if hasattr(os, "fork") else "spawn")


def workers(jobs: int, start: Callable[..., None], *shared: Any) -> ProcessPoolExecutor:
    """Processes, forked where there is `fork`: they share this one's memory, so `shared`, which each
    hands to `start`, is not copied. They end with this process, however it ends; those of the
    standard library wait for ever for one that was killed."""
    return ProcessPoolExecutor(jobs, CONTEXT, _begin, (start, *shared))


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
    these have to be picklable. In this process where there are few items, one core, or no `fork`.

    Each item is handed out by itself, so it should be some milliseconds of work."""

    def __init__(self, jobs: int | None = None) -> None:
        self._jobs = jobs or os.cpu_count() or 1

    def __call__(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterable[Result]:
        """The result for each item, in their order. The first are worked on while the last are still
        being found."""
        left = iter(items)
        first = list(islice(left, _FEW))
        every = chain(first, left)
        if len(first) < _FEW or self._jobs == 1 or not hasattr(os, "fork"):
            return _in_turn(work, every)
        return _spread(self._jobs, work, every)


def _spread(jobs: int, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    with _frozen(), workers(jobs, _start, work) as pool:
        yield from pool.map(_do, items)


def _in_turn(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    with _frozen(), without_collector():
        yield from (_tidily(work, item) for item in items)


def _tidily(work: Callable[[Item], Result], item: Item) -> Result:
    result = work(item)
    if gc.get_count()[0] > _PILE:  # counted while the collector is off, too
        gc.collect()
        gc.freeze()
    return result


@contextmanager
def _frozen() -> Iterator[None]:
    """What is here already is not walked by the collector, in this process nor in its copies."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


_work: Callable[[Any], Any] | None = None  # in each worker: what there is to do


def _start(work: Callable[[Any], Any]) -> None:
    global _work  # noqa: PLW0603 - the way a pool hands its workers what they share
    _work = work
    gc.disable()


def _do(item: Any) -> Any:
    assert _work is not None
    return _tidily(_work, item)
