"""Ways of writing which event a message is."""

from __future__ import annotations

import pytest

SPELLINGS = {
    "a constant of the class": """
        class Event:
            TYPE: ClassVar[str] = ""
            def to_dict(self): return {"type": self.TYPE}
        class Started(Event):
            TYPE = "agent_started"
        async def answer(ws): await ws.send_json(Started().to_dict())
        """,
    "a property of the class": """
        class Event:
            @property
            def type(self): raise NotImplementedError
            def to_dict(self): return {"type": self.type}
        class Started(Event):
            @property
            def type(self): return "agent_started"
        async def answer(ws): await ws.send_json(Started().to_dict())
        """,
    "rows of a table": """
        STEPS = [("begin", "agent_started"), ("think", "thinking")]
        async def answer(ws):
            for name, event in STEPS: await ws.send_json({"type": event, "name": name})
        """,
    "the values of a table": """
        STEPS = {"begin": "agent_started", "think": "thinking"}
        async def answer(ws):
            for name, event in STEPS.items(): await ws.send_json({"type": event, "name": name})
        """,
    "a method of a member of an enumeration": """
        class Event(enum.Enum):
            STARTED = "agent_started"
            def message(self, **data): return {"type": self.value, **data}
        async def answer(ws): await ws.send_json(Event.STARTED.message(agent="a"))
        """,
    "the tag of a struct": """
        class Started(msgspec.Struct, tag="agent_started", tag_field="type"):
            agent: str = ""
        async def answer(ws): await ws.send_bytes(msgspec.json.encode(Started()))
        """,
    "a piece of JSON": """
        STARTED = "agent_started"
        async def answer(ws): await ws.send_text('{"type": "%s"}' % STARTED)
        """,
    "elements of a list": """
        STEPS = ["agent_started", "thinking"]
        async def answer(ws):
            for event in STEPS: await ws.send_json({"type": event})
        """,
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_it_is_understood_and_missed_when_it_is_gone(project, spelling):
    project.write_answer(SPELLINGS[spelling])
    assert project.status() == "ok"
    project.replace("app.py", '"agent_started"', '"agent_start"')
    assert project.status() == "lost"


def test_a_constant_among_others_does_not_make_every_instance_the_event(project):
    body = """
        class Hub:
            STARTED = "agent_started"
            def __init__(self, ws): self.ws = ws
            async def tell(self, text): await self.ws.send_json({"type": text})
        async def answer(ws): await Hub(ws).tell("hello")
        """
    project.write_answer(body)
    assert project.status() == "lost"


def test_an_event_within_a_piece_of_json_is_understood(project):
    body = """
        async def answer(ws): await ws.send_text('{"type": "agent_started"}')
        """
    project.write_answer(body)
    assert project.status() == "ok"
    project.replace("app.py", "agent_started", "agent_start")
    assert project.status() == "lost"
