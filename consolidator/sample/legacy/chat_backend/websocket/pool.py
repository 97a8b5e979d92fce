"""Emitters that are built once and lent to run after run."""

import asyncio
from contextlib import asynccontextmanager
from functools import cache
from typing import Any, AsyncIterator, Optional

from chat_backend.core.context import RunContext

from .manager import WebSocketManager, get_websocket_manager


class EmitterPool:
    class PooledEmitter:
        """Belongs to nobody until it is lent."""

        def __init__(self, manager: WebSocketManager) -> None:
            self.manager = manager
            self.context: Optional[RunContext] = None

        async def emit(self, event_type: str, data: dict[str, Any]) -> None:
            if self.context is None:
                raise RuntimeError("this emitter was given back")
            await self.manager.emit_event(
                event_type, self.context.user_id, data, run_id=self.context.run_id
            )

    def __init__(self, manager: WebSocketManager, size: int = 16) -> None:
        self._manager = manager
        self._idle: list[EmitterPool.PooledEmitter] = []
        self._slots = asyncio.Semaphore(size)

    @asynccontextmanager
    async def lease(self, context: RunContext) -> AsyncIterator["EmitterPool.PooledEmitter"]:
        async with self._slots:
            emitter = self._idle.pop() if self._idle else self.PooledEmitter(self._manager)
            emitter.context = context
            try:
                yield emitter
            finally:
                emitter.context = None
                self._idle.append(emitter)


@cache
def get_emitter_pool() -> EmitterPool:
    """The one of this process."""
    return EmitterPool(get_websocket_manager())
