"""Fails, as an agent whose model is down would."""

from chat_backend.tools.execution_engine import ToolExecutionEngine

from .base import BaseAgent


class UnavailableAgent(BaseAgent):
    name = "unavailable"

    def thought(self, question: str) -> str:
        return "Asking the model."

    async def answer(self, question: str, tools: ToolExecutionEngine) -> str:
        raise TimeoutError("the model does not answer")
