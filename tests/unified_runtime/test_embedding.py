"""The runtime inside other frameworks, and without any."""

import subprocess
import sys
import textwrap

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount, WebSocketRoute

from unified_runtime import SqliteJournal, UnifiedWebSocketManager, create_app
from unified_runtime.errors import ManagerStateError


async def test_it_mounts_in_another_app(manager, serving, check_token, client):
    inner = create_app(manager, authenticate=check_token)
    async with (
        serving(Starlette(routes=[Mount("/events", app=inner)])) as base,
        client(f"{base}/events/ws") as c,
    ):
        assert (await c.frame())["type"] == "ready"


async def test_it_serves_somebody_elses_endpoint(manager, serving, client):
    async def endpoint(websocket):
        await manager.serve_connection(websocket, user_id=websocket.path_params["user"])

    async with (
        serving(Starlette(routes=[WebSocketRoute("/chat/{user}", endpoint)])) as base,
        client(f"{base}/chat/u7?seq=0") as c,
    ):
        assert (await c.frame())["type"] == "ready"
        await manager.emit("u7", "note", {})
        assert (await c.frame())["user_id"] == "u7"


async def test_an_endpoint_may_accept_and_read_before_it_hands_the_socket_over(
    manager, serving, client
):
    async def endpoint(websocket):
        await websocket.accept()
        hello = await websocket.receive_json()
        await manager.serve_connection(websocket, user_id=hello["user"])

    await manager.emit("u7", "note", {})
    async with (
        serving(Starlette(routes=[WebSocketRoute("/chat", endpoint)])) as base,
        client(f"{base}/chat") as c,
    ):
        await c.send({"user": "u7"})
        await c.send({"type": "resume", "seq": 0})
        assert (await c.frame())["type"] == "ready"
        assert (await c.frame())["seq"] == 1


async def test_an_endpoint_that_accepted_may_leave_the_refusal_to_the_manager(
    manager, serving, client, check_token
):
    async def endpoint(websocket):
        await websocket.accept()
        await manager.serve_connection(websocket, authenticate=check_token)

    async with (
        serving(Starlette(routes=[WebSocketRoute("/chat", endpoint)])) as base,
        client(f"{base}/chat", "") as c,
    ):
        await c.send({"type": "auth", "token": "wrong"})
        assert (await c.closed())[0] == 4401


async def test_it_writes_to_a_socket_that_an_endpoint_reads_itself(manager, serving, client):
    async def endpoint(websocket):
        await websocket.accept()
        await manager.connect_user("u1", websocket)
        async for text in websocket.iter_text():
            await manager.emit("u1", "echo", {"text": text})
        await manager.disconnect_user("u1", websocket)

    async with (
        serving(Starlette(routes=[WebSocketRoute("/chat", endpoint)])) as base,
        client(f"{base}/chat") as c,
    ):
        assert (await c.frame())["type"] == "ready"
        await c.socket.send("hello")
        assert (await c.frame())["data"] == {"text": "hello"}


async def test_somebody_has_to_say_who_the_user_is(manager):
    with pytest.raises(ManagerStateError, match="user_id"):
        await manager.serve_connection(None)


async def test_a_journal_that_cannot_open_stops_the_server_at_its_start(tmp_path):
    journal = SqliteJournal(tmp_path / "nowhere" / "events.db")
    app = create_app(UnifiedWebSocketManager(journal=journal), authenticate=lambda _: "u1")
    sent = []

    async def receive():
        return {"type": "lifespan.startup"}

    async def send(message):
        sent.append(message)

    await app({"type": "lifespan"}, receive, send)
    [answer] = sent
    assert answer["type"] == "lifespan.startup.failed"
    assert "unable to open" in answer["message"]


def test_it_needs_only_msgspec():
    """In a process where nothing else can be imported it works, and names the missing extra."""
    program = """
        import asyncio, sys

        class Absent:
            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] in blocked:
                    raise ModuleNotFoundError(f"No module named {name!r}", name=name)

        blocked = set(sys.argv[1:])
        sys.meta_path.insert(0, Absent())
        import unified_runtime as runtime

        async def main():
            async with runtime.UnifiedWebSocketManager() as manager:
                assert await manager.emit("u1", "note", {}) == 1
            try:
                await runtime.connect("ws://127.0.0.1:1/ws").__aenter__()
            except ImportError as error:
                print(error)

        asyncio.run(main())
    """
    blocked = ["typer", "rich", "libcst", "git", "networkx", "redis"]
    blocked += ["uvicorn", "websockets", "starlette", "picows", "uvloop", "pytest"]
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *blocked],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "connect needs 'websockets'; install it with the `asgi` extra\n"


@pytest.mark.parametrize(
    ("path", "root"),
    [
        ("/ws", ""),
        ("/ws", "/w"),
        ("/ws", "/ws/other"),
        ("/app/ws", "/app"),
        ("/ws", "/behind/proxy"),
    ],
)
async def test_a_root_path_counts_only_where_the_path_goes_through_it(
    manager, check_token, serving, client, path, root
):
    """Servers differ in whether `path` holds `root_path`."""
    app = create_app(manager, authenticate=check_token)

    async def behind(scope, receive, send):
        await app({**scope, "path": path, "root_path": root}, receive, send)

    async with serving(behind) as base, client(f"{base}/?seq=0") as c:
        assert (await c.frame())["type"] == "ready"
