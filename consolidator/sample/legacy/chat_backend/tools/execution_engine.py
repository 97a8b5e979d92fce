"""Tool calls, seen by the user while they happen."""

from typing import TYPE_CHECKING, Any, Optional

from chat_backend.core.serialisation import to_jsonable

from .dispatcher import ToolDispatcher

if TYPE_CHECKING:
    from chat_backend.websocket.bridge import AgentWebSocketBridge


class ToolExecutionEngine:
    def __init__(self, dispatcher: ToolDispatcher) -> None:
        self._dispatcher = dispatcher

    async def run_tool(self, tool_name: str, agent_name: str, arguments: dict[str, Any]) -> Any:
        return to_jsonable(await self._dispatcher.call(tool_name, arguments))


class EnhancedToolExecutionEngine(ToolExecutionEngine):
    """Tells the user's browser before and after each call."""

    def __init__(self, dispatcher: ToolDispatcher) -> None:
        super().__init__(dispatcher)
        self._bridge: Optional["AgentWebSocketBridge"] = None

    def set_websocket_bridge(self, bridge: "AgentWebSocketBridge") -> None:
        self._bridge = bridge

    async def run_tool(self, tool_name: str, agent_name: str, arguments: dict[str, Any]) -> Any:
        if self._bridge is None:
            raise RuntimeError("set_websocket_bridge was never called")
        await self._bridge.notify_tool_executing(tool_name, agent_name, arguments)
        result, outcome = None, "error"
        try:
            result = await super().run_tool(tool_name, agent_name, arguments)
            outcome = "ok"
        except (LookupError, ValueError) as error:
            result = {"error": str(error)}
        finally:
            await self._bridge.notify_tool_completed(tool_name, agent_name, result, outcome)
        return result
