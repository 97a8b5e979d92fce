"""Where a connection's frames go: what its writer needs of a socket."""

import asyncio
from typing import Protocol

YIELD_EVERY = 64
"""Frames written in a row before others get a turn, and a lost socket is noticed."""


class Transport(Protocol):
    """An accepted WebSocket; Starlette's and FastAPI's have this shape."""

    async def send_text(self, data: str) -> None: ...

    async def close(self, code: int, reason: str) -> None: ...


class Sink(Protocol):
    """Takes whole frames of JSON text, in order, from one writer."""

    @property
    def immediate(self) -> bool:
        """Whether `write` may ever take anything."""
        ...

    @property
    def writing_since(self) -> float | None:
        """Loop time at which the write began that has not ended; None when there is none."""
        ...

    def write(self, frames: list[bytes]) -> bool:
        """Take the frames at once, without waiting; False when it cannot, and took nothing."""
        ...

    async def send(self, frames: list[bytes]) -> None:
        """Take the frames and wait while the peer is slow. Raises when the peer is gone."""
        ...

    async def close(self, code: int, reason: str) -> None: ...


class TextSink:
    """One `send_text` per frame, because that is all such a websocket offers."""

    __slots__ = ("_transport", "writing_since")

    immediate = False

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.writing_since: float | None = None

    def write(self, frames: list[bytes]) -> bool:
        return not frames

    async def send(self, frames: list[bytes]) -> None:
        clock = asyncio.get_running_loop().time
        for number, frame in enumerate(frames, 1):
            self.writing_since = clock()  # a peer that takes some of them is not stalled
            await self._transport.send_text(frame.decode())
            if number % YIELD_EVERY == 0:
                await asyncio.sleep(0)  # a socket with room in its buffer never suspends
        self.writing_since = None

    async def close(self, code: int, reason: str) -> None:
        await self._transport.close(code, reason)
