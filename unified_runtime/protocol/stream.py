"""A user's stream: where a reader stands, what it may be told, and the newest events at hand."""

from typing import NamedTuple

from unified_runtime.protocol.frames import Resume


class Bounds(NamedTuple):
    """What a journal holds of one user: events `first` to `last`; empty when `first > last`.

    A user without events has `first == 1, last == 0`; trimmed bare, `first == last + 1`.
    """

    stream: str
    first: int
    last: int


class Gap(NamedTuple):
    """Events `first` to `last` will not come; the next one is `last + 1`."""

    first: int
    last: int
    reason: str


class Start(NamedTuple):
    """Where a new connection begins: it is told `position`, then `gap`, then what follows."""

    position: int
    resumed: bool
    gap: Gap | None

    @property
    def after(self) -> int:
        """The number behind which events follow."""
        return self.gap.last if self.gap else self.position


def start_of(bounds: Bounds, resume: Resume | None, settled: int) -> Start:
    """Answer a client's position truthfully: `resumed` only if nothing is missing behind it.

    Without a position the client starts at `settled`, which its user was given before. A position
    in another stream, or beyond the newest event (then the journal lost some), starts the stream
    over. Position 0 has seen nothing, so it is good in any stream.
    """
    if resume is None:
        position = min(settled, bounds.last)
        return Start(position, resumed=False, gap=trimmed(bounds, position))
    known = resume.stream == bounds.stream or (resume.seq == 0 and not resume.stream)
    if not known or resume.seq > bounds.last:
        gap = Gap(1, bounds.first - 1, "new_stream")
        return Start(0, resumed=False, gap=gap)
    gone = trimmed(bounds, resume.seq)
    return Start(resume.seq, resumed=gone is None, gap=gone)


def trimmed(bounds: Bounds, position: int) -> Gap | None:
    """What a reader at `position` can no longer be given."""
    if position + 1 >= bounds.first:
        return None
    return Gap(position + 1, bounds.first - 1, "trimmed")


class Tail:
    """The newest events of one user, shared by all its connections, bounded in count and bytes.

    It is only a cache: whoever stands before it reads the journal. A number that does not follow
    the last one empties it, so that a lost notification can never be skipped over.
    """

    __slots__ = ("_frames", "_max_bytes", "_max_count", "_size", "first", "holes")

    def __init__(self, max_count: int, max_bytes: int) -> None:
        self._frames: list[bytes] = []
        self._size = 0
        self._max_count = max_count
        self._max_bytes = max_bytes
        self.first = 0
        """Number of the oldest frame held; 0 before the first `push`."""
        self.holes = 0

    @property
    def next(self) -> int:
        return self.first + len(self._frames)

    def push(self, seq: int, frame: bytes) -> bool:
        """Take event `seq`; False when it was already here (a second notification)."""
        frames = self._frames
        expected = self.first + len(frames)
        if seq != expected:
            if seq < expected:
                return False
            self.holes += self.first > 0
            self.forget(seq)
        frames.append(frame)
        self._size += len(frame)
        if len(frames) > self._max_count or self._size > self._max_bytes:
            self._shrink()
        return True

    def forget(self, following: int) -> None:
        """Drop everything; the next event is `following` or later, of 0 it is not known."""
        self._frames.clear()
        self._size = 0
        self.first = following

    def _shrink(self) -> None:
        """Drop the older half at once, so that the cost per event stays constant."""
        keep = len(self._frames) // 2
        drop = len(self._frames) - keep
        self._size -= sum(map(len, self._frames[:drop]))
        del self._frames[:drop]
        self.first += drop

    def after(self, position: int, count: int) -> list[bytes] | None:
        """Up to `count` frames behind `position`; None when only the journal has them.

        Empty also while nothing is known yet, or when the reader is ahead of the notifications
        because it read the journal itself.
        """
        start = position + 1 - self.first
        if start < 0:
            return None
        if start == 0 and len(self._frames) <= count:
            return self._frames.copy()
        return self._frames[start : start + count]
