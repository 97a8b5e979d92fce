"""Events in this process's memory: survive a lost connection, not the process."""

import time
from collections.abc import Callable, Collection, Sequence
from secrets import token_urlsafe

from unified_runtime.journals.base import Claim, Deliver, Page, Retention
from unified_runtime.protocol.frames import Draft
from unified_runtime.protocol.stream import Bounds


class _Stream:
    """One user's events; `frames[i]` is number `first + i`, of which the oldest may be expired. Their
    `times` are kept only if events expire."""

    __slots__ = ("first", "frames", "ids", "most", "settled", "times")

    def __init__(self, most: int | None) -> None:
        self.most = most
        """Trimmed beyond it, many at once, because dropping one costs as much as moving the rest."""
        self.first = 1
        self.frames: list[bytes] = []
        self.times: list[float] = []
        self.ids: dict[str, int] = {}
        self.settled = 0

    @property
    def last(self) -> int:
        return self.first + len(self.frames) - 1

    def drop(self, count: int) -> None:
        del self.frames[:count]
        del self.times[:count]
        self.first += count
        if self.ids:
            self.ids = {key: seq for key, seq in self.ids.items() if seq >= self.first}


class MemoryJournal:
    """The default journal. `clock` gives seconds since the epoch, for `Retention.age`."""

    lease: float | None = None

    def __init__(
        self, *, retention: Retention | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._retention = retention or Retention()
        self._clock = clock
        self._streams: dict[str, _Stream] = {}
        self._notes: dict[bytes, bytes] = {}
        self._name = token_urlsafe(12)
        self._name_bytes = self._name.encode()
        self._deliver: Deliver = _nobody
        self._claim = Claim()
        self._server = ""

    async def start(self, deliver: Deliver) -> None:
        self._claim.take("this MemoryJournal")
        self._deliver = deliver

    async def append(self, drafts: Sequence[Draft]) -> list[int]:
        streams, name, deliver = self._streams, self._name_bytes, self._deliver
        timed = self._retention.age is not None
        numbers = []
        for draft in drafts:
            stream = streams.get(draft.user_id)
            if stream is None:
                stream = streams[draft.user_id] = _Stream(self._most_with(0))
            if draft.event_id is not None and (known := self._known(stream, draft.event_id)):
                numbers.append(known)
                continue
            frames = stream.frames
            seq = stream.first + len(frames)
            frame = draft.frame(seq, name)
            frames.append(frame)
            if timed:
                stream.times.append(draft.time)
            if draft.event_id is not None:
                stream.ids[draft.event_id] = seq
            for key, value in draft.notes:
                _keep_note(self._notes, key, value)
            most = stream.most
            if most is not None and len(frames) > most:
                self._expire(stream)
                stream.most = self._most_with(len(stream.frames))
            deliver(draft.user_id, seq, frame)
            numbers.append(seq)
        return numbers

    def _most_with(self, held: int) -> int | None:
        """How many events a stream that holds `held` may hold until the next trim."""
        count = self._retention.count
        by_count = None if count is None else count + max(16, count // 8)
        if self._retention.age is None:
            return by_count
        by_age = 2 * held + 64
        return by_age if by_count is None else min(by_count, by_age)

    def _known(self, stream: _Stream, event_id: str) -> int | None:
        if event_id in stream.ids:
            self._expire(stream)
        return stream.ids.get(event_id)

    def _trim_count(self, stream: _Stream) -> None:
        count = self._retention.count
        if count is not None and len(stream.frames) > count:
            stream.drop(len(stream.frames) - count)

    def _expire(self, stream: _Stream) -> None:
        self._trim_count(stream)
        if self._retention.age is None:
            return
        oldest = self._clock() - self._retention.age
        times = stream.times
        stale = next((i for i, at in enumerate(times) if at >= oldest), len(times))
        if stale:
            stream.drop(stale)

    def _bounds(self, stream: _Stream | None) -> Bounds:
        if stream is None:
            return Bounds(self._name, 1, 0)
        self._expire(stream)
        return Bounds(self._name, stream.first, stream.last)

    async def bounds(self, user_id: str) -> Bounds:
        return self._bounds(self._streams.get(user_id))

    async def read(self, user_id: str, after: int, count: int) -> Page:
        stream = self._streams.get(user_id)
        bounds = self._bounds(stream)
        if stream is None:
            return Page(bounds, [])
        start = max(0, after + 1 - stream.first)
        return Page(bounds, stream.frames[start : start + count])

    def settle(self, user_id: str, stream: str, seq: int) -> None:
        known = self._streams.get(user_id)
        if known is not None and stream == self._name:
            known.settled = max(known.settled, seq)

    async def settled(self, user_id: str) -> int:
        stream = self._streams.get(user_id)
        return stream.settled if stream else 0

    async def notes(self) -> list[bytes]:
        return list(self._notes.values())

    async def watch(self, user_id: str) -> None:
        """Nothing to do: every event of this journal is delivered anyway."""

    def unwatch(self, user_id: str) -> None:
        """Nothing to do: see `watch`."""

    async def join(self, server: str) -> None:
        self._server = server

    async def gone(self, servers: Collection[str]) -> set[str]:
        return set(servers) - {self._server}

    async def aclose(self) -> None:
        """Keeps the events: the next manager that is given the journal finds them."""
        self._claim.give_up()
        self._deliver = _nobody


def _keep_note(notes: dict[bytes, bytes], key: bytes, value: bytes | None) -> None:
    if value is None:
        notes.pop(key, None)
    else:
        notes[key] = value


def _nobody(user_id: str, seq: int, frame: bytes) -> None:
    """Where events go before a manager listens."""
