"""A coffee for the wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chat_backend.websocket import UserWebSocketEmitter, WebSocketManager


async def offer_voucher(manager: WebSocketManager, user_id: str, cents: int) -> None:
    await manager.send_message(user_id, {"type": "voucher", "data": {"cents": cents}})


def emitter_name(emitter: UserWebSocketEmitter) -> str:
    return type(emitter).__name__
