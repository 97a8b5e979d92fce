"""Decides which tool answers a question."""

from chat_backend.tools.execution_engine import ToolExecutionEngine

from .base import BaseAgent
from .prompts import topic_of


class TriageAgent(BaseAgent):
    name = "triage"

    def thought(self, question: str) -> str:
        return f"The question is about {topic_of(question)}."

    async def answer(self, question: str, tools: ToolExecutionEngine) -> str:
        topic = topic_of(question)
        found = await tools.run_tool(topic, self.name, {"question": question})
        return f"{topic}: {found}"
