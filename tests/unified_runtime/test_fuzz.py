"""Bytes that no client would send: the server answers or hangs up, and serves the next one."""

import asyncio
import random
import struct

import pytest

from unified_runtime import create_app

UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    b"Authorization: Bearer user.u1\r\n\r\n"
)


@pytest.fixture(params=["asgi", "standalone"])
async def port(request, manager, serving, check_token):
    if request.param == "asgi":
        async with serving(create_app(manager, authenticate=check_token)) as base:
            yield int(base.rpartition(":")[2])
    else:
        pytest.importorskip("picows", reason="the standalone server's library is not installed")
        from unified_runtime.standalone import standalone_server

        async with standalone_server(manager, authenticate=check_token) as free:
            yield free


def masked(first_byte, payload, dice):
    """A client's frame; the mask of zeros leaves the payload readable."""
    size = len(payload)
    head = bytes((first_byte,))
    if size < 126:
        head += bytes((0x80 | size,))
    elif size < 65536:
        head += b"\xfe" + struct.pack("!H", size)
    else:
        head += b"\xff" + struct.pack("!Q", size)
    return head + b"\0\0\0\0" + payload


def nonsense(dice):
    return dice.choice(
        [
            lambda: dice.randbytes(dice.randrange(1, 300)),
            lambda: masked(0x81, dice.randbytes(dice.randrange(100)), dice),
            lambda: masked(dice.randrange(256), b"x" * dice.randrange(200), dice),
            lambda: masked(0x01, b'{"type":', dice) + masked(0x81, b'"ping"}', dice),
            lambda: masked(0x80, b"continuation of nothing", dice),
            lambda: b"\x81\xff" + b"\xff" * 8,
            lambda: masked(0x81, b"[" * 10_000, dice),
            lambda: masked(0x81, b'{"type":"resume","seq":' + b"9" * 400 + b"}", dice),
            lambda: masked(0x81, b'{"type":"resume","seq":1,"stream":"\\ud800"}', dice),
            lambda: masked(0x88, dice.randbytes(dice.randrange(130)), dice),
            lambda: masked(0x89, b"p" * dice.randrange(130), dice),
        ]
    )()


async def converse(port, data):
    """Send, then read until the server hangs up or has nothing more to say."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        async with asyncio.timeout(0.05):
            while await reader.read(65536):
                pass
    except (TimeoutError, ConnectionError):
        pass
    finally:
        writer.transport.abort()


async def test_nonsense_harms_nobody_else(port, manager, client):
    dice = random.Random(3)
    async with client(f"ws://127.0.0.1:{port}/ws", "other") as c:
        await c.frame()
        for _ in range(120):
            upgraded = dice.random() < 0.8
            frames = b"".join(nonsense(dice) for _ in range(dice.randrange(1, 4)))
            await converse(port, (UPGRADE if upgraded else b"") + frames)
        await manager.emit("other", "note", {})
        assert (await c.frame())["seq"] == 1
    async with client(f"ws://127.0.0.1:{port}/ws", "another") as c:
        assert (await c.frame())["type"] == "ready"
