"""What the clients saw over time, for the pictures."""

import asyncio
import time
from typing import Any

from unified_runtime.loadtest.clients import Tally

_FIRST_BUCKET_MS = 0.25


class Timeline:
    """Deliveries and reconnects of each interval, and where in it each phase began."""

    def __init__(self, tally: Tally, every: float = 0.25) -> None:
        self._tally = tally
        self._every = every
        self._started = time.monotonic()
        self._at: list[float] = []
        self._delivered: list[int] = []
        self._reconnects: list[int] = []
        self._marks: dict[str, float] = {}

    def mark(self, name: str) -> None:
        self._marks[name] = time.monotonic() - self._started

    async def record(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(self._every)
            self._at.append(round(time.monotonic() - self._started, 3))
            self._delivered.append(self._tally.delivered)
            self._reconnects.append(self._tally.reconnects)

    def to_dict(self) -> dict[str, Any]:
        """`delivered` and `reconnects` count from the beginning; times are in seconds from there."""
        return {
            "at": self._at,
            "delivered": self._delivered,
            "reconnects": self._reconnects,
            "marks": self._marks,
        }


def histogram(seconds: list[float]) -> list[tuple[float, int]]:
    """(upper bound in ms, count) per bucket, each twice as wide as the one before; none is skipped
    between the first and the last that hold something."""
    counts: dict[int, int] = {}
    for value in seconds:
        bucket, bound = 0, _FIRST_BUCKET_MS
        while value * 1000 > bound:
            bucket, bound = bucket + 1, bound * 2
        counts[bucket] = counts.get(bucket, 0) + 1
    if not counts:
        return []
    buckets = range(min(counts), max(counts) + 1)
    return [(_FIRST_BUCKET_MS * 2**bucket, counts.get(bucket, 0)) for bucket in buckets]
