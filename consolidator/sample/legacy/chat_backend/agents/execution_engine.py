"""One run of one agent, from its first event to its last."""

from chat_backend.agents.registry import AgentRegistry
from chat_backend.core.context import RunContext
from chat_backend.tools.execution_engine import ToolExecutionEngine
from chat_backend.websocket.bridge import AgentWebSocketBridge


class ExecutionEngine:
    def __init__(self, registry: AgentRegistry, *, websocket_notifier: AgentWebSocketBridge) -> None:
        self._registry = registry
        self._notifier = websocket_notifier

    async def execute(
        self, agent_name: str, question: str, context: RunContext, tools: ToolExecutionEngine
    ) -> str:
        agent = self._registry.get(agent_name)
        emitter = self._registry.emitter_for(context)
        await self._notifier.notify_agent_started(agent_name)
        answer, outcome = "", "failed"
        try:
            answer = await agent.run(question, emitter, tools)
            outcome = "completed"
        finally:
            await self._notifier.notify_agent_completed(agent_name, answer, outcome)
        return answer
