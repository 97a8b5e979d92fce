"""Connections of the notification centre.

Written before `chat_backend.websocket` existed; the notification centre never moved over.
"""

import json
from functools import cache
from typing import Any

from chat_backend.core.clock import timestamp
from chat_backend.core.log import get_logger

log = get_logger(__name__)


class WebSocketManager:
    """Sockets by user; messages to users who are away are dropped."""

    def __init__(self) -> None:
        self.active: dict[str, set[Any]] = {}

    async def add_connection(self, websocket: Any, user_id: str) -> None:
        self.active.setdefault(user_id, set()).add(websocket)

    async def remove_connection(self, websocket: Any, user_id: str) -> None:
        self.active.get(user_id, set()).discard(websocket)

    async def send_personal(self, message: dict[str, Any], user_id: str) -> None:
        text = json.dumps({"timestamp": timestamp(), **message})
        for websocket in self.active.get(user_id, ()):
            try:
                await websocket.send_text(text)
            except (ConnectionError, RuntimeError) as error:
                log.warning("notification to %s failed: %s", user_id, error)

    async def announce(self, event: str, data: dict[str, Any]) -> None:
        for user_id in list(self.active):
            await self.send_personal({"type": event, "data": data}, user_id)

    def connected(self, user_id: str) -> bool:
        return bool(self.active.get(user_id))


@cache
def get_connection_manager() -> WebSocketManager:
    """The one of this process."""
    return WebSocketManager()
