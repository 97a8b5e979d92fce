"""Delivers agent events to every open tab of a user."""

import asyncio
from collections import deque
from functools import cache
from typing import Any, Optional

from chat_backend.core.clock import timestamp
from chat_backend.core.log import get_logger
from chat_backend.core.serialisation import dumps

__all__ = ["WebSocketManager", "get_websocket_manager"]

log = get_logger(__name__)


class WebSocketManager:
    """Sockets by user. Events for a user who is away wait, up to `pending_limit` of them."""

    pending_limit = 200

    def __init__(self) -> None:
        self._connections: dict[str, list[Any]] = {}
        self._pending: dict[str, deque[str]] = {}
        self._lock = asyncio.Lock()

    async def connect_user(self, user_id: str, websocket: Any, thread_id: Optional[str] = None) -> None:
        async with self._lock:
            self._connections.setdefault(user_id, []).append(websocket)
            waiting = self._pending.pop(user_id, ())
        for frame in waiting:
            await websocket.send_text(frame)

    async def disconnect_user(self, user_id: str, websocket: Any) -> None:
        async with self._lock:
            sockets = self._connections.get(user_id, [])
            if websocket in sockets:
                sockets.remove(websocket)
            if not sockets:
                self._connections.pop(user_id, None)

    async def send_message(self, user_id: str, message: dict[str, Any]) -> None:
        frame = dumps({"timestamp": timestamp(), "user_id": user_id, **message})
        sockets = list(self._connections.get(user_id, ()))
        if not sockets:
            self._pending.setdefault(user_id, deque(maxlen=self.pending_limit)).append(frame)
        for websocket in sockets:
            try:
                await websocket.send_text(frame)
            except (ConnectionError, RuntimeError) as error:
                log.warning("dropping a dead socket of %s: %s", user_id, error)
                await self.disconnect_user(user_id, websocket)

    async def emit_event(
        self, event_type: str, user_id: str, data: dict[str, Any], run_id: Optional[str] = None
    ) -> None:
        await self.send_message(user_id, {"type": event_type, "data": data, "run_id": run_id})

    async def broadcast_message(self, message_type: str, payload: dict[str, Any]) -> None:
        for user_id in list(self._connections):
            await self.send_message(user_id, {"type": message_type, "data": payload})

    def is_user_connected(self, user_id: str) -> bool:
        return user_id in self._connections

    def get_connection_count(self) -> int:
        return sum(len(sockets) for sockets in self._connections.values())


@cache
def get_websocket_manager() -> WebSocketManager:
    """The one of this process."""
    return WebSocketManager()
