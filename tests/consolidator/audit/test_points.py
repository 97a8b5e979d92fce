"""The ten integration points: what is fine is left alone first, then what is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from trees import tree_of, write_tree

from consolidator.analysis.audit.report import Point
from consolidator.analysis.audit.run import audit
from consolidator.plan import AuditPoint, Move, Plan


def points(tmp_path: Path, files: dict[str, str], plan: Plan | None = None) -> dict[str, Point]:
    report = audit(tree_of(write_tree(tmp_path, files)), plan or Plan())
    return {point.id: point for point in report.points}


TEN = {
    *("registry-injection", "engine-notifier", "tool-wrapping", "websocket-endpoints"),
    *("frontend-clients", "handler-registration", "middleware", "connection-management"),
    *("event-routing", "test-doubles"),
}


def test_an_empty_tree_has_ten_points_and_none_is_found(tmp_path: Path) -> None:
    found = points(tmp_path, {"a.py": ""})
    assert found.keys() == TEN
    assert {point.status for point in found.values()} == {"not-found"}


SWITCH = """
    const socket = new WebSocket(url);
    switch (event.type) {
      case "agent_started": show(event.data.agent_name); break;
      case "agent_thinking": show(event.data.reasoning); break;
      case "tool_executing": case "tool_completed": break;
      case "agent_completed": break;
    }
"""

FINE = {
    "registry-injection": {
        "app.py": "def start(registry, manager):\n    registry.set_websocket_manager(manager)\n"
    },
    "engine-notifier": {
        "app.py": "engine = ExecutionEngine(registry, websocket_notifier=bridge)\n"
    },
    "tool-wrapping": {
        "app.py": """
            async def run(bridge, tool):
                await bridge.notify_tool_executing(tool)
                try:
                    await tool()
                finally:
                    await bridge.notify_tool_completed(tool)
        """
    },
    "frontend-clients": {"web/socket.ts": SWITCH},
    "handler-registration": {
        "app.py": "def setup(router):\n    router.add_message_handler('chat', answer)\n"
    },
    "middleware": {
        "app.py": """
            app.add_middleware(CORSMiddleware, allow_origins=ALLOWED)
            @app.websocket("/ws")
            async def ws(websocket):
                user = authenticate(websocket)
        """
    },
    "connection-management": {
        "app.py": """
            async def serve(manager, websocket):
                await manager.connect_user("u", websocket)
                try:
                    await pump(websocket)
                finally:
                    await manager.disconnect_user("u", websocket)
        """
    },
    "event-routing": {
        "app.py": """
            ALLOWED = {"agent_started", "agent_thinking", "tool_executing", "tool_completed",
                       "agent_completed"}
            def route(kind): return kind in ALLOWED
        """
    },
}


@pytest.mark.parametrize(("point", "files"), FINE.items(), ids=FINE.keys())
def test_what_is_wired_is_ok(tmp_path: Path, point: str, files: dict[str, str]) -> None:
    assert points(tmp_path, files)[point].status == "ok"


ENDPOINTS = {
    "FastAPI": "@app.websocket('/ws')\nasync def ws(socket): ...\n",
    "Starlette": "routes = [WebSocketRoute('/ws', endpoint)]\n",
    "Channels": "class Chat(AsyncJsonWebsocketConsumer): ...\n",
    "aiohttp": "async def ws(request):\n    socket = web.WebSocketResponse()\n",
    "websockets": "import websockets\nasync def main():\n    await websockets.serve(handle, '', 80)\n",
    "plain ASGI": "async def app(scope, receive, send):\n    if scope['type'] == 'websocket': ...\n",
}


@pytest.mark.parametrize("source", ENDPOINTS.values(), ids=ENDPOINTS.keys())
def test_endpoints_are_found_in_each_framework(tmp_path: Path, source: str) -> None:
    assert points(tmp_path, {"app.py": source})["websocket-endpoints"].status == "ok"


TROUBLE = {
    "a setter that nobody calls": (
        "registry-injection",
        "broken",
        "class AgentRegistry:\n    def set_websocket_manager(self, m): self.m = m\n",
    ),
    "a setter that is given None": (
        "registry-injection",
        "broken",
        "def start(registry):\n    registry.set_websocket_manager(None)\n",
    ),
    "a setter that does nothing": (
        "registry-injection",
        "broken",
        "class R:\n    def set_websocket_manager(self, m):\n        '''Kept for old callers.'''\n"
        "def start(r, m): r.set_websocket_manager(m)\n",
    ),
    "an engine with None": (
        "engine-notifier",
        "broken",
        "engine = ExecutionEngine(registry, websocket_notifier=None)\n",
    ),
    "an engine without": (
        "engine-notifier",
        "at-risk",
        "class ChatEngine:\n    def __init__(self, r, websocket_notifier=None): ...\n"
        "engine = ChatEngine(registry)\n",
    ),
    "a tool that ends only on success": (
        "tool-wrapping",
        "at-risk",
        "async def run(b, tool):\n    await b.notify_tool_executing(tool)\n    await tool()\n"
        "    await b.notify_tool_completed(tool)\n",
    ),
    "a tool that never ends": (
        "tool-wrapping",
        "at-risk",
        "async def run(b, tool):\n    await b.emit('tool_executing', {})\n    await tool()\n",
    ),
    "a handler for each connection": (
        "handler-registration",
        "at-risk",
        "async def serve(websocket):\n    router.add_handler(Handler(websocket))\n",
    ),
    "no origin check": (
        "middleware",
        "at-risk",
        "@app.websocket('/ws')\nasync def ws(websocket):\n    user = authenticate(websocket)\n",
    ),
    "a connection that stays": (
        "connection-management",
        "at-risk",
        "async def serve(manager, websocket):\n    await manager.connect_user('u', websocket)\n"
        "    await pump(websocket)\n    await manager.disconnect_user('u', websocket)\n",
    ),
    "a table that renames": (
        "event-routing",
        "at-risk",
        "NAMES = {'agent_started': 'agent_begin', 'agent_completed': 'agent_completed'}\n",
    ),
    "a filter that leaves one out": (
        "event-routing",
        "at-risk",
        "KEPT = ('agent_started', 'agent_completed')\ndef keep(kind): return kind in KEPT\n",
    ),
}


@pytest.mark.parametrize(("point", "status", "source"), TROUBLE.values(), ids=TROUBLE.keys())
def test_trouble_is_said_with_its_place(
    tmp_path: Path, point: str, status: str, source: str
) -> None:
    found = points(tmp_path, {"app.py": source})[point]
    assert found.status == status
    assert found.why
    assert found.evidence


def test_tests_are_no_wiring(tmp_path: Path) -> None:
    files = {"tests/test_it.py": "def test_it(r):\n    r.set_websocket_manager(None)\n"}
    assert points(tmp_path, files)["registry-injection"].status == "not-found"


def test_a_switch_without_one_event_is_at_risk(tmp_path: Path) -> None:
    text = SWITCH.replace('case "agent_thinking": show(event.data.reasoning); break;', "")
    found = points(tmp_path, {"web/socket.ts": text})["frontend-clients"]
    assert (found.status, found.why) == ("at-risk", "no client code handles agent_thinking")


def test_an_event_in_a_comment_of_the_frontend_is_not_handled(tmp_path: Path) -> None:
    text = SWITCH.replace('case "agent_thinking"', '// case "agent_thinking"')
    assert points(tmp_path, {"web/socket.ts": text})["frontend-clients"].status == "at-risk"


def test_a_point_of_the_plan_is_broken_until_something_calls_it(tmp_path: Path) -> None:
    plan = Plan(audit_points=(AuditPoint("wired", "The bus is wired", "*.Bus.connect"),))
    assert points(tmp_path, {"a.py": ""}, plan)["wired"].status == "broken"
    assert points(tmp_path, {"a.py": "bus.connect()\n"}, plan)["wired"].status == "ok"


def test_middleware_around_a_channels_router_authenticates_and_checks_the_origin(
    tmp_path: Path,
) -> None:
    source = """
        from channels.auth import AuthMiddlewareStack
        from channels.routing import ProtocolTypeRouter, URLRouter
        from channels.security.websocket import AllowedHostsOriginValidator
        from routing import patterns

        application = ProtocolTypeRouter(
            {"websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(patterns)))}
        )
        """
    assert points(tmp_path, {"asgi.py": source})["middleware"].status == "ok"


MORE_ENDPOINTS = {
    "Litestar handler": "@websocket('/ws')\nasync def ws(socket: WebSocket) -> None: ...\n",
    "Litestar listener": "@websocket_listener('/ws')\nasync def ws(data: str) -> str: ...\n",
    "Litestar class": "class Chat(WebsocketListener):\n    path = '/ws'\n",
    "Sanic": "@app.websocket('/feed')\nasync def feed(request, ws): ...\n",
    "Falcon": "class Feed:\n    async def on_websocket(self, req, ws): ...\n",
    "Flask-Sock": "from flask_sock import Sock\n@sock.route('/ws')\ndef feed(ws): ...\n",
    "Tornado": "class Feed(tornado.websocket.WebSocketHandler): ...\n",
}


@pytest.mark.parametrize("source", MORE_ENDPOINTS.values(), ids=MORE_ENDPOINTS.keys())
def test_endpoints_of_further_frameworks_are_found(tmp_path: Path, source: str) -> None:
    assert points(tmp_path, {"app.py": source})["websocket-endpoints"].status == "ok"


TORNADO = """
from tornado.websocket import WebSocketHandler
class Desk(WebSocketHandler):
    {origin}
    {decorator}
    def open(self): ...
"""
SOCKET_IO = """
sio = socketio.AsyncServer(cors_allowed_origins=["https://a"])
@sio.{on}
async def connect(sid, environ, auth):
    user = {user}
"""


@pytest.mark.parametrize(
    ("source", "status"),
    [
        (TORNADO.format(origin="", decorator="@ws_authenticated"), "ok"),
        (TORNADO.format(origin="", decorator="@tornado.web.addslash"), "at-risk"),
        (
            TORNADO.format(
                origin="def check_origin(self, origin): return True", decorator="@authenticated"
            ),
            "at-risk",
        ),
        (
            TORNADO.format(
                origin="def check_origin(self, origin): return origin in OURS",
                decorator="@authenticated",
            ),
            "ok",
        ),
        (SOCKET_IO.format(on="event", user="await authenticate(environ)"), "ok"),
        (SOCKET_IO.format(on='on("connect")', user="await authenticate(environ)"), "ok"),
        (SOCKET_IO.format(on="event", user="environ['user']"), "at-risk"),
    ],
)
def test_a_handshake_is_judged_as_its_framework_does_it(
    tmp_path: Path, source: str, status: str
) -> None:
    assert points(tmp_path, {"app.py": source})["middleware"].status == status


def test_a_socket_that_a_server_listens_on_is_no_connection(tmp_path: Path) -> None:
    source = "def start(self, sock):\n    self.http_server.add_socket(sock)\n"
    assert points(tmp_path, {"app.py": source})["connection-management"].status == "not-found"


def test_an_endpoint_without_any_authentication_is_at_risk(tmp_path: Path) -> None:
    source = "@app.websocket('/ws')\nasync def ws(socket):\n    await socket.accept()\n"
    point = points(tmp_path, {"app.py": source})["middleware"]
    assert point.status == "at-risk"
    assert point.why.startswith("no authentication and origin check")


NO_CONNECTIONS = {
    "a join of tables": "def find(session, conn):\n    return session.query(A).join(conn, A.id)\n",
    "a row is added": "def save(session, connection):\n    session.add(connection)\n",
    "an item of a dict": "def keep(known, name, value):\n    known[name] = value\n",
    "a list of database connections": "def keep(pool, conn):\n    pool.append(conn)\n",
}


@pytest.mark.parametrize("source", NO_CONNECTIONS.values(), ids=NO_CONNECTIONS.keys())
def test_what_adds_no_socket_is_no_connection(tmp_path: Path, source: str) -> None:
    text = f"# connect\n{source}"
    assert points(tmp_path, {"app.py": text})["connection-management"].status == "not-found"


KEPT_AND_REMOVED = {
    "Channels groups": """
        class Chat(AsyncJsonWebsocketConsumer):
            async def connect(self):
                await self.channel_layer.group_add("all", self.channel_name)
            async def disconnect(self, code):
                await self.channel_layer.group_discard("all", self.channel_name)
        """,
    "a module's dict in Sanic": """
        sockets = {}
        @app.websocket("/feed/<user>")
        async def feed(request, ws, user):
            sockets[user] = ws
            try:
                async for line in ws: ...
            finally:
                sockets.pop(user, None)
        """,
    "a set in Tornado": """
        class Feed(WebSocketHandler):
            peers = set()
            def open(self):
                self.peers.add(self)
            def on_close(self):
                self.peers.discard(self)
        """,
}
REMOVAL = {
    "Channels groups": "await self.channel_layer.group_discard",
    "a module's dict in Sanic": "sockets.pop",
    "a set in Tornado": "self.peers.discard",
}


@pytest.mark.parametrize("style", KEPT_AND_REMOVED)
def test_a_connection_that_is_removed_in_the_style_of_its_framework_is_fine(
    tmp_path: Path, style: str
) -> None:
    found = points(tmp_path, {"app.py": KEPT_AND_REMOVED[style]})["connection-management"]
    assert found.status == "ok"


@pytest.mark.parametrize("style", KEPT_AND_REMOVED)
def test_a_connection_that_stays_in_the_style_of_its_framework_is_at_risk(
    tmp_path: Path, style: str
) -> None:
    source = KEPT_AND_REMOVED[style].replace(REMOVAL[style], "print")
    found = points(tmp_path, {"app.py": source})["connection-management"]
    assert found.status == "at-risk"


MOVED = {
    "app.py": """
        class Manager:
            def __init__(self): self.sockets = {}
            async def send_to_thread(self, thread, message): ...
        class UnifiedManager:
            async def send(self, user, message): ...
        """,
    "consolidation.toml": "",
}
MOVE = Plan(moves=(Move(source="app.Manager", target="app.UnifiedManager"),))


@pytest.mark.parametrize(
    ("test", "status"),
    [
        ("manager.send_to_thread = AsyncMock()", "at-risk"),
        ("mock_ws.send_to_thread.return_value = True", "at-risk"),
        ("bridge.send_to_thread = AsyncMock()", "not-found"),  # a double of something else
        ("manager.sockets_of = AsyncMock()", "not-found"),
        ("manager = AsyncMock(spec=Manager)", "ok"),
        ("class FakeManager:\n    async def send_to_thread(self, t, m): ...", "at-risk"),
        ("class FakeBridge:\n    async def send_to_thread(self, t, m): ...", "not-found"),
    ],
)
def test_doubles_of_what_the_replacement_lacks_are_found(
    tmp_path: Path, test: str, status: str
) -> None:
    source = f"from app import Manager\nfrom unittest.mock import AsyncMock\n{test}\n"
    files = {**MOVED, "tests/test_it.py": source}
    assert points(tmp_path, files, MOVE)["test-doubles"].status == status
