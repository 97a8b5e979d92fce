"""The first endpoint: echoes what it hears."""

from chat_backend.websocket.asgi_socket import ASGIWebSocket


class Handler:
    def __init__(self, socket: ASGIWebSocket) -> None:
        self.socket = socket

    async def run(self) -> None:
        await self.socket.accept()
        async for text in self.socket.frames():
            await self.socket.send_text(text)
