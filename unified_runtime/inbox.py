"""Events from other threads: one queue and one wake-up of the loop per batch."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import suppress
from typing import Any

from unified_runtime.errors import (
    JournalError,
    ManagerClosedError,
    UnifiedRuntimeError,
    WouldDeadlockError,
)
from unified_runtime.journals.base import Journal
from unified_runtime.protocol.frames import Draft

_BATCH = 4096
"""Events journaled in one call. Many at once pay: each user's are then written to the socket in
one go."""

_MANY = 64
"""Events which, at once or more since the last look, promise that more are on their way."""

_GATHER_STEP, _GATHER = 0.002, 0.02
"""Seconds between looks, and for which the first of many is held back at most."""

_LOOK_EVERY = 1.0
"""Seconds after which a waiting thread looks whether the loop that it waits for is still there."""


class EmitFuture(Future[int]):
    """The number of an event emitted from another thread.

    Cannot be cancelled: the event is on its way. `result()` on the loop's own thread raises
    WouldDeadlockError instead of waiting for itself.

    What Future keeps to wait and call back with (a lock, a condition, two lists) costs more than
    the event, so it is made when it is first asked for, which most events' never is.
    """

    _seq: int | None = None

    def __init__(self, inbox: "Inbox") -> None:
        self._inbox = inbox

    def __getattr__(self, name: str) -> Any:
        with self._inbox.settling:
            if not self.awaited:
                super().__init__()
                if self._seq is not None:
                    super().set_result(self._seq)
        return object.__getattribute__(self, name)

    @property
    def awaited(self) -> bool:
        """Whether Future's own state was made, so that somebody may wait on it."""
        return "_condition" in self.__dict__

    def settle(self, seq: int) -> bool:
        """Under the lock; True if `set_result` has to follow without it."""
        self._seq = seq
        return "_condition" in self.__dict__

    def done(self) -> bool:
        return self._seq is not None or super().done()

    def cancel(self) -> bool:
        return False

    def result(self, timeout: float | None = None) -> int:
        if self._seq is not None:
            return self._seq
        self._wait(timeout)
        return super().result(0)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        if self._seq is not None:
            return None
        self._wait(timeout)
        return super().exception(0)

    def _wait(self, timeout: float | None) -> None:
        """Until the outcome is there; a loop that ended without one is an error, not for ever."""
        waited = 0.0
        while not self.done():
            self._inbox.check_loop()
            if threading.get_ident() == self._inbox.loop_thread:
                raise WouldDeadlockError("use asyncio.wrap_future(…) on the loop's own thread")
            step = _LOOK_EVERY if timeout is None else min(_LOOK_EVERY, timeout - waited)
            if step <= 0:
                raise TimeoutError
            wait([self], step)
            waited += step


class Inbox:
    """Bound to the loop that it is made on. Keeps the order of each thread."""

    def __init__(
        self, journal: Journal, limit: int, take_back: Callable[[list[Draft]], None]
    ) -> None:
        """`take_back` is told what the journal did not keep."""
        self._journal = journal
        self._limit = limit
        self._take_back = take_back
        self._loop = asyncio.get_running_loop()
        self.loop_thread = threading.get_ident()
        self._queue: deque[tuple[Draft, EmitFuture]] = deque()
        self._room = threading.Condition()
        self.settling = threading.Lock()
        """Held by whoever settles futures or starts to wait for one."""
        self.emitted = 0
        self.own: EmitFuture | None = None
        """The last of the loop's own thread, if it may still wait."""
        self._waiting = 0
        self._woken = False
        self._drainer: asyncio.Task[None] | None = None
        self._closed = False

    def __len__(self) -> int:
        return len(self._queue)

    def put(self, draft: Draft) -> EmitFuture:
        """Blocks while `limit` events wait, except on the loop's own thread, which never waits."""
        if len(self._queue) >= self._limit and threading.get_ident() != self.loop_thread:
            self._wait_for_room()
        if self._closed:
            raise ManagerClosedError("the manager is closed")
        future = EmitFuture(self)
        self._queue.append((draft, future))
        if not self._woken:
            self._woken = True
            self._wake_loop()
        return future

    def settled(self, seq: int) -> EmitFuture:
        """For an event that needs not be journaled."""
        future = EmitFuture(self)
        future.settle(seq)
        return future

    async def let_go_before(self) -> None:
        """Until what the loop's own thread has put here is in the journal or was refused."""
        while (own := self.own) is not None:
            with suppress(UnifiedRuntimeError):
                await asyncio.wrap_future(own)
            if self.own is own:
                self.own = None

    def _wake_loop(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._start)
        except RuntimeError:
            self._queue.clear()
            self.check_loop()
            raise

    def check_loop(self) -> None:
        if self._loop.is_closed():
            raise ManagerClosedError("the manager's event loop is closed")

    def _wait_for_room(self) -> None:
        with self._room:
            self._waiting += 1
            try:
                while not self._room.wait_for(self._has_room, _LOOK_EVERY):
                    self.check_loop()
            finally:
                self._waiting -= 1

    def _has_room(self) -> bool:
        return len(self._queue) < self._limit or self._closed

    def _make_room(self) -> None:
        """Wake who waits once half is free, lest they all wake for a place each."""
        if self._waiting and len(self._queue) <= self._limit // 2:
            with self._room:
                self._room.notify_all()

    def _start(self) -> None:
        self._woken = False  # before the queue is read: a later put wakes the loop again
        if self._drainer is None or self._drainer.done():
            self._drainer = self._loop.create_task(self._drain())

    async def _drain(self) -> None:
        while self._queue:
            await self._gather()
            batch = [self._queue.popleft() for _ in range(min(_BATCH, len(self._queue)))]
            self._make_room()
            await self._append(batch)
            await asyncio.sleep(0)

    async def _gather(self) -> None:
        """While many events come, leave Python's lock to the threads that make them.

        The loop would take it back after each 5 ms, with about one event for each of some hundred
        users, and then write a socket for each event. An end of a turn is not enough: the loop
        waits for nothing then, and has the lock again before a thread wakes up.
        """
        most, until = min(_BATCH, self._limit), time.monotonic() + _GATHER
        size = 0
        while size + _MANY <= len(self._queue) < most and time.monotonic() < until:
            size = len(self._queue)
            await asyncio.sleep(_GATHER_STEP)

    async def _append(self, batch: list[tuple[Draft, EmitFuture]]) -> None:
        try:
            numbers = await self._journal.append([draft for draft, _ in batch])
        except Exception as error:  # noqa: BLE001 - who waits must hear of it, whatever it is
            self._take_back([draft for draft, _ in batch])
            if not isinstance(error, UnifiedRuntimeError):
                error = JournalError(f"the journal raised {error!r}")
            _fail(batch, error)
            return
        except asyncio.CancelledError:
            _fail(batch, ManagerClosedError("the loop ended first; the event may be kept"))
            raise
        self.emitted += len(batch)
        self._settle(batch, numbers)

    def _settle(self, batch: list[tuple[Draft, EmitFuture]], numbers: list[int]) -> None:
        """One lock for the batch; only futures that somebody waits on are woken one by one."""
        awaited: list[tuple[EmitFuture, int]] = []
        with self.settling:
            for (_, future), seq in zip(batch, numbers, strict=True):
                if future.settle(seq):
                    awaited.append((future, seq))
        for future, seq in awaited:
            future.set_result(seq)

    async def aclose(self) -> None:
        """Refuse further events and wait until the ones taken are in the journal."""
        self._closed = True
        with self._room:
            self._room.notify_all()
        while self._queue:
            self._start()
            if self._drainer is not None:
                await self._drainer
        if self._drainer is not None:
            await self._drainer


def _fail(batch: list[tuple[Draft, EmitFuture]], error: UnifiedRuntimeError) -> None:
    for _, future in batch:
        future.set_exception(error)
