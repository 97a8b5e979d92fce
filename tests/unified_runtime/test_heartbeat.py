"""A connection of which one end is gone is found by the other, on every shell."""

import asyncio

import pytest

from unified_runtime import Limits, UnifiedWebSocketManager, connect, create_app
from unified_runtime import client as python_client

LIMITS = Limits(heartbeat_timeout=0.2, resume_wait=0.01)


@pytest.fixture(params=["asgi", "standalone"])
async def served(request, serving, check_token):
    """(manager, url)"""
    async with UnifiedWebSocketManager(limits=LIMITS) as manager:
        if request.param == "asgi":
            async with serving(create_app(manager, authenticate=check_token)) as base:
                yield manager, f"{base}/ws"
        else:
            pytest.importorskip("picows", reason="the standalone server's library is missing")
            from unified_runtime.standalone import standalone_server

            async with standalone_server(manager, authenticate=check_token) as port:
                yield manager, f"ws://127.0.0.1:{port}/ws"


async def test_a_client_that_used_to_ping_and_falls_silent_is_closed_to_resume(served, client):
    manager, url = served
    async with client(url) as c:
        for _ in range(2):
            await c.send({"type": "ping"})
        assert (await c.closed())[0] == 4502
    assert manager.stats()["closed"] == {"IDLE": 1}


async def test_a_client_that_never_pinged_is_left_to_the_server_below(served, client):
    manager, url = served
    async with client(url) as quiet, client(url) as c:
        await c.send({"type": "ping"})
        await c.send({"type": "ping"})
        assert (await c.closed())[0] == 4502
        assert (await quiet.frame())["type"] == "ready"
        await manager.emit("u1", "note", {})
        assert (await quiet.frame())["seq"] == 1


async def test_the_python_client_keeps_its_connection_by_pinging(served, monkeypatch):
    monkeypatch.setattr(python_client, "_PING_EVERY", 0.02)
    manager, url = served
    async with connect(url, token="user.u1") as events:
        [connection] = manager._sessions.hub.connections("u1")
        opened = connection._heard
        while connection._heard < opened + 2 * LIMITS.heartbeat_timeout:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        await manager.emit("u1", "note", {})
        async for event in events:
            assert event.seq == 1
            break
        assert events.reconnects == 0
