"""uvicorn with the gathering protocol behaves as without it; it only makes fewer writes."""

import asyncio

import pytest
import uvicorn

from unified_runtime import Limits, UnifiedWebSocketManager, create_app
from unified_runtime.uvicorn_protocol import GatheringProtocol, _GatheringTransport


@pytest.fixture
async def gathering(check_token):
    """A manager, and the URL of its app under uvicorn with the protocol."""
    async with UnifiedWebSocketManager(limits=Limits(resume_wait=0.05)) as manager:
        config = uvicorn.Config(
            create_app(manager, authenticate=check_token),
            port=0, ws=GatheringProtocol, log_level="warning", ws_per_message_deflate=False,
        )  # fmt: skip
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup()
        port = server.servers[0].sockets[0].getsockname()[1]
        yield manager, f"ws://127.0.0.1:{port}/ws"
        await server.shutdown()


async def test_every_event_arrives_in_order(gathering, client):
    manager, url = gathering
    async with client(url) as tab:
        await tab.frame()
        for n in range(300):
            await manager.emit("u1", "note", {"n": n})
        assert [frame["seq"] for frame in await tab.frames(300)] == list(range(1, 301))


async def test_a_reader_that_is_slow_gets_everything_too(gathering, client):
    manager, url = gathering
    async with client(url, max_queue=1) as tab:
        await tab.frame()
        for _ in range(200):
            await manager.emit("u1", "note", {"text": "x" * 20_000})
        assert [frame["seq"] for frame in await tab.frames(200)] == list(range(1, 201))


async def test_a_refusal_still_says_its_code(gathering, client):
    _, url = gathering
    async with client(url, user=None) as tab:
        await tab.send({"type": "auth", "token": "wrong"})
        assert (await tab.closed())[0] == 4401


async def test_what_was_sent_before_the_close_arrives_before_it(gathering, client):
    manager, url = gathering
    async with client(url) as tab:
        await tab.frame()
        await manager.emit("u1", "last words", {})
        await manager.aclose()
        assert (await tab.frame())["type"] == "last words"
        assert (await tab.closed())[0] == 4501


class _Written:
    def __init__(self):
        self.writes = []
        self.closed = False

    def write(self, data):
        self.writes.append(data)

    def is_closing(self):
        return self.closed

    def close(self):
        self.closed = True


async def test_writes_of_one_turn_become_one():
    inner = _Written()
    transport = _GatheringTransport(inner, asyncio.get_running_loop())
    transport.write(b"a")
    transport.write(b"b")
    assert inner.writes == []
    await asyncio.sleep(0)
    transport.write(b"c")
    transport.close()
    await asyncio.sleep(0)
    assert (inner.writes, inner.closed) == ([b"ab", b"c"], True)


async def test_nothing_is_written_to_a_transport_that_was_lost():
    inner = _Written()
    transport = _GatheringTransport(inner, asyncio.get_running_loop())
    transport.write(b"a")
    inner.closed = True
    await asyncio.sleep(0)
    assert inner.writes == []
