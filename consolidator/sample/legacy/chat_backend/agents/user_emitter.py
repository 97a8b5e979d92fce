"""Whatever an agent wants to show that is not one of the five events."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chat_backend.websocket.manager import WebSocketManager


class UserWebSocketEmitter:
    def __init__(self, user_id: str, thread_id: str, manager: "WebSocketManager") -> None:
        self._user_id = user_id
        self._thread_id = thread_id
        self._manager = manager

    async def publish(self, event: str, body: dict[str, Any]) -> None:
        await self._manager.send_message(
            self._user_id, {"type": event, "data": body, "thread_id": self._thread_id}
        )
