"""Events of one run, to the user who started it."""

import asyncio
from typing import Any

from chat_backend.core.events import EventType

from .manager import WebSocketManager


class UserWebSocketEmitter:
    def __init__(self, manager: WebSocketManager, user_id: str, run_id: str) -> None:
        self.manager = manager
        self.user_id = user_id
        self.run_id = run_id
        self._order = asyncio.Lock()

    async def emit_started(self, agent_name: str) -> None:
        await self._emit(EventType.AGENT_STARTED.value, {"agent_name": agent_name})

    async def emit_thinking(self, agent_name: str, thought: str) -> None:
        data = {"agent_name": agent_name, "reasoning": thought}
        await self._emit(EventType.AGENT_THINKING.value, data)

    async def emit_tool_started(
        self, agent_name: str, tool_name: str, arguments: dict[str, Any]
    ) -> None:
        data = {"agent_name": agent_name, "tool_name": tool_name, "parameters": arguments}
        await self._emit(EventType.TOOL_EXECUTING.value, data)

    async def emit_tool_finished(self, agent_name: str, tool_name: str, result: Any) -> None:
        data = {"agent_name": agent_name, "tool_name": tool_name, "results": result}
        await self._emit(EventType.TOOL_COMPLETED.value, data)

    async def emit_finished(self, agent_name: str, answer: str) -> None:
        data = {"agent_name": agent_name, "final_response": answer}
        await self._emit(EventType.AGENT_COMPLETED.value, data)

    async def _emit(self, event_type: str, data: dict[str, Any]) -> None:
        async with self._order:
            await self.manager.emit_event(event_type, self.user_id, data, run_id=self.run_id)
