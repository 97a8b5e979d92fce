"""Decides which tool answers a question."""

from chat_backend.tools.execution_engine import ToolExecutionEngine
from chat_backend.websocket.emitter import UserWebSocketEmitter

from .base import BaseAgent
from .prompts import topic_of


class TriageAgent(BaseAgent):
    name = "triage"

    async def run(
        self, question: str, emitter: UserWebSocketEmitter, tools: ToolExecutionEngine
    ) -> str:
        topic = topic_of(question)
        await self.think(emitter, f"The question is about {topic}.")
        found = await tools.run_tool(topic, self.name, {"question": question})
        return f"{topic}: {found}"
