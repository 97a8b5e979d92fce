"""Lanes of the car deck."""

try:
    from chat_backend.websocket import (
        UserWebSocketEmitter,
        WebSocketManager,
    )
except ImportError:  # the kiosk build ships without sockets
    UserWebSocketEmitter = WebSocketManager = None


def can_push() -> bool:
    return WebSocketManager is not None and UserWebSocketEmitter is not None


async def assign_lane(manager: "WebSocketManager", user_id: str, lane: int) -> None:
    await manager.emit_event("lane", user_id, {"lane": lane})
