"""Plain HTTP beside the WebSocket, on both shells."""

import asyncio
import urllib.error
import urllib.request

import pytest

from unified_runtime import create_app


@pytest.fixture(params=["asgi", "standalone"])
async def http(request, manager, serving, check_token):
    if request.param == "asgi":
        app = create_app(manager, authenticate=check_token, metrics=True)
        async with serving(app) as base:
            yield base.replace("ws", "http")
    else:
        pytest.importorskip("picows", reason="the standalone server's library is not installed")
        from unified_runtime.standalone import standalone_server

        async with standalone_server(manager, authenticate=check_token, metrics=True) as port:
            yield f"http://127.0.0.1:{port}"


def get(url):
    try:
        with urllib.request.urlopen(url) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, ""


async def test_health_is_told(http):
    assert await asyncio.to_thread(get, f"{http}/health") == (200, '{"status":"ok"}')
    assert (await asyncio.to_thread(get, f"{http}/other"))[0] == 404


async def test_metrics_count_what_happens_and_that_nothing_was_lost(http, manager, client):
    pytest.importorskip("prometheus_client", reason="the metrics extra is not installed")
    async with client(f"{http.replace('http', 'ws')}/ws") as c:
        await manager.emit("u1", "note", {})
        await c.frames(2)
        status, text = await asyncio.to_thread(get, f"{http}/metrics")
    lines = text.splitlines()
    assert status == 200
    assert "unified_runtime_connections 1.0" in lines
    assert "unified_runtime_emitted_total 1.0" in lines
    assert "unified_runtime_delivered_total 1.0" in lines
    assert "unified_runtime_lost_total 0.0" in lines
    assert "# TYPE unified_runtime_lost_total counter" in lines


async def test_metrics_are_not_told_unless_asked_for(manager, serving, check_token):
    async with serving(create_app(manager, authenticate=check_token)) as base:
        assert (await asyncio.to_thread(get, base.replace("ws", "http") + "/metrics"))[0] == 404
