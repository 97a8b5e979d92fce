"""The WebSocket endpoint as ASGI messages: accept, authenticate, read, close."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import replace
from typing import Any, Protocol

from unified_runtime.close_codes import CloseCode
from unified_runtime.connection import Transport
from unified_runtime.errors import ConnectionRefusedByLimitError, ProtocolError
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

    async def serve(
        self,
        user_id: str,
        transport: Transport,
        read: Read,
        *,
        resume: Resume | None = None,
        address: str | None = None,
    ) -> None: ...


class AsgiTransport:
    """A socket as the connection's writer sees it."""

    __slots__ = ("_send",)

    def __init__(self, send: Send) -> None:
        self._send = send

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
        transport = AsgiTransport(send)
        await receive()  # websocket.connect
        await send(
            {
                "type": "websocket.accept",
                "subprotocol": subprotocol_to_accept(handshake.subprotocols),
            }
        )
        try:
            user_id, resume = await self._admit(handshake, receive)
            await self._manager.serve(
                user_id, transport, _texts(receive), resume=resume, address=handshake.address
            )
        except RefusedError as refusal:
            await transport.close(int(refusal.code), refusal.code.reason)
        except ConnectionRefusedByLimitError:
            code = CloseCode.TOO_MANY_CONNECTIONS
            await transport.close(int(code), code.reason)
        except _GoneError:
            return

    async def _admit(self, handshake: Handshake, receive: Receive) -> tuple[str, Resume | None]:
        if not origin_allowed(handshake.origin, self._origins):
            raise RefusedError(CloseCode.FORBIDDEN)
        if self._manager.closed:
            raise RefusedError(CloseCode.GOING_AWAY)
        try:
            resume = resume_from_query(handshake.query)
        except ProtocolError as error:
            raise RefusedError(CloseCode(error.code)) from None
        user_id = await _user(self._authenticate, handshake)
        if user_id is None and handshake.token is None:
            token = await _token_from_first_message(receive, self._manager.limits)
            user_id = await _user(self._authenticate, replace(handshake, token=token))
        if user_id is None:
            raise RefusedError(CloseCode.BAD_CREDENTIALS)
        return user_id, resume


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
