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


async def converse(port, data, *, upgrade=b"", patience=0.05):
    """Send, then read until the server closes, hangs up or says nothing for so many seconds; what it said."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    said = b""
    try:
        if upgrade:
            writer.write(upgrade)
            await reader.readuntil(b"\r\n\r\n")  # a server may drop frames that come before
        writer.write(data)
        async with asyncio.timeout(patience):
            while not closes(said) and (some := await reader.read(65536)):
                said += some
    except (TimeoutError, ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.transport.abort()
    return said


def closes(said):
    """Whether it ends with a close frame."""
    start = said.rfind(b"\x88")
    return start >= 0 and said[start + 1 : start + 2] == bytes((len(said) - start - 2,))


@pytest.mark.parametrize(
    ("frames", "codes"),
    [
        ([(0x81, b"nonsense")], {4400}),
        ([(0x81, b"")], {4400}),
        ([(0x81, b"[")], {4400}),
        ([(0x81, b"[" * 16_000)], {4400}),
        ([(0x81, b'{"type":"ack","seq":' + b"9" * 4000 + b"}")], {4400}),
        ([(0x81, b'{"type":"resume","seq":1,"stream":"\\ud800"}')], {4400}),
        ([(0x81, b"\xff\xfe")], {4400, 1007}),
        ([(0x81, b"x" * 20_000)], {4413}),
        ([(0x81, b"x" * 40_000)], {4413, 1009}),
        ([(0x80, b"continues nothing")], {4400, 1002}),
        ([(0x01, b"begun"), (0x81, b"and begun again")], {4400, 1002}),
        ([(0x83, b"an opcode that is none")], {1002}),
        ([(0x09, b"a ping in parts")], {1002}),
        ([(0x89, b"p" * 126)], {1002}),
        ([(0x88, b"\x03\xe7")], {1002}),
    ],
)
async def test_each_wrong_frame_earns_its_close_code(port, frames, codes):
    sent = b"".join(masked(first, payload, None) for first, payload in frames)
    said = await converse(port, sent, upgrade=UPGRADE, patience=10)
    assert {said[said.rfind(b"\x88") + 2 :][:2]} <= {struct.pack("!H", code) for code in codes}


async def test_a_handshake_that_never_ends_takes_nothing_from_others(port, manager, client):
    """How long such a connection may stay is the HTTP server's; picows hangs up after 5 s."""
    slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(100)]
    for _, writer in slow:
        writer.write(UPGRADE[:40])
    async with client(f"ws://127.0.0.1:{port}/ws", "other") as c:
        await c.frame()
        for _ in range(10):
            for _, writer in slow:
                writer.write(b"X")
            await manager.emit("other", "note", {})
            await c.frame()
        assert manager.connection_count() == 1
    for _, writer in slow:
        writer.transport.abort()


async def test_nonsense_harms_nobody_else(port, manager, client):
    dice = random.Random(3)
    async with client(f"ws://127.0.0.1:{port}/ws", "other") as c:
        await c.frame()
        for _ in range(120):
            upgraded = dice.random() < 0.8
            frames = b"".join(nonsense(dice) for _ in range(dice.randrange(1, 4)))
            await converse(port, frames, upgrade=UPGRADE if upgraded else b"")
        await manager.emit("other", "note", {})
        assert (await c.frame())["seq"] == 1
    async with client(f"ws://127.0.0.1:{port}/ws", "another") as c:
        assert (await c.frame())["type"] == "ready"
