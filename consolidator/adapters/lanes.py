"""Which process works on which piece: each has a stretch of neighbours, and what it read for one of them serves
for the next. One that is done with its own helps another, from the far end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from consolidator.adapters.processes import CONTEXT

Piece = TypeVar("Piece")


class Lanes(Generic[Piece]):
    """Handed to processes when they start (`workers`), as what is shared can't travel later."""

    def __init__(self, pieces: Sequence[Piece], jobs: int) -> None:
        self.pieces = pieces
        bounds = [len(pieces) * lane // jobs for lane in range(jobs + 1)]
        self._first = CONTEXT.Array("i", bounds[:-1])
        self._end = CONTEXT.Array("i", bounds[1:], lock=False)
        self._joined = CONTEXT.Value("i", 0)

    def join(self) -> int:
        """Called once by each process: which lane is its own."""
        with self._joined.get_lock():
            lane: int = self._joined.value % len(self._end)
            self._joined.value += 1
            return lane

    def own(self, lane: int) -> Sequence[Piece]:
        """Its own stretch, as far as nobody has begun with it."""
        return self.pieces[self._first[lane] : self._end[lane]]

    def take(self, lane: int) -> int:
        """The number of a piece that nobody works on; may be asked as often as there are pieces."""
        with self._first.get_lock():
            number: int = self._first[lane]
            if number < self._end[lane]:
                self._first[lane] += 1
                return number
            longest = max(range(len(self._end)), key=lambda it: self._end[it] - self._first[it])
            last: int = self._end[longest] - 1
            self._end[longest] = last
            return last
