"""What is handed on runs, or does not: send methods as callbacks, decorators, partials, threads."""

from __future__ import annotations

import pytest

LISTENERS = """
class Agent:
    def __init__(self): self.listeners = []
    def on(self, listener): self.listeners.append(listener)
    async def go(self):
        for listener in self.listeners: await listener({"type": "agent_started"})
"""
SENDER = """
async def tell(socket, message): await socket.send_json(message)
"""

STYLES = {
    "a send method is an argument": (
        """
        async def go(push): await push({"type": "agent_started"})
        async def answer(ws): await go(ws.send_json)
        """,
        ("await push(", "push("),
    ),
    "a send method is kept in a field": (
        """
        class Agent:
            def __init__(self, push): self.push = push
            async def go(self): await self.push({"type": "agent_started"})
        async def answer(ws): await Agent(ws.send_json).go()
        """,
        ("await self.push(", "self.push("),
    ),
    "a send method of a socket with a type": (
        """
        class Agent:
            def __init__(self, socket: WebSocket): self.push = socket.send_json
            async def go(self): await self.push({"type": "agent_started"})
        async def answer(ws): await Agent(ws).go()
        """,
        ("await Agent(ws).go()", "Agent(ws).go()"),
    ),
    "a send method under a local name": (
        """
        async def answer(ws: WebSocket):
            push = ws.send_json
            await push({"type": "agent_started"})
        """,
        ('await push({"type": "agent_started"})', "pass"),
    ),
    "a send method among listeners": (
        LISTENERS
        + """
async def answer(ws):
    agent = Agent()
    agent.on(ws.send_json)
    await agent.go()
""",
        ("    agent.on(ws.send_json)\n", ""),
    ),
    "a partial of a function that sends": (
        SENDER
        + """
async def go(push): await push({"type": "agent_started"})
async def answer(ws): await go(functools.partial(tell, ws))
""",
        ("await socket.send_json(message)", "print(message)"),
    ),
    "a partial that is kept": (
        SENDER
        + """
class Agent:
    def __init__(self, ws): self.push = functools.partial(tell, socket=ws)
    async def go(self): await self.push(message={"type": "agent_started"})
async def answer(ws): await Agent(ws).go()
""",
        ("await socket.send_json(message)", "print(message)"),
    ),
    "a send method that map calls": (
        """
        async def answer(ws: WebSocket):
            await asyncio.gather(*map(ws.send_json, [{"type": "agent_started"}]))
        """,
        ('[{"type": "agent_started"}]', "[]"),
    ),
    "a decorator that tries again": (
        """
        def again(times):
            def decorate(function):
                @functools.wraps(function)
                async def wrapper(*args, **kwargs):
                    for _ in range(times):
                        return await function(*args, **kwargs)
                return wrapper
            return decorate
        @again(3)
        async def answer(ws): await ws.send_json({"type": "agent_started"})
        """,
        ("return await function(*args, **kwargs)", "return None"),
        ("        return wrapper\n", "        return None\n"),
        ("    return decorate\n", "    return None\n"),
    ),
    "a decorator that enters it into a table": (
        """
        HANDLERS = {}
        def handles(name):
            def decorate(function):
                HANDLERS[name] = function
                return function
            return decorate
        @handles("run")
        async def run(ws, message): await ws.send_json({"type": "agent_started"})
        async def answer(ws):
            async for message in ws.iter_json():
                await HANDLERS[message["type"]](ws, message)
        """,
        ('@handles("run")\n', ""),
        ("        HANDLERS[name] = function\n", ""),
    ),
    "a coroutine that synchronous code calls": (
        """
        async def tell(ws): await ws.send_json({"type": "agent_started"})
        def work(ws): async_to_sync(tell)(ws)
        async def answer(ws): await asyncio.to_thread(work, ws)
        """,
        ("async_to_sync(tell)(ws)", "tell(ws)"),
    ),
    "an object that a generic box gives back": (
        """
        T = TypeVar("T")
        class Box(Generic[T]):
            def __init__(self, value: T): self.value = value
            def get(self) -> T: return self.value
        class Emitter:
            def __init__(self, ws): self.ws = ws
            async def started(self): await self.ws.send_json({"type": "agent_started"})
        async def answer(ws): await Box(Emitter(ws)).get().started()
        """,
        (".get().started()", ".get().stop()"),
    ),
    "a thread": (
        """
        def work(loop, socket):
            asyncio.run_coroutine_threadsafe(socket.send_json({"type": "agent_started"}), loop)
        async def answer(ws: WebSocket):
            thread = threading.Thread(target=work, args=(asyncio.get_running_loop(), ws))
            thread.start()
        """,
        ("    thread.start()\n", ""),
        (
            'asyncio.run_coroutine_threadsafe(socket.send_json({"type": "agent_started"}), loop)',
            'socket.send_json({"type": "agent_started"})',
        ),
    ),
    "sends that are gathered": (
        """
        sockets = {}
        async def answer(ws):
            sockets[id(ws)] = ws
            await asyncio.gather(*[s.send_json({"type": "agent_started"}) for s in sockets.values()])
        """,
        (
            'await asyncio.gather(*[s.send_json({"type": "agent_started"}) for s in sockets.values()])',
            '[s.send_json({"type": "agent_started"}) for s in sockets.values()]',
        ),
    ),
    "a context manager that sends": (
        """
        @asynccontextmanager
        async def running(ws):
            await ws.send_json({"type": "agent_started"})
            yield
        async def answer(ws):
            async with running(ws):
                pass
        """,
        ("    async with running(ws):\n        pass", "    running(ws)"),
    ),
    "an event that is handed to a background task": (
        """
        async def tell(ws, kind): await ws.send_json({"type": kind})
        async def answer(ws): BackgroundTasks().add_task(tell, ws, "agent_started")
        """,
        ("await ws.send_json", "print"),
        (".add_task(tell, ws,", ".add_note(ws,"),
    ),
    "an event that is handed to a thread": (
        """
        def work(loop, ws, kind):
            asyncio.run_coroutine_threadsafe(ws.send_json({"type": kind}), loop)
        async def answer(ws):
            await asyncio.to_thread(work, asyncio.get_running_loop(), ws, "agent_started")
        """,
        (
            'await asyncio.to_thread(work, asyncio.get_running_loop(), ws, "agent_started")',
            "pass",
        ),
    ),
    "a context manager that an exit stack enters": (
        """
        class Run:
            def __init__(self, ws): self.ws = ws
            async def __aenter__(self):
                await self.ws.send_json({"type": "agent_started"})
                return self
            async def __aexit__(self, *reason): ...
        async def answer(ws):
            async with AsyncExitStack() as stack:
                await stack.enter_async_context(Run(ws))
        """,
        ("await stack.enter_async_context(Run(ws))", "Run(ws)"),
    ),
    "a weak reference to what sends": (
        """
        class Hub:
            def __init__(self, ws): self.ws = ws
            async def tell(self, kind): await self.ws.send_json({"type": kind})
        class Agent:
            def __init__(self, hub): self._hub = weakref.ref(hub)
            async def go(self):
                hub = self._hub()
                if hub is not None: await hub.tell("agent_started")
        async def answer(ws):
            hub = Hub(ws)
            await Agent(hub).go()
        """,
        ('await self.ws.send_json({"type": kind})', "print(kind)"),
    ),
    "what a cast says": (
        """
        class Hub:
            def __init__(self, ws): self.ws = ws
            async def tell(self, kind): await self.ws.send_json({"type": kind})
        async def answer(ws):
            hub = cast("Hub", await thing(ws))
            await hub.tell("agent_started")
        async def thing(ws): return eval("Hub(ws)")
        """.replace('"Hub", await', "Hub, await"),
        ('await self.ws.send_json({"type": kind})', "print(kind)"),
    ),
    "sockets of what a call gives": (
        """
        class Hub:
            _only = None
            @classmethod
            def get(cls):
                if cls._only is None:
                    cls._only = cls()
                    cls._only.sockets = []
                return cls._only
            async def tell(self, message):
                if self.sockets:
                    for socket in self.sockets: await socket.send_json(message)
        async def answer(ws):
            Hub.get().sockets.append(ws)
            await Hub.get().tell({"type": "agent_started"})
        """,
        ("await socket.send_json(message)", "print(message)"),
    ),
}


@pytest.mark.parametrize("style", STYLES)
def test_it_is_seen_to_be_sent(project, style):
    project.write_answer(STYLES[style][0])
    assert project.status() == "ok"


@pytest.mark.parametrize(
    ("style", "edit"), [(s, edit) for s, (_, *edits) in STYLES.items() for edit in edits]
)
def test_it_is_seen_to_be_lost(project, style, edit):
    project.write_answer(STYLES[style][0])
    project.replace("app.py", *edit)
    assert project.status() == "lost"


def test_a_name_that_a_function_hands_to_what_it_was_given_is_not_called_lost(project):
    body = """
        async def go(tell): await tell("agent_started")
        async def answer(ws): await go(lambda kind: ws.send_json({"type": kind}))
        """
    project.write_answer(body)
    assert project.status() == "weakened"
    assert "handed to tell" in project.why()
