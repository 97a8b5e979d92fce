"""Which of several inherited methods runs: Python's order of a class decides, not the first base's."""

from __future__ import annotations

import pytest

BACKEND = """
    from fastapi import FastAPI, WebSocket

    app = FastAPI()


    class Sender:
        async def push(self, socket, message):
            await socket.send_json(message)


    class Loud(Sender):
        volume = 11


    class Quiet(Sender):
        async def push(self, socket, message):
            self.last = message


    class Counting(Sender):
        async def push(self, socket, message):
            self.count = 1
            await super().push(socket, message)


    class Mixin:
        async def push(self, socket, message):
            await super().push(socket, message)


    class Hub({bases}):
        name = "hub"


    @app.websocket("/ws")
    async def endpoint(websocket: WebSocket):
        await websocket.accept()
        hub = Hub()
        await hub.push(websocket, {{"type": "agent_started"}})
    """


@pytest.mark.parametrize(
    ("bases", "status"),
    [
        ("Sender", "ok"),
        ("Quiet", "lost"),
        ("Loud", "ok"),
        ("Quiet, Sender", "lost"),
        ("Loud, Quiet", "lost"),  # Quiet stands before Sender, which both have
        ("Loud, Sender", "ok"),
        ("Counting", "ok"),
        ("Counting, Loud", "ok"),
        ("Counting, Quiet", "lost"),
        ("Mixin, Sender", "ok"),
        ("Mixin, Loud", "ok"),
        ("Mixin, Quiet", "lost"),
        ("Mixin, Counting, Quiet", "lost"),
    ],
)
def test_the_method_that_python_would_call_decides(project, bases, status):
    project.write({"app.py": BACKEND.format(bases=bases)})
    assert project.status() == status


def test_classes_that_python_refuses_are_read_all_the_same(project):
    project.write({"app.py": BACKEND.format(bases="Sender, Quiet")})
    assert project.status() == "ok"


def test_classes_that_inherit_from_each_other_end(project):
    source = BACKEND.format(bases="Loud").replace("class Sender:", "class Sender(Hub):")
    project.write({"app.py": source})
    assert project.status() == "ok"
