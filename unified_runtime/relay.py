"""Sends to sockets that can only be awaited, without a switch of tasks for each."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable
from contextvars import Context
from typing import Protocol

_MANY = 512
"""Connections due, or sent to without a pause, from which on whoever emits keeps its turn: each end of
one costs a round of the loop, and a connection that is due several events is sent them at once."""

_FEW = 6
"""Connections due for which, but for the first after a pause, nobody gives up its turn."""

_PAUSE = 0.0005
"""Seconds without a send after which little goes on."""


class Due(Protocol):
    """The part of a connection that the relay needs; `due` is the relay's own note."""

    due: bool

    def begin_send(self, task: "asyncio.Task[None]") -> Awaitable[None] | None:
        """What `task` has to await, if anything; then `end_send` has to follow."""
        ...

    def end_send(self, error: BaseException | None) -> None: ...


class Relay:
    """One task sends for all connections that are due. If a socket makes it wait, it stays with that
    one, and in the next round of the loop another task goes on with the rest. A task that has sent
    all is kept for the next, as a new one costs more than a send.

    Used on one event loop. The tasks run in an empty context, because they serve everybody.
    """

    def __init__(self) -> None:
        self._due: deque[Due] = deque()
        self._round = 0
        self._loop: asyncio.AbstractEventLoop | None = None
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
        since, due = self._since_pause, len(self._due)
        self.pressing = not since or (since <= due and _FEW <= due < _MANY)

    def _begin(self) -> None:
        loop = self._loop = self._loop or asyncio.get_running_loop()
        idle, self._idle = self._idle, None
        if idle is None or idle.done():
            self._task = loop.create_task(self._send_forever(loop), context=Context())
        else:
            idle.set_result(None)
        loop.call_soon(self._go_on)

    async def _send_forever(self, loop: asyncio.AbstractEventLoop) -> None:
        """Until it has waited for a socket, or another has nothing to do either."""
        task, due = asyncio.current_task(), self._due  # an eager one runs before its maker knows it
        assert task is not None
        while True:
            now = self._round
            self._since_pause += len(due)
            self.pressing = False
            while due and self._round == now:
                connection = due.popleft()
                connection.due = False
                sending = connection.begin_send(task)
                if sending is None:
                    continue
                try:
                    await sending
                except BaseException as error:
                    connection.end_send(error)
                    if isinstance(error, asyncio.CancelledError):
                        raise
                else:
                    connection.end_send(None)
            self._sent_at = time.monotonic()
            if self._round != now or (self._idle is not None and not self._idle.done()):
                return
            self._idle = loop.create_future()
            await self._idle

    def stop(self) -> None:
        """Let go of the task that is kept; nothing may be due any more."""
        if self._idle is not None:
            self._idle.cancel()

    def _go_on(self) -> None:
        """The task has had its turn: what is left stands behind a socket that it waits for."""
        self._round += 1
        if self._due:
            self._begin()
