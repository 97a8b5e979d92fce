"""Real servers for the tests: uvicorn on a free port in the test's own loop, and Redis."""

import asyncio
import json
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket

from unified_runtime import (
    AgentWebSocketBridge,
    Limits,
    UnifiedWebSocketManager,
    UserExecutionContext,
    create_app,
)
from unified_runtime.asgi import App
from unified_runtime.handshake import Handshake

Serving = Callable[..., AbstractAsyncContextManager[str]]


@asynccontextmanager
async def _serving(app: App, *, port: int = 0) -> AsyncIterator[str]:
    """Yields `ws://127.0.0.1:<port>`; the server has stopped when the block ends."""
    config = uvicorn.Config(
        app,
        port=port,
        log_level="warning",
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=10,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"ws://127.0.0.1:{port}"
    finally:
        await server.shutdown()
        if late := set(
            server.server_state.tasks
        ):  # cancelled; their sockets must not outlive the loop
            await asyncio.wait(late)


@pytest.fixture
def serving() -> Serving:
    return _serving


def user_from_token(handshake: Handshake) -> str | None:
    """The token `user.<name>` is that user; everything else is refused."""
    kind, _, name = (handshake.token or "").partition(".")
    return name if kind == "user" and name else None


@pytest.fixture
def check_token() -> Callable[[Handshake], str | None]:
    return user_from_token


@pytest.fixture
async def manager() -> AsyncIterator[UnifiedWebSocketManager]:
    async with UnifiedWebSocketManager(limits=Limits(resume_wait=0.05)) as manager:
        yield manager


@pytest.fixture
async def url(manager: UnifiedWebSocketManager) -> AsyncIterator[str]:
    """The endpoint of an app on `manager`."""
    async with _serving(create_app(manager, authenticate=user_from_token)) as base:
        yield f"{base}/ws"


class Client:
    """A bare client that shows each frame as it came."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def frame(self) -> dict[str, Any]:
        async with asyncio.timeout(10):
            return json.loads(await self.socket.recv())

    async def frames(self, count: int) -> list[dict[str, Any]]:
        return [await self.frame() for _ in range(count)]

    async def send(self, frame: object) -> None:
        await self.socket.send(json.dumps(frame))

    async def closed(self) -> tuple[int | None, str | None]:
        async with asyncio.timeout(10):
            await self.socket.wait_closed()
        return self.socket.close_code, self.socket.close_reason


@asynccontextmanager
async def _client(url: str, user: str | None = "u1", **options: Any) -> AsyncIterator[Client]:
    if user:
        options["additional_headers"] = {"Authorization": f"Bearer user.{user}"}
    async with open_socket(url, **options) as socket:
        yield Client(socket)


@pytest.fixture
def client() -> Callable[..., AbstractAsyncContextManager[Client]]:
    """`async with client(url, "u1") as c:` connects as that user."""
    return _client


class Recorder:
    """A websocket that keeps what was written to it; `frames(n)` waits until there are n events."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.closed_with: int | None = None
        self._more = asyncio.Event()

    async def send_text(self, data: str) -> None:
        self.sent.append(json.loads(data))
        self._more.set()

    async def close(self, code: int, reason: str) -> None:
        self.closed_with = code

    @property
    def events(self) -> list[dict[str, Any]]:
        return [frame for frame in self.sent if "seq" in frame and frame["type"] != "ready"]

    async def wait_for(self, count: int) -> list[dict[str, Any]]:
        await self._until(lambda: len(self.events) >= count)
        return self.events

    async def wait_for_frames(self, count: int) -> list[dict[str, Any]]:
        await self._until(lambda: len(self.sent) >= count)
        return self.sent[:]

    async def _until(self, reached: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not reached():
                self._more.clear()
                await self._more.wait()


@pytest.fixture
async def tab(manager: UnifiedWebSocketManager) -> Recorder:
    """A connected tab of user `u1`."""
    recorder = Recorder()
    await manager.connect_user("u1", recorder)
    return recorder


@pytest.fixture
def bridge(manager: UnifiedWebSocketManager) -> AgentWebSocketBridge:
    """Of a run of user `u1`."""
    return manager.create_agent_bridge(UserExecutionContext("u1", "t1", "r1"))


@pytest.fixture
def make_recorder() -> type[Recorder]:
    return Recorder


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory) -> Iterator[str]:
    """A real server of our own on a free port."""
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("redis-server is not installed")
    folder = tmp_path_factory.mktemp("redis")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""]
    with subprocess.Popen(
        [binary, *options, "--appendonly", "yes"], stdout=subprocess.PIPE, text=True
    ) as server:
        for line in server.stdout:
            if "Ready to accept connections" in line:
                break
        yield f"redis://127.0.0.1:{port}/0"
        server.terminate()
        server.stdout.read()
