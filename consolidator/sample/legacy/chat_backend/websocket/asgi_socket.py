"""An ASGI WebSocket as an object."""

from typing import Any, AsyncIterator, Awaitable, Callable


class ASGIWebSocket:
    def __init__(
        self,
        receive: Callable[[], Awaitable[dict[str, Any]]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        self._receive = receive
        self._send = send
        self._open = False

    async def accept(self) -> None:
        await self._receive()
        await self._send({"type": "websocket.accept"})
        self._open = True

    async def send_text(self, text: str) -> None:
        if not self._open:
            raise ConnectionError("the socket is closed")
        await self._send({"type": "websocket.send", "text": text})

    async def close(self, code: int = 1000, reason: str = "") -> None:
        if self._open:
            self._open = False
            await self._send({"type": "websocket.close", "code": code, "reason": reason})

    async def frames(self) -> AsyncIterator[str]:
        while self._open:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                self._open = False
                return
            yield message.get("text") or ""
