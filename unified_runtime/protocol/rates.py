"""How much a peer may send. Told the time."""


class TokenBucket:
    """`rate` per second on average, twice as many at once."""

    __slots__ = ("_burst", "_left", "_rate", "_since")

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self._burst = 2 * rate
        self._left = self._burst
        self._since = now

    def take(self, now: float) -> bool:
        """Whether one more is within the rate at `now` (any clock in seconds)."""
        self._left = min(self._burst, self._left + (now - self._since) * self._rate)
        self._since = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
