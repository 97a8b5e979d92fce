"""From a question to an answer."""

from chat_backend.agents.execution_engine import ExecutionEngine
from chat_backend.agents.memory import ThreadMemory
from chat_backend.agents.registry import AgentRegistry
from chat_backend.core.context import RunContext
from chat_backend.tools.dispatcher import ToolDispatcher
from chat_backend.tools.execution_engine import EnhancedToolExecutionEngine
from chat_backend.websocket.bridge import AgentWebSocketBridge
from chat_backend.websocket.manager import WebSocketManager


class ChatService:
    def __init__(
        self, manager: WebSocketManager, registry: AgentRegistry, dispatcher: ToolDispatcher
    ) -> None:
        self._manager = manager
        self._registry = registry
        self._dispatcher = dispatcher
        self.memory = ThreadMemory()

    async def answer(self, context: RunContext, question: str, agent: str = "triage") -> str:
        self.memory.remember(context.thread_id, question)
        bridge = AgentWebSocketBridge(
            self._manager, context.user_id, context.run_id, thread_id=context.thread_id
        )
        tools = EnhancedToolExecutionEngine(self._dispatcher)
        tools.set_websocket_bridge(bridge)
        engine = ExecutionEngine(self._registry, websocket_notifier=bridge)
        return await engine.execute(agent, question, context, tools)
