"""On which loop a manager lives and when it may be used: start, the next loop, close, fork."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from secrets import token_urlsafe
from threading import get_ident
from types import TracebackType
from typing import Self

from unified_runtime.background import Background
from unified_runtime.composer import Composer
from unified_runtime.errors import (
    ForkedError,
    JournalError,
    ManagerClosedError,
    WrongLoopError,
)
from unified_runtime.forks import forks_so_far
from unified_runtime.inbox import Inbox
from unified_runtime.journals.base import Journal
from unified_runtime.journals.memory import MemoryJournal
from unified_runtime.limits import Limits
from unified_runtime.orphans import Orphans
from unified_runtime.sessions import Sessions


class Life:
    """A journal, and on the loop that has it open the sessions and the inbox of that loop."""

    def __init__(
        self,
        journal: Journal | None,
        limits: Limits,
        clock: Callable[[], float],
        synonyms: Mapping[str, Mapping[str, str]] | None,
    ) -> None:
        self._journal: Journal = journal if journal is not None else MemoryJournal()
        self._limits = limits
        self._server = token_urlsafe(9)
        self._composer = Composer(limits, clock, synonyms, self._server)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sessions = Sessions(self._journal, limits)
        self._inbox: Inbox | None = None
        self._starting: asyncio.Task[None] | None = None
        self._started_on: asyncio.AbstractEventLoop | None = None
        self._started_by = 0
        self._watch: asyncio.Task[None] | None = None
        self._closed = False
        self._closing: asyncio.Task[None] | None = None
        self._forks = forks_so_far()

    async def start(self) -> None:
        """Open the journal on the running loop. Optional: the first use does it too."""
        await self._use_running_loop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def in_background(self) -> AbstractContextManager[Self]:
        """For code without an event loop, as in a worker process: while the block runs, the manager has
        one in a thread of its own; it is closed at the end. Emit with `emit_threadsafe`.

        Blocks until it is started, and raises what `start` raises. A process that ends within the
        block does not wait for it.
        """
        return Background(self, self.start, self.aclose)

    @property
    def closed(self) -> bool:
        return self._closed

    @property
    def forked(self) -> bool:
        """Whether this is the copy of a parent process's manager."""
        return self._forks != forks_so_far()

    async def aclose(self) -> None:
        """Refuse new events and connections, write what is journaled, say GOING_AWAY.

        Takes at most `Limits.drain_timeout` plus one second; a client that was too slow for it
        finds the rest in the journal when it resumes. Safe to call twice, also at once: every call
        returns when it is done. Cancelling one does not interrupt it.
        """
        self._check_loop()
        closing = self._closing
        if closing is None or closing.cancelled() or _is_stuck(closing):
            self._closed = True
            self._started_on = None
            closing = self._closing = asyncio.create_task(self._close())
        elif closing.done():
            return
        await asyncio.shield(closing)

    async def _close(self) -> None:
        try:
            if self._loop is asyncio.get_running_loop():
                if self._inbox is not None:
                    await self._inbox.aclose()
                if self._watch is not None:
                    self._watch.cancel()
                await self._sessions.drain()
        finally:
            await self._journal.aclose()

    def _started_here(self) -> bool:
        """Whether nothing keeps the caller from using the journal at once.

        `asyncio.get_running_loop` would do, but makes a system call before CPython 3.12, which is
        a tenth of what an event costs.
        """
        loop = self._started_on
        return (
            loop is not None
            and loop.is_running()
            and get_ident() == self._started_by
            and self._forks == forks_so_far()
        )

    async def _use_running_loop(self) -> None:
        """Raise ManagerStateError unless the manager may be awaited here; start it if needed."""
        self._check_alive()
        loop = asyncio.get_running_loop()
        self._check_loop()
        if self._loop is not loop or self._starting is None:
            self._move_to(loop)
        starting = self._starting
        if starting is None:
            return
        try:
            await asyncio.shield(starting)
        except JournalError:
            self._starting = None  # the next use tries again
            raise
        if self._inbox is not None:
            await self._inbox.let_go_before()
        self._started_on = loop
        self._started_by = get_ident()

    def _move_to(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._started_on = None
        self._sessions = Sessions(self._journal, self._limits)
        self._inbox = Inbox(self._journal, self._limits.backlog_events, self._composer.take_back)
        self._starting = loop.create_task(self._start_journal())

    async def _start_journal(self) -> None:
        await self._journal.start(self._sessions.hub.deliver)
        orphans = Orphans(self._journal, self._composer.compose)
        try:
            await self._journal.join(self._server)
            await orphans.close()
        except BaseException:
            await self._journal.aclose()  # the next use begins anew
            raise
        if self._journal.lease is not None:
            self._watch = asyncio.create_task(orphans.close_forever(self._journal.lease / 2))

    def _check_loop(self) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is not None and self._loop is not loop and self._loop.is_running():
            raise WrongLoopError("this manager runs on another event loop; use emit_threadsafe")

    def _check_alive(self) -> None:
        if self.forked:
            raise ForkedError("this manager was made before fork; make one in this process")
        if self._closed:
            raise ManagerClosedError("the manager is closed")


def _is_stuck(task: asyncio.Task[None]) -> bool:
    """Whether its loop ended before it did."""
    return not task.done() and task.get_loop() is not asyncio.get_running_loop()
