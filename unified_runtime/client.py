"""A Python client that reconnects and resumes, so that its reader sees every event once."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec

from unified_runtime.errors import UnifiedRuntimeError
from unified_runtime.events import PAYLOADS, Payload
from unified_runtime.extras import needs_extra

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection


def _websockets() -> ModuleType:
    try:
        import websockets.asyncio.client  # noqa: PLC0415 - the base install has no sockets
        import websockets.exceptions  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise needs_extra("connect", "asgi", error) from None
    return websockets


_log = logging.getLogger(f"{__name__}.websockets")
_log.setLevel(logging.INFO)  # at DEBUG the library writes headers, and with them the token

T = TypeVar("T")

Token = str | Callable[[], str | Awaitable[str]]
"""One that expires is given as what makes or fetches it, which is called for each connection."""

_READY_WITHIN = 30.0
"""Seconds for `ready` after the handshake: more than a server takes to authenticate, and no proxy that
accepts for a server that hangs is waited for for ever."""

_PING_EVERY = 20.0
"""Seconds between signs of life, so that a server on any shell finds a half-open connection."""


class Event(msgspec.Struct, frozen=True):
    """One event of the stream. `timestamp` is ISO 8601 in UTC."""

    type: str
    seq: int
    stream: str
    timestamp: str
    user_id: str
    thread_id: str | None
    run_id: str | None
    data: dict[str, Any]

    @property
    def payload(self) -> Payload:
        """The typed data of a critical event; KeyError for other types."""
        return msgspec.convert(self.data, PAYLOADS[self.type])


class Gap(msgspec.Struct, frozen=True, rename={"first": "from", "last": "to"}):
    """History that the server no longer has: events `first` to `last` will not come."""

    first: int
    last: int
    reason: Literal["trimmed", "new_stream"]


class _Ready(msgspec.Struct):
    stream: str
    seq: int
    resumed: bool


class _Kind(msgspec.Struct):
    type: str


class ConnectionRefusedByServerError(UnifiedRuntimeError):
    """The server closed with a code that means: do not reconnect."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class BrokenStreamError(UnifiedRuntimeError):
    """The server sent a number that does not follow, or no frame of the wire: not to be read over."""


def _read(text: str | bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BrokenStreamError(f"no {kind.__name__.strip('_').lower()}: {error}") from None


class Position:
    """Numbers in, a verdict out: the client's own check that nothing is missing or repeated."""

    def __init__(self, stream: str = "", seq: int | None = None) -> None:
        self.stream = stream
        self.seq = seq

    def ready(self, stream: str, seq: int) -> None:
        if self.seq is None or self.stream != stream:
            self.stream, self.seq = stream, seq

    def skip(self, gap: Gap) -> None:
        self.seq = gap.last

    def take(self, seq: int) -> bool:
        """Whether event `seq` is new; raises BrokenStreamError when one before it is missing."""
        expected = (self.seq or 0) + 1
        if seq > expected:
            raise BrokenStreamError(f"expected event {expected}, got {seq}")
        if seq < expected:
            return False
        self.seq = seq
        return True


def backoff(attempt: int, first: float, most: float, draw: Callable[[], float]) -> float:
    """Full jitter: uniform between 0 and the exponential bound, so that clients spread out."""
    return draw() * min(most, first * 2.0 ** min(attempt, 64))


class Stream:
    """An async iterator of Event and Gap. Made by `connect`."""

    def __init__(
        self,
        url: str,
        *,
        token: Token | None,
        position: Position,
        first_delay: float,
        max_delay: float,
        max_attempts: int | None,
    ) -> None:
        self._url = url
        self._token = token
        self._position = position
        self._delays = (first_delay, max_delay)
        self._max_attempts = max_attempts
        self._socket: ClientConnection | None = None
        self._heartbeat: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()
        self._attempt = 0
        """Connections in a row that brought nothing."""
        self.reconnects = 0

    @property
    def position(self) -> tuple[str, int | None]:
        """(stream, seq) to give to `connect` in a later process."""
        return self._position.stream, self._position.seq

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Ends the iteration. Safe to call twice."""
        self._closing.set()
        await self._leave()

    async def _leave(self) -> None:
        self._stop_heartbeat()
        if self._socket is not None:
            await self._socket.close()

    def _stop_heartbeat(self) -> None:
        if self._heartbeat is not None:
            self._heartbeat.cancel()
            self._heartbeat = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event | Gap:
        """Ends soon after `aclose`. Raises ConnectionRefusedByServerError, BrokenStreamError, and
        OSError once `max_attempts` in a row have failed. Cancelled, it has taken nothing, and may be
        awaited again."""
        closed = _websockets().exceptions.ConnectionClosed
        while not self._closing.is_set():
            if self._socket is None:
                await self._reopen()
            socket = self._socket
            if socket is None:
                break
            try:
                text = await socket.recv()
            except closed:
                self._check_close(socket)
                self._socket = None
                continue
            item = self._item(text)
            if item is not None:
                return item
        raise StopAsyncIteration

    def _item(self, text: str | bytes) -> Event | Gap | None:
        self._attempt = 0
        kind = _read(text, _Kind).type
        if kind == "gap":
            gap = _read(text, Gap)
            self._position.skip(gap)
            return gap
        if kind == "ready":  # the numbering began anew under a live connection
            ready = _read(text, _Ready)
            self._position.ready(ready.stream, ready.seq)
        elif kind != "pong":
            event = _read(text, Event)
            if self._position.take(event.seq):
                return event
        return None

    def _check_close(self, socket: "ClientConnection") -> None:
        code = socket.close_code or 1006
        if 4400 <= code < 4500:
            raise ConnectionRefusedByServerError(code, socket.close_reason or "")

    async def _open(self) -> None:
        """Connect and read `ready`, so that from here on no event can be missed."""
        websockets = _websockets()
        socket = await websockets.asyncio.client.connect(
            self._url_with_position(),
            additional_headers=await self._headers(),
            compression=None,
            logger=_log,
            close_timeout=1.0,
            max_size=None,  # the server's limit counts; an event over one of ours would never come
        )
        self._socket = socket
        try:
            if self._position.seq is None:
                await socket.send('{"type":"ping"}')  # no `resume` will come: do not wait for it
            async with asyncio.timeout(_READY_WITHIN):
                ready = _read(await socket.recv(), _Ready)
        except TimeoutError:
            await self._leave()
            raise TimeoutError(f"no `ready` within {_READY_WITHIN:g} s") from None
        except websockets.exceptions.ConnectionClosed as error:
            self._check_close(socket)
            raise ConnectionResetError("closed before it was ready") from error
        except BaseException:
            await self._leave()
            raise
        self._position.ready(ready.stream, ready.seq)
        self._stop_heartbeat()
        self._heartbeat = asyncio.create_task(_ping_forever(socket))

    async def _headers(self) -> dict[str, str]:
        token = self._token() if callable(self._token) else self._token
        if isinstance(token, Awaitable):
            token = await token
        return {"Authorization": f"Bearer {token}"} if token else {}

    async def _reopen(self) -> None:
        failed = 0
        while not await self._closed_within(backoff(self._attempt, *self._delays, random.random)):
            self._attempt += 1
            self.reconnects += 1
            try:
                await self._open()
            except (OSError, _websockets().exceptions.InvalidHandshake, TimeoutError):
                failed += 1
                if self._max_attempts is not None and failed >= self._max_attempts:
                    raise
            else:
                break
        if self._closing.is_set():
            await self._leave()  # `aclose` may have come while it was opened

    async def _closed_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)
        return self._closing.is_set()

    def _url_with_position(self) -> str:
        if self._position.seq is None:
            return self._url
        parts = urlsplit(self._url)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        query |= {"stream": self._position.stream, "seq": str(self._position.seq)}
        return urlunsplit(parts._replace(query=urlencode(query)))


async def _ping_forever(socket: "ClientConnection") -> None:
    """Until the socket closes. That the server is gone is found by the library's own pings."""
    with suppress(_websockets().exceptions.ConnectionClosed):
        while True:
            await asyncio.sleep(_PING_EVERY)
            await socket.send('{"type":"ping"}')


def connect(
    url: str,
    *,
    token: Token | None = None,
    stream: str = "",
    seq: int | None = None,
    first_delay: float = 0.1,
    max_delay: float = 30.0,
    max_attempts: int | None = None,
) -> Stream:
    """`async with connect(url) as events: async for event in events: …`

    Reconnects with exponential backoff and full jitter between `first_delay` and `max_delay`
    seconds, and resumes behind the last event that the iteration took. Give `stream` and `seq`
    to go on where an earlier `Stream.position` stood, `seq=0` for all that is kept; without them it
    starts behind what the user's connections were given before. The first
    connection is not retried: a wrong URL or token should be heard at once. A `token` that expires
    is given as a function, async or not, which is called for each connection; if it raises OSError,
    that connection has failed and the next is tried, anything else ends the iteration.
    """
    return Stream(
        url,
        token=token,
        position=Position(stream, seq),
        first_delay=first_delay,
        max_delay=max_delay,
        max_attempts=max_attempts,
    )
