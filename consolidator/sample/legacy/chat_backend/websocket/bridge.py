"""From agents and tools to the browser: the five events that a run must show."""

from typing import Any, Optional

from .manager import WebSocketManager


class AgentWebSocketBridge:
    def __init__(
        self,
        websocket_manager: WebSocketManager,
        user_id: str,
        run_id: str,
        thread_id: Optional[str] = None,
    ) -> None:
        self._manager = websocket_manager
        self._user_id = user_id
        self._run_id = run_id
        self._thread_id = thread_id

    async def notify_agent_started(self, agent_name: str) -> None:
        await self._notify("agent_started", {"agent_name": agent_name})

    async def notify_agent_thinking(self, agent_name: str, thought: str) -> None:
        await self._notify("agent_thinking", {"agent_name": agent_name, "reasoning": thought})

    async def notify_tool_executing(
        self, tool_name: str, agent_name: str, tool_input: dict[str, Any]
    ) -> None:
        data = {"agent_name": agent_name, "tool_name": tool_name, "parameters": tool_input}
        await self._notify("tool_executing", data)

    async def notify_tool_completed(
        self, tool_name: str, agent_name: str, output: Any, outcome: str = "ok"
    ) -> None:
        data = {
            "agent_name": agent_name,
            "tool_name": tool_name,
            "results": output,
            "status": outcome,
        }
        await self._notify("tool_completed", data)

    async def notify_agent_completed(
        self, agent_name: str, answer: Optional[str], outcome: str = "completed"
    ) -> None:
        data = {"agent_name": agent_name, "final_response": answer, "status": outcome}
        await self._notify("agent_completed", data)

    async def _notify(self, event_type: str, data: dict[str, Any]) -> None:
        await self._manager.emit_event(event_type, self._user_id, data, run_id=self._run_id)
