"""Fails, as an agent whose model is down would."""

from chat_backend.tools.execution_engine import ToolExecutionEngine
from chat_backend.websocket import (
    UserWebSocketEmitter,
)

from .base import BaseAgent


class UnavailableAgent(BaseAgent):
    name = "unavailable"

    async def run(
        self, question: str, emitter: UserWebSocketEmitter, tools: ToolExecutionEngine
    ) -> str:
        await self.think(emitter, "Asking the model.")
        raise TimeoutError("the model does not answer")
