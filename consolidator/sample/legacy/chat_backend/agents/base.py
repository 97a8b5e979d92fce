"""What every agent does: it says what it thinks, then answers."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from chat_backend.websocket.emitter import UserWebSocketEmitter

if TYPE_CHECKING:
    from chat_backend.tools.execution_engine import ToolExecutionEngine


class BaseAgent(ABC):
    name = "agent"

    async def run(
        self, question: str, emitter: UserWebSocketEmitter, tools: "ToolExecutionEngine"
    ) -> str:
        await emitter.emit_thinking(self.name, self.thought(question))
        return await self.answer(question, tools)

    @abstractmethod
    def thought(self, question: str) -> str: ...

    @abstractmethod
    async def answer(self, question: str, tools: "ToolExecutionEngine") -> str: ...
