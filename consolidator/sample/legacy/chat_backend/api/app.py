"""The ASGI application: `uvicorn --factory chat_backend.api.app:create_app`."""

from typing import Any, Awaitable, Callable

from chat_backend.api.auth import user_of
from chat_backend.api.chat_endpoint import chat_endpoint
from chat_backend.api.health import health
from chat_backend.api.notification_endpoint import notification_endpoint
from chat_backend.services.chat import ChatService
from chat_backend.websocket.asgi_socket import ASGIWebSocket
from chat_backend.wiring import create_chat_service

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class ChatApp:
    def __init__(self, chat: ChatService) -> None:
        self._chat = chat

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._websocket(scope, ASGIWebSocket(receive, send))
        elif scope["type"] == "http":
            await health(send)
        else:
            await self._lifespan(receive, send)

    async def _websocket(self, scope: dict[str, Any], socket: ASGIWebSocket) -> None:
        user_id = user_of(scope)
        if user_id is None:
            await socket.accept()
            await socket.close(4401, "who are you?")
        elif scope["path"] == "/ws/notifications":
            await notification_endpoint(socket, user_id)
        else:
            await chat_endpoint(socket, user_id, self._chat)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return


def create_app() -> ChatApp:
    return ChatApp(create_chat_service())
