"""Writes the skeleton of an agent: `python scripts/new_agent.py luggage`."""

import sys
from pathlib import Path

SKELETON = '''\
from chat_backend.agents.base import BaseAgent
from chat_backend.websocket.emitter import UserWebSocketEmitter


class {title}Agent(BaseAgent):
    name = "{name}"

    def thought(self, question):
        return "hm"

    async def answer(self, question, tools):
        return ""


def emits_through(emitter):
    return isinstance(emitter, UserWebSocketEmitter)
'''

TEST = '''\
from unittest.mock import Mock

from chat_backend.websocket.manager import WebSocketManager


def test_{name}():
    assert Mock(spec=WebSocketManager)
'''

if __name__ == "__main__":
    name = sys.argv[1]
    agent = Path("chat_backend/agents") / f"{name}.py"
    agent.write_text(SKELETON.format(name=name, title=name.title()))
    Path(f"tests/agents/test_{name}.py").write_text(TEST.format(name=name))
