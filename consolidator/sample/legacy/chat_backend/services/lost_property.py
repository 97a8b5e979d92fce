"""Umbrellas, mostly."""

try:
    from chat_backend.websocket.manager import WebSocketManager
except ImportError:
    WebSocketManager = None


async def found(manager: "WebSocketManager", user_id: str, thing: str) -> None:
    await manager.send_message(user_id, {"type": "found", "data": {"thing": thing}})
