"""Every way of writing an event that is sent."""

from __future__ import annotations

import pytest

HEAD = "async def main(websocket):\n"
FORMS = {
    "a literal in a dict": ("", 'await websocket.send_json({"type": "agent_started"})'),
    "a dict in a variable": ("", 'm = {"type": "agent_started"}\n    await websocket.send_json(m)'),
    "json text": (
        "import json\n",
        'await websocket.send_text(json.dumps({"type": "agent_started"}))',
    ),
    "a constant": ('STARTED = "agent_started"\n', 'await websocket.send_json({"type": STARTED})'),
    "an enum member": (
        "from enum import Enum\n\n\nclass E(str, Enum):\n    AGENT_STARTED = 'agent_started'\n",
        'await websocket.send_json({"type": E.AGENT_STARTED.value})',
    ),
    "an automatic StrEnum member": (
        "from enum import StrEnum, auto\n\n\nclass E(StrEnum):\n    AGENT_STARTED = auto()\n",
        'await websocket.send_json({"type": E.AGENT_STARTED})',
    ),
    "an f-string": ('KIND = "agent"\n', 'await websocket.send_json({"type": f"{KIND}_started"})'),
    "a format call": ("", 'await websocket.send_json({"type": "{}_started".format("agent")})'),
    "a concatenation": ("", 'await websocket.send_json({"type": "agent_" + "started"})'),
    "a table": (
        'TABLE = {"begin": "agent_started"}\n',
        'await websocket.send_json({"type": TABLE["begin"]})',
    ),
    "a dataclass": (
        "from dataclasses import asdict, dataclass\n\n\n@dataclass\nclass Event:\n    type: str\n",
        'await websocket.send_json(asdict(Event(type="agent_started")))',
    ),
    "a field of a dataclass, set in its body under a name of the team's own": (
        "from dataclasses import asdict, dataclass\nfrom enum import Enum\n\n\n"
        "class Kind(str, Enum):\n    AGENT_STARTED = 'agent_started'\n\n\n"
        "@dataclass\nclass Started:\n    run: str\n    observation: str = Kind.AGENT_STARTED\n",
        "await websocket.send_json(asdict(Started('r1')))",
    ),
    "a builder function": (
        'def build():\n    return {"type": "agent_started"}\n',
        "await websocket.send_json(build())",
    ),
    "a loop over names": (
        'NAMES = ("agent_started", "x")\n',
        'for name in NAMES:\n        await websocket.send_json({"type": name})',
    ),
    "a task": (
        "import asyncio\n\n\nasync def tell(websocket, kind):\n"
        '    await websocket.send_json({"type": kind})\n',
        'asyncio.create_task(tell(websocket, "agent_started"))',
    ),
    "an ASGI message": (
        "",
        'await websocket({"type": "websocket.send", "text": "agent_started"})',
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_it_is_found(project, form):
    before, statement = FORMS[form]
    project.write({"app.py": f"{before}\n\n{HEAD}    {statement}\n"})
    assert project.status() == "ok", project.why()


def test_a_dispatch_table_of_functions_makes_each_of_them_run(project):
    project.write(
        {
            "app.py": """
                async def started(websocket):
                    await websocket.send_json({"type": "agent_started"})


                HANDLERS = {"start": started}


                async def main(websocket, name):
                    await HANDLERS[name](websocket)
                """
        }
    )
    assert project.status() == "ok", project.why()


def test_an_object_of_unknown_class_makes_an_event_uncertain(project):
    project.write(
        {
            "app.py": """
                class Loud:
                    async def push(self, websocket, kind):
                        await websocket.send_json({"type": kind})


                class Mute:
                    async def push(self, websocket, kind):
                        pass


                async def main(websocket, notifier):
                    await notifier.push(websocket, "agent_started")
                """
        }
    )
    assert project.status() == "weakened"
    assert [f.rule for f in project.guard("agent_started").findings] == ["event-weakened"]
    assert project.rules("agent_started") == []  # a note is no reason to fail
    assert "app.py:12" in project.why()


def test_a_queue_that_somebody_drains_leads_to_the_socket(project):
    project.write(
        {
            "app.py": """
                import asyncio


                class Outbox:
                    def __init__(self, websocket):
                        self.queue = asyncio.Queue()
                        self.websocket = websocket

                    async def tell(self, kind):
                        await self.queue.put({"type": kind})

                    async def drain(self):
                        while True:
                            await self.websocket.send_json(await self.queue.get())


                async def main(websocket):
                    outbox = Outbox(websocket)
                    asyncio.create_task(outbox.drain())
                    await outbox.tell("agent_started")
                """
        }
    )
    assert project.status() == "ok", project.why()
    project.replace("app.py", "    asyncio.create_task(outbox.drain())\n", "")
    assert project.status() == "lost"


def test_a_library_without_entry_points_is_entered_through_its_public_functions(project):
    project.write({"agent.py": SENDER})
    assert project.status() == "ok"


def test_in_an_application_a_function_that_nobody_calls_is_dead(project):
    project.write({"agent.py": SENDER, "server.py": "import uvicorn\n"})
    assert project.status() == "lost"
    assert "nothing calls agent.run" in project.why()


SENDER = 'async def run(websocket):\n    await websocket.send_json({"type": "agent_started"})\n'
