"""Calls a deck to board."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chat_backend.websocket.manager import WebSocketManager


async def call_deck(manager: "WebSocketManager", user_ids: list[str], deck: int) -> None:
    for user_id in user_ids:
        await manager.emit_event("boarding", user_id, {"deck": deck})
