"""For uvicorn's `--ws`: what one connection is sent in one turn of the loop goes out in one write.

`uvicorn app:app --ws unified_runtime.uvicorn_protocol.GatheringProtocol`

ASGI takes one message at a time, and uvicorn makes a system call of each, which costs more than all
the rest of sending it. Nothing else of uvicorn's protocol is changed, and no event is held back
beyond the turn in which it was sent.
"""

import asyncio
from typing import Any, cast

from unified_runtime.extras import needs_extra

try:
    from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
except ModuleNotFoundError as error:
    raise needs_extra("the WebSocket protocol for uvicorn", "asgi", error) from None


class _GatheringTransport:
    """Holds writes until the turn ends; everything else is the transport's own.

    Flow control stays with the transport, which sees the bytes one turn later. What is held is
    what the application sends without giving up its turn.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._held:
            self._loop.call_soon(self._flush)
        self._held.append(data)

    def _flush(self) -> None:
        held, self._held = self._held, []
        if held and not self._transport.is_closing():
            self._transport.write(b"".join(held))

    def close(self) -> None:
        self._flush()
        self._transport.close()


class GatheringProtocol(WebSocketsSansIOProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        gathering = _GatheringTransport(cast("asyncio.Transport", transport), self.loop)
        super().connection_made(cast("asyncio.Transport", gathering))
