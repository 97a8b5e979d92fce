"""Events of the notification centre."""

from typing import Any

from chat_backend.core.connection_manager import WebSocketManager
from chat_backend.core.log import get_logger

log = get_logger(__name__)


class UserWebSocketEmitter:
    """Counts what it sent, for the nightly statistics."""

    def __init__(self, run_id: str, user_id: str, *, sink: WebSocketManager) -> None:
        self._sink = sink
        self._receiver = user_id
        self._run = run_id
        self.sent = 0

    async def push(self, body: dict[str, Any], kind: str) -> None:
        await self._sink.send_personal({"type": kind, "data": body}, self._receiver)
        self.sent += 1
        log.debug("run %s: %s notifications", self._run, self.sent)
