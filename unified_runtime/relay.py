"""Sends to sockets that can only be awaited, without a switch of tasks for each."""

import asyncio
import time
from collections import deque
from contextvars import Context
from typing import Protocol

_MANY = 512
"""Connections due, or sent to without a pause, from which on whoever emits keeps its turn: each end of
one costs a round of the loop, and a connection that is due several events is sent them at once."""

_PAUSE = 0.0005
"""Seconds without a send after which little goes on."""


class Due(Protocol):
    """The part of a connection that the relay needs; `due` is the relay's own note."""

    due: bool

    async def send_due(self, task: "asyncio.Task[None]") -> None: ...


class Relay:
    """One task sends for all connections that are due. If a socket makes it wait, it stays with that
    one, and in the next round of the loop another task goes on with the rest. A task that has sent
    all is kept for the next, as a new one costs more than a send.

    Used on one event loop. The tasks run in an empty context, because they serve everybody.
    """

    def __init__(self) -> None:
        self._due: deque[Due] = deque()
        self._round = 0
        self._task: asyncio.Task[None] | None = None
        self._idle: asyncio.Future[None] | None = None
        """What the task that is kept waits for; one that waits for a socket is held by its connection."""
        self._since_pause = 0
        self._sent_at = 0.0
        self.pressing = False
        """Whether whoever emits should give up its turn: for the first event after a pause, and then
        whenever as much is due as was sent, so that few events wait for those made behind them."""

    def add(self, connection: Due) -> None:
        """It must not be `due` already."""
        connection.due = True
        if not self._due:
            if time.monotonic() - self._sent_at > _PAUSE:
                self._since_pause = 0
            self._begin()
        self._due.append(connection)
        self.pressing = self._since_pause <= len(self._due) < _MANY

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        idle, self._idle = self._idle, None
        if idle is None or idle.done():
            self._task = loop.create_task(self._send_forever(loop), context=Context())
        else:
            idle.set_result(None)
        loop.call_soon(self._go_on)

    async def _send_forever(self, loop: asyncio.AbstractEventLoop) -> None:
        """Until another task has nothing to do either."""
        task = asyncio.current_task()  # an eager one runs before its maker knows it
        assert task is not None
        while True:
            await self._send(task)
            if self._idle is not None and not self._idle.done():
                return
            self._idle = loop.create_future()
            await self._idle

    async def _send(self, task: asyncio.Task[None]) -> None:
        now, due = self._round, self._due
        self._since_pause += len(due)
        self.pressing = False
        while due and self._round == now:
            connection = due.popleft()
            connection.due = False
            await connection.send_due(task)
        self._sent_at = time.monotonic()

    def stop(self) -> None:
        """Let go of the task that is kept; nothing may be due any more."""
        if self._idle is not None:
            self._idle.cancel()

    def _go_on(self) -> None:
        """The task has had its turn: what is left stands behind a socket that it waits for."""
        self._round += 1
        if self._due:
            self._begin()
