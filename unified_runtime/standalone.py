"""The WebSocket server without a framework, on picows: frames of one turn go out in one write."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any

from unified_runtime.admission import Admission, RefusedError
from unified_runtime.close_codes import CloseCode
from unified_runtime.connection import Connection
from unified_runtime.extras import needs_extra
from unified_runtime.handshake import (
    Authenticate,
    Handshake,
    make_handshake,
    subprotocol_to_accept,
)
from unified_runtime.health import Health
from unified_runtime.manager import UnifiedWebSocketManager

try:
    from picows import (
        WSCloseCode,
        WSFrame,
        WSListener,
        WSMsgType,
        WSTransport,
        WSUpgradeRequest,
        WSUpgradeResponse,
        WSUpgradeResponseWithListener,
        ws_create_server,
    )
except ModuleNotFoundError as error:
    raise needs_extra("the standalone server", "server", error) from None

_CLOSE_TIMEOUT = 1.0
"""Seconds for a refused client to answer the close frame; it is cut then."""

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: on, and no time at all. Closing then sends RST and throws away what was not sent."""

_PING_AFTER = 20.0
"""Seconds of silence before a ping, and again until a connection without answer is dropped."""


def _header(size: int) -> bytes:
    """Of an unmasked text frame (RFC 6455, 5.2)."""
    if size < 126:
        return bytes((0x81, size))
    if size < 65536:
        return b"\x81\x7e" + size.to_bytes(2, "big")
    return b"\x81\x7f" + size.to_bytes(8, "big")


_HEADERS = [_header(size) for size in range(2048)]


class PicowsSink:
    """Frames go to the socket's transport as they are; its flow control says when to wait."""

    __slots__ = ("_drained", "_left", "_paused", "_reading", "_socket", "_transport", "closing")

    immediate = True

    def __init__(self, transport: WSTransport) -> None:
        self._transport = transport
        self._socket = transport.underlying_transport
        self._drained: asyncio.Future[None] | None = None
        self._reading = True
        self.closing = False
        self._paused: float | None = None
        """Since when the peer has taken nothing of what is left; None while it keeps up."""
        self._left = 0

    @property
    def writing_since(self) -> float | None:
        """A peer that took something since this was asked last is not stalled."""
        if self._paused is not None:
            left = self._socket.get_write_buffer_size()
            if left < self._left:
                self._left, self._paused = left, asyncio.get_running_loop().time()
        return self._paused

    def write(self, frames: list[bytes]) -> bool:
        if self._paused is not None:
            return False
        parts = []
        for frame in frames:
            size = len(frame)
            parts.append(_HEADERS[size] if size < 2048 else _header(size))
            parts.append(frame)
        self._socket.write(b"".join(parts))
        return True

    async def send(self, frames: list[bytes]) -> None:
        if self._paused is not None:
            self._drained = asyncio.get_running_loop().create_future()
            try:
                await self._drained
            finally:
                self._drained = None
        self.write(frames)

    async def close(self, code: int, reason: str) -> None:
        """Returns when the peer has answered or is gone. A stalled one would not take the close frame
        either. Where it is closed for that it is reset, so that it learns of it before it has read
        what the kernel still holds: all of that comes again."""
        if self._paused is not None:
            if code == CloseCode.SLOW_CONSUMER:
                held = self._socket.get_extra_info("socket")
                held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self._socket.abort()
            return
        payload = code.to_bytes(2, "big") + reason.encode()
        self._socket.write(bytes((0x88, len(payload))) + payload)
        self.closing = True
        try:
            await self._transport.wait_disconnected()
        finally:
            self._transport.disconnect()

    def pause_reading(self) -> None:
        self._reading = False
        self._socket.pause_reading()

    def resume_reading(self) -> None:
        if not self._reading:
            self._reading = True
            self._socket.resume_reading()

    def pause(self) -> None:
        self._paused = asyncio.get_running_loop().time()
        self._left = self._socket.get_write_buffer_size()

    def resume(self) -> None:
        self._paused = None
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)


class _Client(WSListener):
    """One connection: callbacks of the library on one side, the manager on the other."""

    def __init__(self, server: "StandaloneServer") -> None:
        self._server = server
        self._sink: PicowsSink | None = None
        self._connection: Connection | None = None
        self._task: asyncio.Task[None] | None = None
        self._first_message: asyncio.Future[str | bytes] | None = None
        self._early: list[bytes] = []
        self._partial = b""

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._sink = PicowsSink(transport)
        arriving = asyncio.create_task(self._admit(self._sink, _handshake(transport)))
        self._server.arriving.add(arriving)
        arriving.add_done_callback(self._server.arriving.discard)
        if (
            self._task is None
        ):  # a task that ran at once, as eager ones do, has its writer here by now
            self._task = arriving

    async def _admit(self, sink: PicowsSink, handshake: Handshake) -> None:
        admission = self._server.admission
        try:
            user_id, resume = await admission.admit(handshake, self._next_message)
            connection = await admission.open(user_id, sink, handshake.address)
        except RefusedError as refusal:
            with suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_TIMEOUT):
                    await sink.close(int(refusal.code), refusal.code.reason)
            return
        self._connection = connection
        self._task = self._server.manager.start_writer(
            connection, resume, wait_for_frame=resume is None
        )
        for text in self._early:
            connection.receive(text)
        self._early.clear()
        sink.resume_reading()

    async def _next_message(self) -> str | bytes:
        if self._early:
            return self._early.pop(0)
        self._first_message = asyncio.get_running_loop().create_future()
        return await self._first_message

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        if kind == WSMsgType.CLOSE:
            if self._sink is None or not self._sink.closing:
                transport.send_close(WSCloseCode.OK)
            transport.disconnect()
        elif kind in (WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION):
            self._take(frame.get_payload_as_bytes(), ended=frame.fin)

    def _take(self, part: bytes, *, ended: bool) -> None:
        text = self._partial + part
        limit = self._server.admission.limits.frame_bytes
        self._partial = b"" if ended else text
        if not ended and len(text) <= limit:
            return
        if self._connection is not None:
            self._connection.receive(text)
        elif self._first_message is not None and not self._first_message.done():
            self._first_message.set_result(text)
        else:
            self._early.append(text)
            if self._sink is not None and sum(map(len, self._early)) > limit:
                self._sink.pause_reading()  # until the client is let in

    def on_ws_disconnected(self, transport: WSTransport) -> None:  # noqa: ARG002 - the library calls it so
        if self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        if self._sink is not None:
            self._sink.pause()

    def resume_writing(self) -> None:
        if self._sink is not None:
            self._sink.resume()


def _handshake(transport: WSTransport) -> Handshake:
    request = transport.request
    path, _, query = request.path.decode("latin-1").partition("?")
    headers = {name.lower(): value for name, value in request.headers.items()}
    offered = headers.get("sec-websocket-protocol", "")
    peer = transport.underlying_transport.get_extra_info("peername")
    return make_handshake(
        path=path,
        headers=headers,
        query_string=query,
        subprotocols=tuple(name.strip() for name in offered.split(",") if name.strip()),
        address=peer[0] if isinstance(peer, tuple) else None,
    )


class StandaloneServer:
    """`/ws` for WebSockets and `/health` for whoever asks."""

    def __init__(
        self,
        manager: UnifiedWebSocketManager,
        authenticate: Authenticate,
        *,
        origins: Iterable[str] | None = None,
        path: str = "/ws",
        metrics: bool = False,
    ) -> None:
        self._health = Health(manager, metrics=metrics)
        self.admission = Admission(manager, authenticate, origins=origins)
        self.arriving: set[asyncio.Task[None]] = set()
        self.manager = manager
        self._path = path

    def answer(self, request: WSUpgradeRequest) -> Any:
        """What the library is to do with a request: a listener, or an HTTP response."""
        path = request.path.partition(b"?")[0].decode("latin-1")
        if path == self._path:
            return self._with_subprotocol(request)
        answer = self._health.answer(path)
        if answer.status == 200:
            headers = {"Content-Type": answer.content_type}
            response = WSUpgradeResponse.create_ok_response(answer.body, headers)
        else:
            response = WSUpgradeResponse.create_error_response(answer.status)
        return WSUpgradeResponseWithListener(response, None)

    def _with_subprotocol(self, request: WSUpgradeRequest) -> Any:
        client = _Client(self)
        offered = request.headers.get("Sec-WebSocket-Protocol", "")
        chosen = subprotocol_to_accept(name.strip() for name in offered.split(",") if name.strip())
        if chosen is None:
            return client
        response = WSUpgradeResponse.create_101_response({"Sec-WebSocket-Protocol": chosen})
        return WSUpgradeResponseWithListener(response, client)


@asynccontextmanager
async def standalone_server(
    manager: UnifiedWebSocketManager,
    *,
    authenticate: Authenticate,
    host: str = "127.0.0.1",
    port: int = 0,
    path: str = "/ws",
    origins: Iterable[str] | None = None,
    metrics: bool = False,
) -> AsyncIterator[int]:
    """Serves while the block runs; yields the port. Closes the manager at its end."""
    serving = StandaloneServer(manager, authenticate, origins=origins, path=path, metrics=metrics)
    await manager.start()
    server = await ws_create_server(
        serving.answer,
        host,
        port,
        enable_auto_ping=True,
        auto_ping_idle_timeout=_PING_AFTER,
        auto_ping_reply_timeout=_PING_AFTER,
        max_frame_size=2 * manager.limits.frame_bytes,
        read_buffer_init_size=1024,
        backlog=1024,
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await manager.aclose()
        for task in serving.arriving:
            task.cancel()
        if serving.arriving:
            await asyncio.wait(serving.arriving)
