"""The standalone server keeps the same wire as the ASGI shell."""

import asyncio
import os
import select
import signal
import socket
import sys
import urllib.error
import urllib.request
from types import SimpleNamespace

import pytest

from unified_runtime import Limits, UnifiedWebSocketManager, connect

pytest.importorskip("picows", reason="the standalone server's library is not installed")

from unified_runtime.standalone import PicowsSink, standalone_server


@pytest.fixture
async def base(manager, check_token):
    async with standalone_server(manager, authenticate=check_token) as port:
        yield f"ws://127.0.0.1:{port}"


async def test_events_arrive_and_missed_ones_are_replayed(manager, base, client):
    async with client(f"{base}/ws") as c:
        ready = await c.frame()
        for size in (10, 200, 3000, 100_000):
            await manager.emit("u1", "note", {"x": "y" * size})
        frames = await c.frames(4)
        assert [f["seq"] for f in frames] == [1, 2, 3, 4]
        assert [len(f["data"]["x"]) for f in frames] == [10, 200, 3000, 100_000]
    async with client(f"{base}/ws?stream={ready['stream']}&seq=2") as c:
        assert (await c.frame())["resumed"] is True
        assert [f["seq"] for f in await c.frames(2)] == [3, 4]


async def test_the_events_of_one_turn_come_in_order(manager, base, client):
    async with client(f"{base}/ws") as c:
        await c.frame()
        await asyncio.gather(*(manager.emit("u1", "note", {"n": n}) for n in range(5000)))
        assert [f["data"]["n"] for f in await c.frames(5000)] == list(range(5000))


async def test_resume_ping_and_fragments_are_understood(manager, base, client):
    await manager.emit("u1", "note", {})
    async with client(f"{base}/ws") as c:
        await c.socket.send(['{"type":', '"resume",', '"seq":0}'])
        assert (await c.frame())["resumed"] is True
        assert (await c.frame())["seq"] == 1
        await c.send({"type": "ping"})
        assert await c.frame() == {"type": "pong"}


@pytest.mark.parametrize(
    ("text", "code"),
    [("nonsense", 4400), ('{"type":"ping","x":"' + "y" * 20_000 + '"}', 4413)],
)
async def test_wrong_frames_are_answered_with_their_code(base, client, text, code):
    async with client(f"{base}/ws") as c:
        await c.frame()
        await c.socket.send(text)
        assert (await c.closed())[0] == code


async def test_an_endless_fragmented_message_is_too_large(base, client):
    async with client(f"{base}/ws") as c:
        await c.frame()

        async def endless():
            for _ in range(100):
                yield "x" * 1000

        await c.socket.send(endless())
        assert (await c.closed())[0] == 4413


async def test_credentials_are_checked(base, client):
    async with client(f"{base}/ws", user=None) as c:
        await c.send({"type": "auth", "token": "user.u1"})
        assert (await c.frame())["type"] == "ready"
    async with client(f"{base}/ws", user=None) as c:
        await c.send({"type": "auth", "token": "nobody"})
        assert (await c.closed())[0] == 4401
    async with client(f"{base}/ws", user=None, subprotocols=["wire", "bearer.user.u1"]) as c:
        assert c.socket.subprotocol == "wire"
        assert (await c.frame())["type"] == "ready"


async def test_a_client_that_does_not_read_is_cut_and_made_whole(
    check_token, client, make_recorder
):
    limits = Limits(write_timeout=1.0)
    async with (
        UnifiedWebSocketManager(limits=limits) as manager,
        standalone_server(manager, authenticate=check_token) as port,
    ):
        url = f"ws://127.0.0.1:{port}/ws"
        tab = make_recorder()
        await manager.connect_user("u2", tab)
        async with client(url) as c:
            stream = (await c.frame())["stream"]
            c.socket.transport.pause_reading()
            for _ in range(200):
                await manager.emit("u1", "note", {"x": "y" * 100_000})
            await manager.emit("u2", "note", {})
            await tab.wait_for(1)
            async with asyncio.timeout(10):
                await asyncio.wait(
                    manager._sessions._writers.values(), return_when="FIRST_COMPLETED"
                )
            reset = select.poll()
            reset.register(c.socket.transport.get_extra_info("socket"), 0)
            ((_, told),) = await asyncio.to_thread(reset.poll, 5000)
            assert told & select.POLLERR  # though it has not read what had come before
            c.socket.transport.abort()
        assert manager.stats()["closed"] == {"SLOW_CONSUMER": 1}
        async with client(f"{url}?stream={stream}&seq=0", max_size=None) as c:
            await c.frame()
            assert [f["seq"] for f in await c.frames(200)] == list(range(1, 201))


class _Peer(asyncio.Protocol):
    """Tells a sink of the flow control of a real socket, as the library does."""

    def __init__(self):
        self.sink = None

    def connection_made(self, transport):
        self.sink = PicowsSink(SimpleNamespace(underlying_transport=transport))

    def pause_writing(self):
        self.sink.pause()

    def resume_writing(self):
        self.sink.resume()


async def test_a_peer_that_takes_a_little_now_and_then_is_not_stalled():
    loop = asyncio.get_running_loop()
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    transport, peer = await loop.create_connection(_Peer, sock=ours)
    with theirs:
        assert peer.sink.write([b"x" * 4_000_000])
        begun = peer.sink.writing_since
        left = transport.get_write_buffer_size()
        assert peer.sink.writing_since == begun is not None
        while transport.get_write_buffer_size() == left:
            await loop.sock_recv(theirs, 65536)
        since = peer.sink.writing_since
        assert since > begun
        assert peer.sink.writing_since == since
        while peer.sink.writing_since is not None:
            await loop.sock_recv(theirs, 65536)
        transport.abort()


async def test_what_comes_before_the_client_is_let_in_waits_and_is_answered(check_token, client):
    let_in = asyncio.Event()

    async def authenticate(handshake):
        await let_in.wait()
        return check_token(handshake)

    async with (
        UnifiedWebSocketManager(limits=Limits(frame_bytes=1000)) as manager,
        standalone_server(manager, authenticate=authenticate) as port,
        client(f"ws://127.0.0.1:{port}/ws?seq=0") as c,
    ):
        for _ in range(60):
            await c.socket.send('{"type":"ping","padding":"' + "x" * 900 + '"}')
        let_in.set()
        assert (await c.frame())["type"] == "ready"
        assert await c.frames(60) == [{"type": "pong"}] * 60


async def test_closing_the_server_writes_what_is_there_and_says_come_back(check_token, client):
    manager = UnifiedWebSocketManager()
    async with standalone_server(manager, authenticate=check_token) as port:
        events = client(f"ws://127.0.0.1:{port}/ws")
        c = await events.__aenter__()
        await c.frame()
        await asyncio.gather(*(manager.emit("u1", "note", {}) for n in range(1000)))
    assert [f["seq"] for f in await c.frames(1000)] == list(range(1, 1001))
    assert (await c.closed())[0] == 4501
    await events.__aexit__(None, None, None)


def answer(url):
    try:
        with urllib.request.urlopen(url) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, b""


async def test_health_is_told_and_other_paths_are_not_there(base):
    http = base.replace("ws", "http")
    assert await asyncio.to_thread(answer, f"{http}/health") == (200, b'{"status":"ok"}')
    assert (await asyncio.to_thread(answer, f"{http}/other"))[0] == 404


async def start_server(*arguments, **environment):
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "unified_runtime", "--port", "0", *arguments,
        stderr=asyncio.subprocess.PIPE, env=os.environ | environment,
    )  # fmt: skip


async def test_the_command_serves_until_it_is_told_to_stop(tmp_path):
    process = await start_server(
        "--journal", str(tmp_path / "events.db"), UNIFIED_RUNTIME_TOKEN="secret"
    )
    line = (await process.stderr.readline()).decode()
    assert line.startswith("listening on ws://127.0.0.1:")
    async with connect(f"{line.split()[-1]}?user=u1", token="secret") as events:
        assert events.position[1] == 0
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0
    assert (await process.stderr.read()) == b""


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        ([], 2, b"UNIFIED_RUNTIME_TOKEN"),
        (["--authenticate", "nothing"], 2, b"package.module:function"),
        (["--authenticate", "nowhere:at_all"], 2, b"nowhere"),
        (["--authenticate", "json:__name__"], 2, b"cannot be called"),
        (["--authenticate", "json:loads", "--port", "99999"], 2, b"0-65535"),
        (["--authenticate", "json:loads", "--journal", "/nowhere/x.db"], 3, b"unable to open"),
        (["--authenticate", "json:loads", "--journal", "redis://127.0.0.1:1"], 3, b"Redis: "),
    ],
)
async def test_what_is_wrong_with_the_options_is_said(arguments, code, problem):
    process = await start_server(*arguments)
    _, errors = await process.communicate()
    assert process.returncode == code
    assert errors.startswith(b"error: ")
    assert problem in errors


@pytest.mark.skipif(not hasattr(asyncio, "eager_task_factory"), reason="needs Python 3.12")
async def test_a_client_let_in_by_an_eager_task_is_forgotten_when_it_leaves(check_token, client):
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    manager = UnifiedWebSocketManager()
    async with standalone_server(manager, authenticate=check_token) as port:
        async with client(f"ws://127.0.0.1:{port}/ws?seq=0") as c:
            await c.frame()
            [connection] = manager._sessions.hub.connections()
            [writer] = manager._sessions._writers.values()
        async with asyncio.timeout(10):
            await asyncio.wait([writer])
        assert connection.closed
