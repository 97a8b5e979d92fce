"""Sends to sockets that can only be awaited, without a switch of tasks for each."""

import asyncio
import time
from asyncio.tasks import _enter_task, _leave_task  # documented under "Extending asyncio"
from collections import deque
from collections.abc import Coroutine
from contextvars import Context
from functools import partial
from typing import Any, Protocol

_FEW = 64
_RATE = 15_000
"""Connections that become due at once, and then per second, from which on whoever emits leaves them to the
end of the turn until it is less again: a connection is due several events by then, and a transport that
gathers writes sends them as one. A loop that does nothing else sends 50,000 per second."""

_DEBT = 512
"""Of these, how many more count at most, so that a busy loop stays with its turns and does not go to and fro."""

Sending = Coroutine[Any, None, None]


class Due(Protocol):
    """The part of a connection that the relay needs; `due` is the relay's own note."""

    due: bool

    def begin_send(self, task: "asyncio.Task[None]") -> Sending | None:
        """What `task` has to do, if anything; then `end_send` has to follow."""
        ...

    def end_send(self, error: BaseException | None) -> None: ...


class Relay:
    """Sends at once whatever is due while that is little, else at the end of the turn. Only a send that has
    to wait for its socket is given to a task, and in the next round of the loop the rest goes on as another's.

    Used on one event loop. To what is sent it looks as if its task sent all of it: it sees neither
    whoever emitted, whom it may not cancel, nor the context of anybody, because it serves everybody.
    """

    def __init__(self) -> None:
        self.due: deque[Due] = deque()
        self._sender: _Sender | None = None
        self._sending = False
        self._soon = False
        self._room = 0.0
        self._looked_at = 0.0

    def prepare(self) -> None:
        """Have a task ready, which it is from the next round of the loop on."""
        if self._sender is None or self._sender.task.done():
            self._sender = _Sender(asyncio.get_running_loop())

    def add(self, connection: Due) -> None:
        """It must not be `due` already. It is sent to in the next round of the loop, or by `send`."""
        connection.due = True
        self._room -= 1
        self.due.append(connection)
        if not self._soon:
            self._send_soon()

    def _send_soon(self) -> None:
        self.prepare()
        if self._sender is not None:
            self._soon = True
            self._sender.loop.call_soon(self._send_now)

    def _send_now(self) -> None:
        self._soon = False
        self._send()

    def send(self) -> None:
        """What is due, if it is little: for whoever made it due."""
        now = time.monotonic()
        room = self._room + (now - self._looked_at) * _RATE
        self._room = max(-_DEBT, min(_FEW, room))
        self._looked_at = now
        if room > 0:
            self._send()

    def _send(self) -> None:
        """All that is due, up to the first that waits. Called from within a send it leaves it to that."""
        sender = self._sender
        if self._sending or sender is None or not self.due:
            return
        if not sender.ready:
            if not self._soon:
                self._send_soon()
            return
        loop, task = sender.loop, sender.task
        caller = asyncio.current_task(loop)
        self._sending = True
        if caller is not None:
            _leave_task(loop, caller)
        _enter_task(loop, task)
        try:
            sender.context.run(self._send_all, sender)
        finally:
            _leave_task(loop, task)
            if caller is not None:
                _enter_task(loop, caller)
            self._sending = False
            if not sender.ready:
                self._sender = _Sender(loop)
            if self.due and not self._soon:
                self._send_soon()

    def _send_all(self, sender: "_Sender") -> None:
        due, task = self.due, sender.task
        while due and sender.ready:
            connection = due.popleft()
            connection.due = False
            sending = connection.begin_send(task)
            if sending is None:
                continue
            try:
                waits_for = sending.send(None)
            except StopIteration:
                connection.end_send(None)
            except BaseException as error:
                connection.end_send(error)
                if not isinstance(error, Exception | asyncio.CancelledError):
                    raise
            else:
                sender.go_on(connection, sending, waits_for)

    def stop(self) -> None:
        """Let go of the task that is kept; nothing may be due any more."""
        if self._sender is not None:
            self._sender.task.cancel()


class _Sender:
    """A task that waits until it is given one send to go on with, and ends with it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.context = Context()
        self.ready = False
        self._given: tuple[Due, Sending, asyncio.Future[Any] | None] | None = None
        self._wake: asyncio.Future[None] = loop.create_future()
        self.task = loop.create_task(self._run(), context=self.context)

    def go_on(
        self, connection: Due, sending: Sending, waits_for: asyncio.Future[Any] | None
    ) -> None:
        """With a send whose first step was done, and which waits for what it said there."""
        self.ready = False
        self._given = connection, sending, waits_for
        if not self._wake.done():  # it is when the task was cancelled
            self._wake.set_result(None)

    async def _run(self) -> None:
        self.ready = True
        try:
            await self._wake
        except asyncio.CancelledError:
            if self._given is None:
                raise
            self.task.cancel()  # once more, as it is the send that has to learn of it
        finally:
            self.ready = False
        if self._given is None:
            return
        connection, sending, waits_for = self._given
        try:
            await _finish(sending, waits_for)
        except BaseException as error:
            connection.end_send(error)
            if not isinstance(error, Exception):
                raise
        else:
            connection.end_send(None)


async def _finish(sending: Sending, waits_for: asyncio.Future[Any] | None) -> None:
    while True:
        if waits_for is not None:
            waits_for._asyncio_future_blocking = False  # as a task does that takes it over
        try:
            await (asyncio.sleep(0) if waits_for is None else waits_for)
        except BaseException as error:  # noqa: BLE001 - it is the send's
            step = partial(sending.throw, error)
        else:
            step = partial(sending.send, None)
        try:
            waits_for = step()
        except StopIteration:
            return
