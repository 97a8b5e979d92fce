"""What the guard says of events whose way it can't follow: uncertain, not lost, and watched all the same."""

from __future__ import annotations

import pytest

HANDED_ON = {
    "to a method that hops to a loop": """
        import json
        import tornado.web

        class Endpoint(tornado.web.RequestHandler):
            def post(self):
                Watcher(self.application.io).begun("r1")

        class Watcher:
            def __init__(self, io):
                self.io = io
            def begun(self, run):
                self.tell("agent_started", run)
            def tell(self, name, run):
                self.io.add_callback(self.write, json.dumps({"event": name, "run": run}))
            def write(self, text):
                for window in self.io.windows:
                    window.put_on_wire(text)
        """,
    "as a partial": """
        import functools
        import socketio

        async def forward(wire, name, data):
            await wire.put_on_wire(name, data)

        class Talk(socketio.AsyncNamespace):
            async def on_ask(self, sid, data):
                tell = functools.partial(forward, self.server)
                await self.server.agent(started=functools.partial(tell, "agent_started"))
        """,
    "to an object that keeps it": """
        from fastapi import FastAPI, WebSocket
        app = FastAPI()

        class Signal:
            def __init__(self, label):
                self.label = label
                self.receivers = []
            def send(self, **data):
                for receiver in self.receivers:
                    receiver(self, data)

        begun = Signal("agent_started")

        @app.websocket("/ws")
        async def endpoint(websocket: WebSocket):
            await websocket.accept()
            begun.receivers.append(lambda signal, data: app.state.wire.put_on_wire(signal.label, data))
            begun.send(run="1")
        """,
    "as a partial among the arguments of a constructor": """
        import functools
        import socketio

        class Loop:
            def __init__(self, *, on_start):
                self._on_start = on_start
            async def run(self):
                await self._on_start({})

        async def forward(wire, name, data):
            await wire.put_on_wire(name, data)

        class Talk(socketio.AsyncNamespace):
            async def on_ask(self, sid, data):
                tell = functools.partial(forward, self.server)
                await Loop(on_start=functools.partial(tell, "agent_started")).run()
        """,
    "by one of several functions of one name": """
        import functools
        from dataclasses import dataclass
        from fastapi import FastAPI, WebSocket

        app = FastAPI()

        @dataclass
        class Begun:
            run: str

        @dataclass
        class Over:
            run: str

        @functools.singledispatch
        def encode(happening):
            raise TypeError

        @encode.register
        def _(happening: Begun):
            return {"type": "agent_started", "run": happening.run}

        @encode.register
        def _(happening: Over):
            return {"type": "agent_ended", "run": happening.run}

        @app.websocket("/ws")
        async def endpoint(websocket: WebSocket):
            await websocket.accept()
            for happening in (Begun("1"), Over("1")):
                await app.state.wire.put_on_wire(encode(happening))
        """,
    "to a decorator that keeps it": """
        from dataclasses import dataclass
        from fastapi import FastAPI, WebSocket

        app = FastAPI()
        forms = {}

        @dataclass
        class Begun:
            run: str

        def form(kind, name):
            def enter(function):
                forms[kind] = (name, function)
                return function
            return enter

        @form(Begun, "agent_started")
        def _(happening):
            return {"run": happening.run}

        @app.websocket("/ws")
        async def endpoint(websocket: WebSocket):
            await websocket.accept()
            happening = Begun("1")
            name, function = forms[type(happening)]
            await app.state.wire.put_on_wire(name, function(happening))
        """,
}


def test_a_member_of_an_enumeration_that_spells_itself_is_not_lost(project):
    project.write(
        {
            "app.py": """
                from enum import Enum, auto
                from fastapi import FastAPI, WebSocket

                app = FastAPI()

                class Kind(Enum):
                    AGENT_STARTED = auto()
                    OTHER = auto()

                    @property
                    def wire(self):
                        return "_".join(self.name.lower().split("_"))

                class Reporter:
                    def __init__(self, socket):
                        self.socket = socket
                    async def report(self, kind):
                        await self.socket.send_json({"type": kind.wire})

                @app.websocket("/ws")
                async def endpoint(websocket: WebSocket):
                    await websocket.accept()
                    await Reporter(websocket).report(Kind.AGENT_STARTED)
                """
        }
    )
    assert project.status() in ("ok", "weakened"), project.why()
    project.replace("app.py", "report(Kind.AGENT_STARTED)", "report(Kind.OTHER)")
    assert project.status() == "lost"


def test_a_class_that_is_the_event_may_be_made_by_whom_it_is_handed_to(project):
    project.write(
        {
            "app.py": """
                from typing import Literal
                from fastapi import FastAPI, WebSocket
                from pydantic import BaseModel

                app = FastAPI()

                class Begun(BaseModel):
                    type: Literal["agent_started"] = "agent_started"
                    run: str

                class Teller:
                    def __init__(self, wires):
                        self.wires = wires
                    async def tell(self, kind, **fields):
                        await self.wires[0](kind(**fields).model_dump())

                @app.websocket("/ws")
                async def endpoint(websocket: WebSocket):
                    await websocket.accept()
                    await Teller(app.state.wires).tell(Begun, run="1")
                """
        }
    )
    assert project.status() in ("ok", "weakened"), project.why()
    project.replace("app.py", '.tell(Begun, run="1")', ".tell(dict)")
    assert project.status() == "lost"


def test_methods_that_are_asked_for_by_a_part_of_their_names_may_run(project):
    project.write(
        {
            "app.py": """
                from fastapi import FastAPI, WebSocket

                app = FastAPI()
                TABLE = app.state.table

                class Keeper:
                    def __init__(self, socket):
                        self.socket = socket
                    async def do_announce(self):
                        await self.socket.send_json({"type": "agent_started"})

                class Machine:
                    def __init__(self, actor: object):
                        self.actor = actor
                    async def feed(self, signal):
                        for action in TABLE[signal]:
                            await getattr(self.actor, f"do_{action}")()

                @app.websocket("/ws")
                async def endpoint(websocket: WebSocket):
                    await websocket.accept()
                    await Machine(Keeper(websocket)).feed("request")
                """
        }
    )
    assert project.status() in ("ok", "weakened"), project.why()
    project.replace("app.py", "do_{action}", "undo_{action}")
    assert project.status() == "lost"


def test_hooks_that_heirs_override_are_called_by_their_names(project):
    project.write(
        {
            "app.py": """
                from collections import defaultdict
                from collections.abc import Iterable
                from fastapi import FastAPI, WebSocket

                app = FastAPI()

                class Rooms:
                    def __init__(self):
                        self.sockets = defaultdict(list)
                    async def enter(self, user, socket):
                        mine = self.sockets[user]
                        mine.append(socket)
                    async def tell(self, user, message):
                        for socket in list(self.sockets.get(user, ())):
                            await socket.send_json(message)

                rooms = Rooms()

                class Handler:
                    async def on_start(self, user): ...

                class SocketHandler(Handler):
                    async def on_start(self, user):
                        await rooms.tell(user, {"type": "agent_started"})

                async def call(handlers: Iterable[Handler], name, user):
                    for handler in handlers:
                        hook = getattr(handler, name)
                        await hook(user)

                @app.websocket("/ws/{user}")
                async def endpoint(websocket: WebSocket, user: str):
                    await websocket.accept()
                    await rooms.enter(user, websocket)
                    await call([SocketHandler()], "on_start", user)
                """
        }
    )
    assert project.status() == "ok", project.why()
    project.replace("app.py", "mine.append(socket)", "pass")
    assert project.status() == "lost"


def test_what_a_library_only_keeps_for_the_program_is_the_program_s_own(project):
    files = {
        "hub.py": """
            class Hub:
                def __init__(self):
                    self.lines = {}
                async def enter(self, user, websocket):
                    self.lines[user] = websocket
                async def tell(self, user, name):
                    if self.lines:
                        await self.lines[user].send_json({"type": name})
            """,
        "app.py": """
            from fastapi import FastAPI, WebSocket
            from hub import Hub
            app = FastAPI()
            app.state.hub = Hub()

            @app.websocket("/ws/{user}")
            async def endpoint(websocket: WebSocket, user: str):
                await websocket.accept()
                await app.state.hub.enter(user, websocket)
                await app.state.hub.tell(user, "agent_started")
            """,
    }
    project.write(files)
    assert project.status() in ("ok", "weakened"), project.why()
    project.replace("app.py", "await app.state.hub.enter(user, websocket)", "pass")
    assert project.status() == "lost"


def test_a_client_that_asks_whether_an_event_is_in_a_list_handles_it(project):
    project.write({"app.py": HANDED_ON["as a partial"]})
    known = '["agent_thinking", "tool_executing", "tool_completed", "agent_started"]'
    project.write({"web/client.js": f"if ({known}.includes(m.type)) show(m)\n"})
    events = ("agent_started", "agent_thinking", "tool_executing", "tool_completed")
    assert "deaf-client" not in project.rules(*events)


@pytest.mark.parametrize("way", HANDED_ON)
def test_a_name_handed_to_what_is_not_understood_is_uncertain_and_fails_nothing(project, way):
    project.write({"app.py": HANDED_ON[way]})
    assert (project.status(), project.rules("agent_started")) == ("weakened", [])


@pytest.mark.parametrize("way", HANDED_ON)
def test_that_it_is_handed_on_no_more_is_seen(project, way):
    project.write({"app.py": HANDED_ON[way]}).freeze("agent_started")
    project.replace("app.py", '"agent_started"', '"agent_begun"')
    assert project.status() == "lost"
    assert project.rules("agent_started")


@pytest.mark.parametrize(
    "line",
    [
        'bus.subscribe("agent_started", print)',
        'bus.on("agent_started", print)',
        'log.info("agent_started")',
        'return bus.name == "agent_started"',
        'bus.wait_for("agent_started")',
        'return bus.has("agent_started")',
        '"agent_started"',
    ],
)
def test_to_hear_of_an_event_or_to_ask_about_it_is_not_to_hand_it_on(project, line):
    bus = """
        import logging
        from fastapi import FastAPI
        log = logging.getLogger()
        app = FastAPI()

        class Bus:
            name = ""
            def subscribe(self, name, handler): ...
            def on(self, name, handler): ...
            def wait_for(self, name): ...
            def has(self, name): ...

        @app.get("/")
        def endpoint():
            bus = Bus()
            LINE
        """
    project.write({"app.py": bus.replace("LINE", line)})
    assert project.status() == "lost"
