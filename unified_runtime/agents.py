"""The agents of an application, and the wiring of each run to its user's sockets."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

from unified_runtime.bridge import AgentWebSocketBridge
from unified_runtime.context import UserExecutionContext
from unified_runtime.emitter import Emits
from unified_runtime.errors import NotWiredError
from unified_runtime.execution import AgentRun, ExecutionEngine
from unified_runtime.tools import Tool, ToolExecutionEngine

Agent = Callable[[AgentRun, ToolExecutionEngine], Awaitable[Any]]


class AgentRegistry:
    """Agents and tools by name. Once it has a manager, every run's tools are wrapped."""

    def __init__(self, tools: Mapping[str, Tool] | None = None) -> None:
        self._agents: dict[str, Agent] = {}
        self._tools: dict[str, Tool] = dict(tools or {})
        self._manager: Emits | None = None

    def register(self, agent_name: str, agent: Agent) -> None:
        self._agents[agent_name] = agent

    def register_tool(self, tool_name: str, tool: Tool) -> None:
        self._tools[tool_name] = tool

    def __iter__(self) -> Iterator[str]:
        return iter(self._agents)

    def __contains__(self, agent_name: object) -> bool:
        return agent_name in self._agents

    def set_websocket_manager(self, manager: Emits) -> None:
        """From now on runs emit through `manager`, and their tools' calls with them."""
        if manager is None:
            raise NotWiredError("set_websocket_manager needs a manager, not None")
        self._manager = manager

    def bridge_for(self, context: UserExecutionContext) -> AgentWebSocketBridge:
        if self._manager is None:
            raise NotWiredError(
                "set_websocket_manager was not called; the run's events would be lost"
            )
        return AgentWebSocketBridge(self._manager, context)

    def tools_for(
        self, context: UserExecutionContext, *, timeout: float | None = None
    ) -> ToolExecutionEngine:
        """The registered tools, each call told to the context's user."""
        engine = ToolExecutionEngine(self._tools, timeout=timeout)
        engine.set_websocket_bridge(self.bridge_for(context))
        return engine

    async def run(self, agent_name: str, context: UserExecutionContext) -> Any:
        """Run an agent with its tools from `agent_started` to `agent_completed`.

        Returns what the agent returns and raises what it raises; KeyError for an unknown agent.
        """
        agent = self._agents[agent_name]
        engine = ExecutionEngine(websocket_notifier=self.bridge_for(context))
        tools = ToolExecutionEngine(self._tools)

        async def with_tools(run: AgentRun) -> Any:
            tools.set_websocket_bridge(run)
            return await agent(run, tools)

        return await engine.execute(agent_name, with_tools)
