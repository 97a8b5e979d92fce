"""The WebSocket endpoint as ASGI messages: accept, read, write, close."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Protocol

from unified_runtime.admission import Admission, Opens, RefusedError
from unified_runtime.connection import Connection
from unified_runtime.errors import ManagerStateError
from unified_runtime.handshake import Authenticate, handshake_of_scope, subprotocol_to_accept
from unified_runtime.protocol.frames import Resume
from unified_runtime.sinks import YIELD_EVERY

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Read = Callable[[], Awaitable[str | bytes | None]]
"""The client's next text; None when it is gone."""


class Serves(Opens, Protocol):
    """The part of the manager that an endpoint needs."""

    async def serve(self, connection: Connection, read: Read, resume: Resume | None) -> None: ...


class AsgiSink:
    """An ASGI connection: where its writer writes, and its reader reads."""

    __slots__ = ("_accepted", "_clock", "_receive", "_send", "_subprotocol", "writing_since")

    immediate = False

    def __init__(
        self, receive: Receive, send: Send, subprotocol: str | None, *, accepted: bool
    ) -> None:
        self._receive = receive
        self._send = send
        self._subprotocol = subprotocol
        self._accepted = accepted
        self._clock = asyncio.get_running_loop().time
        self.writing_since: float | None = None

    async def accept(self) -> None:
        if not self._accepted:
            self._accepted = True
            await self._send({"type": "websocket.accept", "subprotocol": self._subprotocol})

    def write(self, frames: list[bytes]) -> bool:
        return not frames

    async def send(self, frames: list[bytes]) -> None:
        send, clock, left = self._send, self._clock, YIELD_EVERY
        for frame in frames:
            self.writing_since = clock()  # a peer that takes some of them is not stalled
            await send({"type": "websocket.send", "text": frame.decode()})
            left -= 1
            if not left:
                left = YIELD_EVERY
                await asyncio.sleep(0)  # a socket with room in its buffer never suspends
        self.writing_since = None

    async def close(self, code: int, reason: str) -> None:
        await self._send({"type": "websocket.close", "code": code, "reason": reason})

    async def read(self) -> str | bytes | None:
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            return None
        text: str | None = message.get("text")
        return text if text is not None else bytes(message["bytes"])

    async def first_message(self) -> str | bytes:
        """Lets the client in so far that it can send one."""
        await self.accept()
        text = await self.read()
        if text is None:
            raise _GoneError
        return text


class _GoneError(Exception):
    """The client left before it was let in."""


class Endpoint:
    """`await endpoint(scope, receive, send)` serves one connection to its close.

    It accepts the connection itself unless the caller says that it is `accepted`. A refused client
    is accepted and then closed with its code, because a browser cannot see why a handshake failed
    and would try again for ever. Returns when the connection has ended, whoever ended it; cancelled,
    it ends the connection, and nothing that is journaled is lost.
    """

    def __init__(
        self,
        manager: Serves,
        authenticate: Authenticate,
        *,
        origins: Iterable[str] | None = None,
    ) -> None:
        self._manager = manager
        self._admission = Admission(manager, authenticate, origins=origins)

    async def __call__(
        self, scope: Scope, receive: Receive, send: Send, *, accepted: bool = False
    ) -> None:
        handshake = handshake_of_scope(scope)
        subprotocol = subprotocol_to_accept(handshake.subprotocols)
        sink = AsgiSink(receive, send, subprotocol, accepted=accepted)
        if not accepted:
            await receive()  # websocket.connect
        try:
            user_id, resume = await self._admission.admit(handshake, sink.first_message)
            connection = await self._admission.open(user_id, sink, handshake.address)
        except RefusedError as refusal:
            await sink.accept()
            await sink.close(int(refusal.code), refusal.code.reason)
        except _GoneError:
            return
        else:
            await self._serve(sink, connection, resume)

    async def _serve(self, sink: AsgiSink, connection: Connection, resume: Resume | None) -> None:
        """The client is told that it is connected once it is: no event after that passes it by."""
        try:
            await sink.accept()
            await self._manager.serve(connection, sink.read, resume)
        finally:
            connection.ended()


def is_accepted(websocket: Any) -> bool:
    """Whether the caller of a Starlette-shaped websocket has awaited its `accept`."""
    state = getattr(websocket, "application_state", None)
    return getattr(state, "name", None) == "CONNECTED"


def known_or_authenticated(user_id: str | None, authenticate: Authenticate | None) -> Authenticate:
    if user_id is not None:
        return lambda _: user_id
    if authenticate is None:
        raise ManagerStateError("serve_connection needs `user_id` or `authenticate`")
    return authenticate


async def read_all(read: Read, connection: Connection) -> None:
    while (text := await read()) is not None:
        connection.receive(text)
