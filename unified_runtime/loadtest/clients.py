"""Clients that count what reaches them and can misbehave on purpose."""

import asyncio
import socket
import time
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket
from websockets.exceptions import ConnectionClosed, InvalidHandshake

_PORTS = {"ws": 80, "wss": 443}


class _Data(msgspec.Struct):
    sent_at: float | None = None
    """time.monotonic of the server process, the same clock on one machine."""


class _Frame(msgspec.Struct):
    type: str
    seq: int = 0
    stream: str = ""
    user_id: str = ""
    first: int = msgspec.field(default=0, name="from")
    last: int = msgspec.field(default=0, name="to")
    data: _Data = msgspec.field(default_factory=_Data)


@dataclass(slots=True)
class Tally:
    """What all clients together have seen."""

    delivered: int = 0
    lost: int = 0
    repeated: int = 0
    out_of_order: int = 0
    foreign: int = 0
    reconnects: int = 0
    latencies: list[float] = field(default_factory=list)
    """Seconds, of events emitted while their client was connected."""

    @property
    def clean(self) -> bool:
        return not (self.lost or self.repeated or self.out_of_order or self.foreign)


class LoadClient:
    """One tab of one user; reconnects at once and resumes behind what it has seen.

    `{user}` in `url` stands for the user's id. The bearer token is `token`, by default the user's id.
    """

    def __init__(self, url: str, user_id: str, tally: Tally, *, token: str | None = None) -> None:
        self.user_id = user_id
        self.position: int | None = None
        self._stream = ""
        self._since = 0.0
        self._url = url.replace("{user}", quote(user_id))
        self._token = token or user_id
        self._missing: set[int] = set()
        self._tally = tally
        self._socket: ClientConnection | None = None
        self._reading = asyncio.Event()
        self._reading.set()
        self._present = asyncio.Event()
        self._present.set()
        self._progress = asyncio.Event()
        self._decoder = msgspec.json.Decoder(_Frame)
        self.measuring = False

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._present.wait()
            try:
                async with self._open() as self._socket:
                    await self._read(self._socket)
            except (ConnectionClosed, InvalidHandshake, OSError, TimeoutError):
                await asyncio.sleep(0.01)
            self._tally.reconnects += 1

    def _open(self) -> open_socket:
        url = self._url
        if self.position is not None:
            position = urlencode({"stream": self._stream, "seq": self.position})
            url += ("&" if "?" in url else "?") + position
        parts = urlsplit(url)
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)  # a stall shows sooner
        raw.connect((parts.hostname or "127.0.0.1", parts.port or _PORTS[parts.scheme]))
        headers = {"Authorization": f"Bearer {self._token}"}
        return open_socket(
            url, sock=raw, additional_headers=headers, compression=None, ping_interval=None
        )

    async def _read(self, connection: ClientConnection) -> None:
        async for text in connection:
            self._take(self._decoder.decode(text))
            if not self._reading.is_set():
                await self._reading.wait()

    def _take(self, frame: _Frame) -> None:
        if frame.type == "ready":
            self._stream = frame.stream
            self._since = time.monotonic()
            if self.position is None:
                self.position = frame.seq
        elif frame.type == "gap":
            self._tally.lost += max(1, frame.last - frame.first + 1)
            self.position = frame.last
        else:
            self._count(frame)
        self._progress.set()

    def _count(self, frame: _Frame) -> None:
        tally = self._tally
        tally.delivered += 1
        if frame.user_id != self.user_id:
            tally.foreign += 1
            return
        expected = (self.position or 0) + 1
        if frame.seq in self._missing:
            self._missing.remove(frame.seq)
            tally.lost -= 1
            tally.out_of_order += 1
            return
        if frame.seq < expected:
            tally.repeated += 1
            return
        tally.lost += frame.seq - expected
        self._missing.update(range(expected, frame.seq))
        self.position = frame.seq
        sent_at = frame.data.sent_at
        if self.measuring and sent_at is not None and sent_at > self._since:
            tally.latencies.append(time.monotonic() - sent_at)

    async def ready(self) -> None:
        await self.reach(0)

    async def reach(self, seq: int) -> None:
        """Until event `seq` was seen."""
        while self.position is None or self.position < seq:
            self._progress.clear()
            await self._progress.wait()

    def drop(self) -> None:
        """Lose the connection without a word, as a train in a tunnel does."""
        if self._socket is not None:
            self._socket.transport.abort()

    def leave(self) -> None:
        self._present.clear()
        self.drop()

    def come_back(self) -> None:
        self._present.set()

    def stall(self) -> None:
        """Stop reading with the connection open."""
        self._reading.clear()

    def go_on(self) -> None:
        self._reading.set()
