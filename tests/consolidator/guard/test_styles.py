"""Backends in styles that real ones have: is each event seen on its way, or said to be uncertain?"""

from __future__ import annotations

import pytest

EVENTS = ("agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed")

STYLES: dict[str, dict[str, str]] = {
    "a Django Channels consumer": {
        "chat/consumers.py": """
            from channels.generic.websocket import AsyncJsonWebsocketConsumer

            class ChatConsumer(AsyncJsonWebsocketConsumer):
                async def connect(self):
                    await self.accept()
                    await self.channel_layer.group_add("u", self.channel_name)

                async def receive_json(self, content):
                    await self.send_json({"type": "agent_started", "agent_name": "x"})
                    await self.channel_layer.group_send("u", {"type": "agent.event", "payload": {"type": "agent_thinking"}})
                    await self.step("tool_executing")
                    await self.step("tool_completed")
                    await self.send(text_data=__import__("json").dumps({"type": "agent_completed"}))

                async def agent_event(self, event):
                    await self.send_json(event["payload"])

                async def step(self, kind):
                    await self.send_json({"type": kind})
            """,
    },
    "an aiohttp application": {
        "server.py": """
            import json
            from aiohttp import web

            async def websocket_handler(request):
                ws = web.WebSocketResponse()
                await ws.prepare(request)
                request.app["sockets"].add(ws)
                async for msg in ws:
                    await run_agent(request.app, ws)
                return ws

            async def push(ws, event, **data):
                await ws.send_str(json.dumps({"event": event, "data": data}))

            async def run_agent(app, ws):
                await push(ws, "agent_started", agent_name="a")
                await push(ws, "agent_thinking", reasoning="b")
                await push(ws, "tool_executing", tool_name="t")
                await push(ws, "tool_completed", tool_name="t")
                for other in app["sockets"]:
                    await other.send_json({"event": "agent_completed"})

            def make_app():
                app = web.Application()
                app["sockets"] = set()
                app.router.add_get("/ws", websocket_handler)
                return app

            if __name__ == "__main__":
                web.run_app(make_app())
            """,
    },
    "a Celery task that publishes through Redis": {
        "worker/tasks.py": """
            import json
            import redis
            from celery import shared_task

            r = redis.Redis()

            def publish(user_id, type_, **data):
                r.publish(f"user:{user_id}", json.dumps({"type": type_, **data}))

            @shared_task
            def run_agent(user_id):
                publish(user_id, "agent_started")
                publish(user_id, "agent_thinking")
                publish(user_id, "tool_executing")
                publish(user_id, "tool_completed")
                publish(user_id, "agent_completed")
            """,
        "web/app.py": """
            import redis.asyncio as redis
            from fastapi import FastAPI, WebSocket

            app = FastAPI()

            @app.websocket("/ws/{user_id}")
            async def stream(websocket: WebSocket, user_id: str):
                await websocket.accept()
                pubsub = redis.Redis().pubsub()
                await pubsub.subscribe(f"user:{user_id}")
                async for message in pubsub.listen():
                    if message["type"] == "message":
                        await websocket.send_text(message["data"].decode())
            """,
    },
    "an event bus with handlers": {
        "bus.py": """
            class Bus:
                def __init__(self):
                    self._handlers = {}
                def on(self, name, handler):
                    self._handlers.setdefault(name, []).append(handler)
                async def emit(self, name, payload):
                    for handler in self._handlers.get(name, []):
                        await handler(name, payload)

            bus = Bus()
            """,
        "app.py": """
            from fastapi import FastAPI, WebSocket
            from bus import bus
            from agent import run

            app = FastAPI()
            EVENTS = ("agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed")

            @app.websocket("/ws")
            async def ws(websocket: WebSocket):
                await websocket.accept()
                async def forward(name, payload):
                    await websocket.send_json({"type": name, **payload})
                for name in EVENTS:
                    bus.on(name, forward)
                while True:
                    await run(await websocket.receive_text())
            """,
        "agent.py": """
            from bus import bus

            async def run(text):
                await bus.emit("agent_started", {"agent_name": "a"})
                await bus.emit("agent_thinking", {"reasoning": text})
                await bus.emit("tool_executing", {"tool_name": "t"})
                await bus.emit("tool_completed", {"tool_name": "t"})
                await bus.emit("agent_completed", {"final_response": "x"})
            """,
    },
    "an enum, dataclasses and match": {
        "events.py": """
            from dataclasses import dataclass, field, asdict
            from enum import Enum

            class Kind(str, Enum):
                STARTED = "agent_started"
                THINKING = "agent_thinking"
                EXECUTING = "tool_executing"
                COMPLETED = "tool_completed"
                DONE = "agent_completed"

            @dataclass
            class Event:
                kind: Kind
                data: dict = field(default_factory=dict)
                def to_dict(self):
                    return {"type": self.kind.value, "data": self.data}

            @dataclass
            class Done(Event):
                kind: Kind = Kind.DONE
            """,
        "manager.py": """
            from events import Event
            class Manager:
                def __init__(self):
                    self.connections: dict[str, set] = {}
                async def connect(self, user, ws):
                    await ws.accept()
                    self.connections.setdefault(user, set()).add(ws)
                async def send(self, user, event: Event):
                    for ws in self.connections.get(user, set()):
                        await ws.send_json(event.to_dict())
            manager = Manager()
            """,
        "app.py": """
            from fastapi import FastAPI, WebSocket
            from events import Event, Kind, Done
            from manager import manager
            app = FastAPI()

            @app.websocket("/ws/{user}")
            async def ws(websocket: WebSocket, user: str):
                await manager.connect(user, websocket)
                await run(user)

            async def run(user):
                await manager.send(user, Event(Kind.STARTED))
                await manager.send(user, Event(kind=Kind.THINKING, data={"reasoning": "r"}))
                event = Event(Kind.EXECUTING)
                await manager.send(user, event)
                match user:
                    case "x":
                        kind = Kind.COMPLETED
                    case _:
                        kind = Kind.COMPLETED
                await manager.send(user, Event(kind))
                await manager.send(user, Done())
            """,
    },
    "methods found by getattr and a name put together": {
        "emitter.py": """
            class Emitter:
                def __init__(self, ws):
                    self.ws = ws
                async def emit(self, name, **data):
                    handler = getattr(self, f"emit_{name}")
                    await handler(**data)
                async def emit_agent_started(self, **data):
                    await self._out("agent_started", data)
                async def emit_agent_thinking(self, **data):
                    await self._out("agent_thinking", data)
                async def emit_tool_executing(self, **data):
                    await self._out("tool_executing", data)
                async def emit_tool_completed(self, **data):
                    await self._out("tool_completed", data)
                async def emit_agent_completed(self, **data):
                    await self._out("agent_completed", data)
                async def _out(self, kind, data):
                    await self.ws.send_json({"type": kind, "data": data})
            """,
        "app.py": """
            from starlette.applications import Starlette
            from starlette.endpoints import WebSocketEndpoint
            from starlette.routing import WebSocketRoute
            from emitter import Emitter

            class Chat(WebSocketEndpoint):
                encoding = "json"
                async def on_receive(self, websocket, data):
                    e = Emitter(websocket)
                    await e.emit("agent_started", agent_name="a")
                    await e.emit("agent_thinking")
                    await e.emit("tool_executing")
                    await e.emit("tool_completed")
                    await e.emit("agent_completed")

            app = Starlette(routes=[WebSocketRoute("/ws", Chat)])
            """,
    },
    "functions in four modules, formats and partial": {
        "a_wire.py": """
            import websockets
            import asyncio
            import json
            CLIENTS = {}
            async def deliver(user, frame):
                ws = CLIENTS.get(user)
                if ws is not None:
                    await ws.send(json.dumps(frame))
            """,
        "b_format.py": """
            from a_wire import deliver
            async def emit_event(user, kind, data=None):
                await deliver(user, {"type": kind, "data": data or {}})
            """,
        "c_notify.py": """
            from functools import partial
            import b_format
            PREFIX = "agent"
            async def started(user): await b_format.emit_event(user, PREFIX + "_started")
            async def thinking(user, text): await b_format.emit_event(user, f"{PREFIX}_thinking", {"reasoning": text})
            tool_executing = partial(b_format.emit_event, kind="tool_executing")
            async def tool_completed(user): await b_format.emit_event(user, "tool_%s" % "completed")
            async def completed(user): await b_format.emit_event(user, "{}_completed".format(PREFIX))
            """,
        "d_server.py": """
            import asyncio
            import websockets
            import a_wire, c_notify

            async def handler(ws):
                user = ws.request.path
                a_wire.CLIENTS[user] = ws
                try:
                    async for text in ws:
                        await c_notify.started(user)
                        await c_notify.thinking(user, text)
                        await c_notify.tool_executing(user)
                        await c_notify.tool_completed(user)
                        await c_notify.completed(user)
                finally:
                    del a_wire.CLIENTS[user]

            async def main():
                async with websockets.serve(handler, "localhost", 8765):
                    await asyncio.Future()

            if __name__ == "__main__":
                asyncio.run(main())
            """,
    },
    "a decorator, a queue and a sender inside the endpoint": {
        "app.py": """
            import asyncio, functools, json
            from fastapi import FastAPI, WebSocket
            app = FastAPI()

            def tool(fn):
                @functools.wraps(fn)
                async def wrapper(queue, *args):
                    await queue.put({"type": "tool_executing", "tool_name": fn.__name__})
                    try:
                        return await fn(*args)
                    finally:
                        await queue.put({"type": "tool_completed", "tool_name": fn.__name__})
                return wrapper

            @tool
            async def search(q):
                return q

            async def agent(queue, text):
                await queue.put({"type": "agent_started"})
                await queue.put({"type": "agent_thinking"})
                await search(queue, text)
                await queue.put({"type": "agent_completed"})

            @app.websocket("/ws")
            async def ws(websocket: WebSocket):
                await websocket.accept()
                queue = asyncio.Queue()
                async def sender():
                    while True:
                        await websocket.send_json(await queue.get())
                task = asyncio.create_task(sender())
                try:
                    while True:
                        await agent(queue, await websocket.receive_text())
                finally:
                    task.cancel()
            """,
    },
    "a generator of events": {
        "app.py": """
            from fastapi import FastAPI, WebSocket
            app = FastAPI()

            async def events(text):
                yield {"type": "agent_started"}
                yield {"type": "agent_thinking", "reasoning": text}
                yield {"type": "tool_executing"}
                yield {"type": "tool_completed"}
                yield {"type": "agent_completed"}

            @app.websocket("/ws")
            async def ws(websocket: WebSocket):
                await websocket.accept()
                async for event in events(await websocket.receive_text()):
                    await websocket.send_json(event)
            """,
    },
    "an outbox per session and a callable notifier": {
        "hub.py": """
            import asyncio
            class Session:
                def __init__(self, ws):
                    self.ws = ws
                    self.outbox: asyncio.Queue[dict] = asyncio.Queue(100)
                async def run(self):
                    while True:
                        frame = await self.outbox.get()
                        await self.ws.send_json(frame)
            class Hub:
                def __init__(self):
                    self.sessions: dict[str, list[Session]] = {}
                def attach(self, user, ws):
                    s = Session(ws)
                    self.sessions.setdefault(user, []).append(s)
                    return s
                def publish(self, user, kind, **data):
                    for s in self.sessions.get(user, []):
                        s.outbox.put_nowait({"type": kind, "data": data})
            """,
        "app.py": """
            from fastapi import FastAPI, WebSocket, Depends
            from hub import Hub
            app = FastAPI()
            hub = Hub()
            class Notifier:
                def __init__(self, hub: Hub, user: str):
                    self.hub, self.user = hub, user
                def __call__(self, kind, **data):
                    self.hub.publish(self.user, kind, **data)
            def agent(notify):
                notify("agent_started")
                notify("agent_thinking", reasoning="r")
                notify("tool_executing")
                notify("tool_completed")
                notify("agent_completed")
            @app.post("/run/{user}")
            async def run(user: str):
                agent(Notifier(hub, user))
            @app.websocket("/ws/{user}")
            async def ws(websocket: WebSocket, user: str):
                await websocket.accept()
                await hub.attach(user, websocket).run()
            """,
    },
}
UNCERTAIN = {
    "functions in four modules, formats and partial": {"tool_executing"},
}
"""Where the event leaves what can be followed; everywhere else it is followed to the socket."""


@pytest.mark.parametrize("style", STYLES)
def test_every_style_is_followed_or_said_to_be_uncertain(project, style):
    project.write(STYLES[style])
    statuses = {report.event: report.status for report in project.guard(*EVENTS).events}
    unknown = UNCERTAIN.get(style, set())
    assert statuses == {event: "weakened" if event in unknown else "ok" for event in EVENTS}


LOSSES = {
    "a Django Channels consumer": (
        "chat/consumers.py",
        'await self.send_json(event["payload"])',
        "pass",
        "agent_thinking",
    ),
    "an aiohttp application": (
        "server.py",
        "await ws.send_str(",
        "await ws.receive_str(",
        "agent_started",
    ),
    "an event bus with handlers": ("app.py", "bus.on(name, forward)", "pass", "agent_started"),
    "an enum, dataclasses and match": (
        "app.py",
        "await manager.connect(user, websocket)",
        "await websocket.accept()",
        "agent_started",
    ),
    "methods found by getattr and a name put together": (
        "emitter.py",
        "await handler(**data)",
        "return",
        "agent_started",
    ),
    "functions in four modules, formats and partial": (
        "d_server.py",
        "a_wire.CLIENTS[user] = ws",
        "pass",
        "agent_started",
    ),
    "a decorator, a queue and a sender inside the endpoint": (
        "app.py",
        "await websocket.send_json(await queue.get())",
        "await queue.get()",
        "agent_started",
    ),
    "a generator of events": (
        "app.py",
        "await websocket.send_json(event)",
        "print(event)",
        "agent_started",
    ),
    "an outbox per session and a callable notifier": (
        "hub.py",
        "self.sessions.setdefault(user, []).append(s)",
        "pass",
        "agent_started",
    ),
}


@pytest.mark.parametrize("style", LOSSES)
def test_a_break_anywhere_on_the_way_is_seen(project, style):
    path, old, new, event = LOSSES[style]
    project.write(STYLES[style])
    project.freeze(event)
    project.replace(path, old, new)
    assert project.status(event) == "lost"
    assert project.rules(event)
