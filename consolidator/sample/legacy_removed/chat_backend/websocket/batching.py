"""Sends what belongs together at once."""

from typing import Any

from chat_backend.websocket.manager import WebSocketManager


class BatchSender:
    def __init__(self, manager: WebSocketManager) -> None:
        self._manager = manager
        self._waiting: list[tuple[str, dict[str, Any]]] = []

    def add(self, user_id: str, message: dict[str, Any]) -> None:
        self._waiting.append((user_id, message))

    async def flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        for user_id, message in waiting:
            await self._manager.send_message(user_id, message)
