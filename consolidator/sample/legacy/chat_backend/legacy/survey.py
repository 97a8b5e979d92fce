"""Saved by an editor that marks its files."""

from chat_backend.websocket.manager import WebSocketManager


async def survey(manager: WebSocketManager, user_id: str) -> None:
    await manager.send_message(user_id, {"type": "survey", "data": {"question": "☀ or ☂?"}})
