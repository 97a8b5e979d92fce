"""What an operator can do from the page."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..websocket.manager import WebSocketManager


async def shout(text: str) -> None:
    from ..websocket.manager import get_websocket_manager

    manager = get_websocket_manager()
    await manager.broadcast_message("operator", {"text": text})


async def whisper(manager: "WebSocketManager", user_id: str, text: str) -> None:
    await manager.send_message(user_id, {"type": "operator", "data": {"text": text}})


def describe(manager: Any) -> dict[str, Any]:
    return {"class": type(manager).__name__, "can_broadcast": hasattr(manager, "broadcast_message")}
