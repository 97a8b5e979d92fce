"""The agents of this process, and the manager that their events go through."""

from typing import TYPE_CHECKING, Optional

from chat_backend.agents.base import BaseAgent
from chat_backend.core.context import RunContext
from chat_backend.websocket.emitter import UserWebSocketEmitter

if TYPE_CHECKING:
    from chat_backend.websocket.manager import WebSocketManager


class AgentRegistry:
    def __init__(self) -> None:
        self._agents: dict[str, BaseAgent] = {}
        self._manager: Optional["WebSocketManager"] = None

    def register(self, agent: BaseAgent) -> None:
        self._agents[agent.name] = agent

    def get(self, name: str) -> BaseAgent:
        return self._agents[name]

    def set_websocket_manager(self, manager: "WebSocketManager") -> None:
        self._manager = manager

    def emitter_for(self, context: RunContext) -> UserWebSocketEmitter:
        if self._manager is None:
            raise RuntimeError("set_websocket_manager was never called")
        return UserWebSocketEmitter(self._manager, context.user_id, context.run_id)
