"""Trouble of one run, shown to its user and to nobody else."""

from chat_backend.core.context import RunContext
from chat_backend.core.events import EventType

from .manager import WebSocketManager


class IsolatedEventEmitter:
    def __init__(self, context: RunContext, manager: WebSocketManager) -> None:
        self._context = context
        self._manager = manager

    async def error(self, message: str) -> None:
        await self._manager.emit_event(
            EventType.AGENT_ERROR.value,
            self._context.user_id,
            {"message": message},
            run_id=self._context.run_id,
        )
