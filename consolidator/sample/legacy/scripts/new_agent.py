"""Writes the skeleton of an agent: `python scripts/new_agent.py luggage`."""

import sys
from pathlib import Path

SKELETON = '''\
from chat_backend.agents.base import BaseAgent


class {title}Agent(BaseAgent):
    name = "{name}"

    def thought(self, question):
        return "hm"

    async def answer(self, question, tools):
        return ""
'''

if __name__ == "__main__":
    name = sys.argv[1]
    path = Path("chat_backend/agents") / f"{name}.py"
    path.write_text(SKELETON.format(name=name, title=name.title()))
