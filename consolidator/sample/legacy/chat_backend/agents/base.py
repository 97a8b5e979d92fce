"""What every agent can do."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from chat_backend.websocket.emitter import UserWebSocketEmitter

if TYPE_CHECKING:
    from chat_backend.tools.execution_engine import ToolExecutionEngine


class BaseAgent(ABC):
    name = "agent"

    @abstractmethod
    async def run(
        self, question: str, emitter: UserWebSocketEmitter, tools: "ToolExecutionEngine"
    ) -> str: ...

    async def think(self, emitter: UserWebSocketEmitter, thought: str) -> None:
        await emitter.emit_thinking(self.name, thought)
