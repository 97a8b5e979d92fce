"""Delivery on behalf of one user only."""

from chat_backend.websocket.scoped import get_scoped_manager


async def send_as_owner(owner: str, text: str) -> None:
    manager = get_scoped_manager(owner)
    await manager.send_message(owner, {"type": "notice", "data": {"text": text}})
