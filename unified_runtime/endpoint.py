"""The WebSocket endpoint as ASGI messages: accept, authenticate, read, close."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import replace
from typing import Any, Protocol

from unified_runtime.close_codes import CloseCode
from unified_runtime.connection import Connection, Transport
from unified_runtime.errors import (
    ConnectionRefusedByLimitError,
    JournalError,
    ManagerClosedError,
    ProtocolError,
)
from unified_runtime.handshake import (
    Authenticate,
    Handshake,
    handshake_of_scope,
    origin_allowed,
    subprotocol_to_accept,
)
from unified_runtime.limits import Limits
from unified_runtime.protocol.frames import Auth, Resume, parse_client_frame, resume_from_query

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


Read = Callable[[], Awaitable[str | bytes | None]]
"""The client's next text; None when it is gone."""


class Serves(Protocol):
    """The part of the manager that an endpoint needs."""

    @property
    def closed(self) -> bool: ...

    @property
    def limits(self) -> Limits: ...

    async def open_connection(
        self, user_id: str, transport: Transport, *, address: str | None = None
    ) -> Connection: ...

    async def serve(self, connection: Connection, read: Read, resume: Resume | None) -> None: ...


class AsgiTransport:
    """A socket as the connection's writer sees it."""

    __slots__ = ("_send", "accepted")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.accepted = False

    async def accept(self, subprotocol: str | None) -> None:
        if not self.accepted:
            self.accepted = True
            await self._send({"type": "websocket.accept", "subprotocol": subprotocol})

    async def send_text(self, data: str) -> None:
        await self._send({"type": "websocket.send", "text": data})

    async def close(self, code: int, reason: str) -> None:
        await self._send({"type": "websocket.close", "code": code, "reason": reason})


class RefusedError(Exception):
    """The handshake ends here; `code` says why."""

    def __init__(self, code: CloseCode) -> None:
        super().__init__(code.reason)
        self.code = code


class _GoneError(Exception):
    """The client left before it was let in."""


class Endpoint:
    """`await endpoint(scope, receive, send)` serves one connection from accept to close.

    A refused client is accepted and then closed with its code, because a browser cannot see why
    a handshake failed and would try again for ever.
    """

    def __init__(
        self,
        manager: Serves,
        authenticate: Authenticate,
        *,
        origins: Iterable[str] | None = None,
    ) -> None:
        self._manager = manager
        self._authenticate = authenticate
        self._origins = frozenset(origins) if origins is not None else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        handshake = handshake_of_scope(scope)
        subprotocol = subprotocol_to_accept(handshake.subprotocols)
        transport = AsgiTransport(send)
        await receive()  # websocket.connect
        try:
            await self._serve(handshake, transport, receive, subprotocol)
        except RefusedError as refusal:
            await transport.accept(subprotocol)
            await transport.close(int(refusal.code), refusal.code.reason)
        except _GoneError:
            return

    async def _serve(
        self,
        handshake: Handshake,
        transport: AsgiTransport,
        receive: Receive,
        subprotocol: str | None,
    ) -> None:
        """The client is told that it is connected once it is: no event after that passes it by."""
        resume = self._check(handshake)
        user_id = await _user(self._authenticate, handshake)
        if user_id is None and handshake.token is None:
            await transport.accept(subprotocol)
            token = await _token_from_first_message(receive, self._manager.limits)
            user_id = await _user(self._authenticate, replace(handshake, token=token))
        if user_id is None:
            raise RefusedError(CloseCode.BAD_CREDENTIALS)
        connection = await self._open(user_id, transport, handshake.address)
        try:
            await transport.accept(subprotocol)
            await self._manager.serve(connection, _texts(receive), resume)
        finally:
            connection.ended()

    async def _open(
        self, user_id: str, transport: AsgiTransport, address: str | None
    ) -> Connection:
        try:
            return await self._manager.open_connection(user_id, transport, address=address)
        except ConnectionRefusedByLimitError:
            raise RefusedError(CloseCode.TOO_MANY_CONNECTIONS) from None
        except ManagerClosedError:
            raise RefusedError(CloseCode.GOING_AWAY) from None
        except JournalError:
            raise RefusedError(CloseCode.JOURNAL_UNAVAILABLE) from None

    def _check(self, handshake: Handshake) -> Resume | None:
        if not origin_allowed(handshake.origin, self._origins):
            raise RefusedError(CloseCode.FORBIDDEN)
        if self._manager.closed:
            raise RefusedError(CloseCode.GOING_AWAY)
        try:
            return resume_from_query(handshake.query)
        except ProtocolError as error:
            raise RefusedError(CloseCode(error.code)) from None


async def _user(authenticate: Authenticate, handshake: Handshake) -> str | None:
    answer = authenticate(handshake)
    return await answer if inspect.isawaitable(answer) else answer


async def _token_from_first_message(receive: Receive, limits: Limits) -> str:
    try:
        async with asyncio.timeout(limits.authentication_timeout):
            text = await _text(receive)
    except TimeoutError:
        raise RefusedError(CloseCode.AUTHENTICATION_TIMEOUT) from None
    try:
        frame = parse_client_frame(text, limits.frame_bytes)
    except ProtocolError as error:
        raise RefusedError(CloseCode(error.code)) from None
    if not isinstance(frame, Auth):
        raise RefusedError(CloseCode.BAD_CREDENTIALS)
    return frame.token


async def _text(receive: Receive) -> str | bytes:
    message = await receive()
    if message["type"] == "websocket.disconnect":
        raise _GoneError
    text: str | bytes | None = message.get("text")
    return text if text is not None else bytes(message["bytes"])


def _texts(receive: Receive) -> Read:
    async def read() -> str | bytes | None:
        try:
            return await _text(receive)
        except _GoneError:
            return None

    return read
