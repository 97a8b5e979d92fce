"""Dogs travel on deck 3."""

from chat_backend.websocket.manager import *


async def pet_rules(manager: WebSocketManager, user_id: str) -> None:
    await manager.send_message(user_id, {"type": "pets", "data": {"deck": 3}})
