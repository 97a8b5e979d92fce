"""Who was sent what, for the harbour authority."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chat_backend.websocket.unified_manager import UnifiedManager

LOG: list[str] = []


async def send_recorded(manager: UnifiedManager, user_id: str, text: str) -> None:
    await manager.send_message(user_id, {"type": "notice", "data": {"text": text}})
    LOG.append(f"{user_id}: {text}")
