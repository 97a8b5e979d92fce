"""What turns an event red: each way of losing the one emission of a small application."""

from __future__ import annotations

import pytest

APPLICATION = {
    "app/__init__.py": "",
    "app/manager.py": """
        class Manager:
            def __init__(self):
                self.sockets = {}

            async def send(self, user_id, message):
                for websocket in self.sockets.get(user_id, ()):
                    await websocket.send_json(message)
        """,
    "app/bridge.py": """
        from app.manager import Manager


        class Bridge:
            def __init__(self, manager: Manager, user_id):
                self._manager = manager
                self._user_id = user_id

            async def notify_agent_started(self, name):
                await self._emit("agent_started", {"agent_name": name})

            async def _emit(self, kind, data):
                await self._manager.send(self._user_id, {"type": kind, "data": data})
        """,
    "app/main.py": """
        from fastapi import FastAPI, WebSocket

        from app.bridge import Bridge
        from app.manager import Manager

        api = FastAPI()
        manager = Manager()


        @api.websocket("/ws")
        async def endpoint(websocket: WebSocket):
            await websocket.accept()
            manager.sockets.setdefault("ada", []).append(websocket)
            await answer("ada")


        async def answer(user_id):
            bridge = Bridge(manager, user_id)
            await bridge.notify_agent_started("triage")
        """,
}


@pytest.fixture
def app(project):
    return project.write(APPLICATION)


def test_an_event_on_its_way_to_a_socket_is_ok(app):
    assert app.status() == "ok"
    assert app.sites() == {
        "app/bridge.py:10": ("literal", "true"),
        "app/main.py:14": ("delegation", "true"),
        "app/main.py:19": ("delegation", "true"),
    }


CALL = 'await bridge.notify_agent_started("triage")'
LITERAL = 'await self._emit("agent_started", {"agent_name": name})'
SEND = "await websocket.send_json(message)"
LOSSES = {
    "the call is deleted": ("app/main.py", CALL, "pass"),
    "the call is commented out": ("app/main.py", CALL, f"pass  # {CALL}"),
    "the call is in a string": ("app/main.py", CALL, f"note = '{CALL}'"),
    "the event is renamed": ("app/bridge.py", '"agent_started"', '"agent_start"'),
    "a dead flag": ("app/main.py", CALL, f"if False:\n        {CALL}"),
    "a dead constant": ("app/main.py", CALL, f"DEBUG = 0\n    if DEBUG:\n        {CALL}"),
    "a dead operand": ("app/main.py", CALL, f"False and {CALL}"),
    "an early return": ("app/main.py", CALL, f"return\n    {CALL}"),
    "an early return under a true condition": (
        "app/main.py",
        CALL,
        f"if not None:\n        return\n    {CALL}",
    ),
    "an early raise": ("app/main.py", CALL, f"raise NotImplementedError\n    {CALL}"),
    "a loop over nothing": ("app/main.py", CALL, f"for _ in ():\n        {CALL}"),
    "a loop that never ends before it": (
        "app/main.py",
        CALL,
        f"while True:\n        pass\n    {CALL}",
    ),
    "an assertion that fails": ("app/main.py", CALL, f"assert False\n    {CALL}"),
    "an early return in the emitter": ("app/bridge.py", LITERAL, f"return\n        {LITERAL}"),
    "a nested function that nobody calls": (
        "app/main.py",
        CALL,
        f"async def later():\n        {CALL}",
    ),
    "a wrong receiver": ("app/bridge.py", "self._manager.send", "self._manger.send"),
    "a method that the receiver lacks": ("app/bridge.py", "_manager.send", "_manager.send_to_user"),
    "arguments that do not fit": ("app/bridge.py", "send(self._user_id, ", "send("),
    "a missing await": ("app/main.py", CALL, CALL.removeprefix("await ")),
    "a missing await in the emitter": ("app/bridge.py", LITERAL, LITERAL.removeprefix("await ")),
    "a caller that is never called": ("app/main.py", 'await answer("ada")', "pass"),
    "an endpoint that is not registered": ("app/main.py", '@api.websocket("/ws")\n', ""),
    "a helper that does nothing": (
        "app/bridge.py",
        'await self._manager.send(self._user_id, {"type": kind, "data": data})',
        "pass",
    ),
    "a helper that only logs": (
        "app/bridge.py",
        'await self._manager.send(self._user_id, {"type": kind, "data": data})',
        'print("sent", kind, data)',
    ),
    "a manager that sends nothing": ("app/manager.py", SEND, "pass"),
    "a manager that keeps what it should send": ("app/manager.py", SEND, "self.last = message"),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_it_is_lost_through(app, loss):
    app.replace(*LOSSES[loss])
    assert app.status() == "lost"
    assert "event-lost" in app.rules("agent_started")


def test_sockets_that_nobody_ever_adds_turn_the_event_red_and_the_reason_says_so(app):
    app.replace("app/main.py", '    manager.sockets.setdefault("ada", []).append(websocket)\n', "")
    assert app.status() == "lost"
    assert "nothing ever puts anything into 'self.sockets'" in app.why()


def test_the_method_that_adds_sockets_must_be_called(app):
    joining = "    manager.join(websocket)\n"
    app.replace(
        "app/main.py", '    manager.sockets.setdefault("ada", []).append(websocket)\n', joining
    )
    app.replace(
        "app/manager.py",
        "    async def send",
        "    def join(self, socket):\n        self.sockets['ada'] = [socket]\n\n    async def send",
    )
    assert app.status() == "ok"
    app.replace("app/main.py", joining, "")
    assert app.status() == "lost"
    assert "'self.sockets' stays empty: nothing calls app.manager.Manager.join" in app.why()


HUB = """
    from fastapi import FastAPI, WebSocket

    app = FastAPI()


    class Hub:
        def __init__(self):
            {made}

        {joined}

        async def send(self, message):
            stale = [socket for socket in self.sockets if socket is None]
            if stale:
                return
            for socket in {read}:
                await socket.send_json(message)


    hub = Hub()


    @app.websocket("/ws")
    async def endpoint(websocket: WebSocket):
        hub.join(websocket)
        await hub.send({{"type": "agent_started"}})
    """


@pytest.mark.parametrize(
    ("made", "joined", "read"),
    [
        ("self.sockets = []", "def join(self, s): self.sockets.append(s)", "self.sockets"),
        ("self.sockets = set()", "def join(self, s): self.sockets.add(s)", "list(self.sockets)"),
        (
            "self.sockets = {}",
            "def join(self, s): self.sockets.setdefault('u', []).append(s)",
            "self.sockets.get('u', ())",
        ),
        (
            "self.sockets = defaultdict(set)",
            "def join(self, s): self.sockets['u'].add(s)",
            "self.sockets['u']",
        ),
        (
            "self.sockets = []",
            "def join(self, s): _into(self.sockets, s)",
            "sorted(self.sockets)",
        ),
        (
            "self.sockets = {}",
            "def join(self, s): self.sockets.update(u=s)",
            "self.sockets.values()",
        ),
        ("self.sockets = []", "def join(self, s): self.sockets += [s]", "self.sockets"),
        (
            "self.sockets = []",
            "def join(self, s): known = self.sockets; known.append(s)",
            "self.sockets",
        ),
    ],
)
def test_sockets_may_be_kept_in_any_container(project, made, joined, read):
    project.write({"app.py": HUB.format(made=made, joined=joined, read=read)})
    assert project.status() == "ok"
    project.replace("app.py", "    hub.join(websocket)\n", "")
    assert project.status() == "lost"


@pytest.mark.parametrize("lost", ["", "return "])
def test_a_coroutine_given_to_one_that_nobody_awaits_never_runs(project, lost):
    project.write(
        {
            "app.py": """
            from fastapi import FastAPI, WebSocket

            app = FastAPI()


            async def to_the_end(step):
                return await step


            async def start(websocket):
                await websocket.send_json({"type": "agent_started"})


            @app.websocket("/ws")
            async def endpoint(websocket: WebSocket):
                await to_the_end(start(websocket))
            """
        }
    )
    assert project.status() == "ok"
    project.replace("app.py", "await to_the_end(", f"{lost}to_the_end(")
    assert project.status() == "lost"
    assert "app.py:16 is not awaited" in project.why()
