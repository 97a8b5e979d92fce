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
    one, and in the next round of the loop another task goes on with the rest.

    Used on one event loop. The tasks run in an empty context, because they serve everybody.
    """

    def __init__(self) -> None:
        self._due: deque[Due] = deque()
        self._round = 0
        self._task: asyncio.Task[None] | None = None
        """The newest; one that waits is held by the connection that it waits for."""
        self._since_pause = 0
        self._sent_at = 0.0
        self.pressing = False
        """Whether whoever emits should give up its turn: for the first event after a pause, and then
        whenever as much is due as was sent, so that few events wait for those made behind them."""

    def add(self, connection: Due) -> None:
        if connection.due:
            return
        connection.due = True
        if not self._due:
            if time.monotonic() - self._sent_at > _PAUSE:
                self._since_pause = 0
            self._begin()
        self._due.append(connection)
        self.pressing = self._since_pause <= len(self._due) < _MANY

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        self._task = loop.create_task(self._send(), context=Context())
        loop.call_soon(self._go_on)

    async def _send(self) -> None:
        task, now, due = asyncio.current_task(), self._round, self._due
        assert task is not None
        self._since_pause += len(due)
        self.pressing = False
        while due and self._round == now:
            connection = due.popleft()
            connection.due = False
            await connection.send_due(task)
        self._sent_at = time.monotonic()

    def _go_on(self) -> None:
        """The task has had its turn: what is left stands behind a socket that it waits for."""
        self._round += 1
        if self._due:
            self._begin()
