"""Messages that no agent wrote: delays, cancellations, gate changes."""

from chat_backend.core.connection_manager import (
    WebSocketManager,
    get_connection_manager,
)
from chat_backend.services.events import UserWebSocketEmitter


class NotificationService:
    def __init__(self, manager: WebSocketManager) -> None:
        self._manager = manager

    async def delay(self, user_id: str, minutes: int) -> None:
        message = {"type": "delay", "data": {"minutes": minutes}}
        await self._manager.send_personal(message, user_id)

    async def gate(self, user_id: str, gate: str) -> None:
        emitter = UserWebSocketEmitter("gates", user_id, sink=self._manager)
        await emitter.push({"gate": gate}, "gate_change")

    async def storm_warning(self, text: str) -> None:
        await self._manager.announce("storm_warning", {"text": text})


def create_notification_service() -> NotificationService:
    return NotificationService(get_connection_manager())
