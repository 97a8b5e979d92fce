"""Beds for the night boat."""

from chat_backend.websocket import *


async def cabin_ready(manager: WebSocketManager, user_id: str, number: int) -> None:
    emitter = ThreadEmitter("cabins", user_id, manager)
    await emitter.title(f"Cabin {number} is ready")
