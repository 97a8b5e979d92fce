"""Who gets in, and what a client can do to others: nothing."""

import asyncio
import logging
import random
from contextlib import AsyncExitStack, suppress

import pytest
from websockets.exceptions import ConnectionClosed

from unified_runtime import Limits, UnifiedWebSocketManager, connect, create_app
from unified_runtime.handshake import make_handshake


async def test_without_credentials_the_first_message_may_bring_them(manager, url, client):
    async with client(url, user=None) as c:
        await c.send({"type": "auth", "token": "user.u1"})
        assert (await c.frame())["type"] == "ready"
        await manager.emit("u1", "note", {})
        assert (await c.frame())["user_id"] == "u1"


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ({"type": "auth", "token": "wrong"}, 4401),
        ({"type": "resume", "seq": 1}, 4401),
        ({"type": "auth"}, 4400),
        ("nonsense", 4400),
    ],
)
async def test_a_wrong_first_message_is_refused(manager, url, client, first, code):
    async with client(url, user=None) as c:
        await c.send(first)
        assert (await c.closed())[0] == code
    assert manager.connection_count() == 0


async def test_who_never_sends_credentials_is_sent_away(serving, check_token, client):
    limits = Limits(authentication_timeout=0.02)
    async with (
        UnifiedWebSocketManager(limits=limits) as manager,
        serving(create_app(manager, authenticate=check_token)) as base,
        client(f"{base}/ws", user=None) as c,
    ):
        assert (await c.closed())[0] == 4408


async def test_a_token_may_come_as_subprotocol_or_cookie(url, client):
    async with client(url, user=None, subprotocols=["wire", "bearer.user.u1"]) as c:
        assert c.socket.subprotocol == "wire"
        assert (await c.frame())["type"] == "ready"
    async with client(url, user=None, additional_headers={"Cookie": 'a=b; token="user.u1"'}) as c:
        assert (await c.frame())["type"] == "ready"


async def test_an_origin_that_is_not_allowed_is_refused(serving, check_token, manager, client):
    app = create_app(manager, authenticate=check_token, origins=["https://good.example"])
    async with serving(app) as base:
        async with client(f"{base}/ws", origin="https://bad.example") as c:
            assert (await c.closed())[0] == 4403
        async with client(f"{base}/ws", origin="https://good.example") as c:
            assert (await c.frame())["type"] == "ready"


async def test_too_many_connections_of_one_user_or_address_are_told_to_wait(
    serving, check_token, client
):
    limits = Limits(connections_per_user=1, connections_per_address=2, resume_wait=0.01)
    async with (
        UnifiedWebSocketManager(limits=limits) as manager,
        serving(create_app(manager, authenticate=check_token)) as base,
        client(f"{base}/ws", "u1") as first,
        client(f"{base}/ws", "u1") as second,
        client(f"{base}/ws", "u2") as third,
        client(f"{base}/ws", "u3") as fourth,
    ):
        assert (await first.frame())["type"] == "ready"
        assert (await second.closed())[0] == 4503
        assert (await third.frame())["type"] == "ready"
        assert (await fourth.closed())[0] == 4503


async def send_until_closed(c):
    with suppress(ConnectionClosed):
        while True:
            await c.send({"type": "ping"})
            await asyncio.sleep(0)


async def test_a_client_that_sends_too_much_is_closed(serving, check_token, client):
    limits = Limits(frames_per_second=1, resume_wait=0.01)
    async with (
        UnifiedWebSocketManager(limits=limits) as manager,
        serving(create_app(manager, authenticate=check_token)) as base,
        client(f"{base}/ws") as c,
    ):
        await send_until_closed(c)
        assert (await c.closed())[0] == 4429


async def test_a_user_cannot_send_more_by_opening_more_tabs(serving, check_token, client):
    limits = Limits(frames_per_second=1000, frames_per_second_per_user=2, resume_wait=0.01)
    async with (
        UnifiedWebSocketManager(limits=limits) as manager,
        serving(create_app(manager, authenticate=check_token)) as base,
        client(f"{base}/ws", "u1") as first,
        client(f"{base}/ws", "u1") as second,
        client(f"{base}/ws", "u2") as other,
    ):
        await asyncio.wait(
            [asyncio.create_task(send_until_closed(c)) for c in (first, second)],
            return_when=asyncio.FIRST_COMPLETED,
        )
        assert 4429 in (first.socket.close_code, second.socket.close_code)
        await other.send({"type": "ping"})
        assert [f["type"] for f in await other.frames(2)] == ["ready", "pong"]


async def test_an_address_that_connects_too_often_is_told_to_wait(serving, check_token, client):
    limits = Limits(connects_per_second_per_address=1, resume_wait=0.01)
    async with (
        UnifiedWebSocketManager(limits=limits) as manager,
        serving(create_app(manager, authenticate=check_token)) as base,
        AsyncExitStack() as stack,
    ):
        admitted = 0
        with suppress(ConnectionClosed):
            while True:
                c = await stack.enter_async_context(client(f"{base}/ws", f"u{admitted}"))
                assert (await c.frame())["type"] == "ready"
                admitted += 1
        assert (admitted >= 2, c.socket.close_code) == (True, 4503)


async def test_another_users_stream_looks_like_one_that_never_was(manager, url, client):
    await manager.emit("u1", "secret", {})
    async with client(url, "u1") as c:
        stream = (await c.frame())["stream"]
    answers = []
    for name in (stream, "never-was"):
        async with client(f"{url}?stream={name}&seq=1", "u2") as c:
            ready, gap = await c.frames(2)
            answers.append((ready["resumed"], ready["seq"], gap))
    assert answers[0] == answers[1]


def test_a_token_is_not_shown():
    handshake = make_handshake(
        path="/ws",
        headers={"authorization": "Bearer s3cret", "cookie": "token=s3cret"},
        query_string="token=s3cret",
        subprotocols=("bearer.s3cret",),
        address="127.0.0.1",
    )
    assert handshake.token == "s3cret"
    assert "s3cret" not in repr(handshake)


async def test_a_thousand_users_never_see_one_another(manager, make_recorder):
    dice = random.Random(5)
    users = [f"u{n}" for n in range(1000)]
    tabs = {user: [make_recorder() for _ in range(dice.choice((1, 1, 2)))] for user in users}
    for user, recorders in tabs.items():
        for recorder in recorders:
            await manager.connect_user(user, recorder)
    sent = dict.fromkeys(users, 0)

    async def emit_some():
        for user in dice.sample(users, 200):
            await manager.emit(user, "note", {"for": user})
            sent[user] += 1

    await asyncio.gather(*(emit_some() for _ in range(20)))
    for user, recorders in tabs.items():
        for recorder in recorders:
            events = await recorder.wait_for(sent[user])
            assert [e["seq"] for e in events] == list(range(1, sent[user] + 1))
            assert {e["user_id"] for e in events} | {e["data"]["for"] for e in events} <= {user}


async def never(handshake):
    await asyncio.Event().wait()


def failing(handshake):
    raise RuntimeError("the database is away")


def telling(handshake):
    try:
        {}[handshake.token]
    except KeyError as error:
        raise ValueError(f"bad {handshake!r} {dict(handshake.headers)}") from error


@pytest.mark.parametrize("authenticate", [never, failing, telling, lambda _: 7, lambda _: ""])
@pytest.mark.parametrize("shell", ["asgi", "standalone"])
async def test_an_authenticate_that_fails_is_logged_and_the_client_told_to_come_back(
    serving, client, caplog, authenticate, shell
):
    limits = Limits(authentication_timeout=0.05)
    async with UnifiedWebSocketManager(limits=limits) as manager, AsyncExitStack() as stack:
        if shell == "asgi":
            app = create_app(manager, authenticate=authenticate)
            base = await stack.enter_async_context(serving(app))
        else:
            pytest.importorskip("picows", reason="the standalone server's library is missing")
            from unified_runtime.standalone import standalone_server

            server = standalone_server(manager, authenticate=authenticate)
            base = f"ws://127.0.0.1:{await stack.enter_async_context(server)}"
        async with client(f"{base}/ws", "s3cret") as c:
            assert (await c.closed())[0] == 4505
        assert "authenticate failed" in caplog.text
        assert "s3cret" not in caplog.text


async def test_an_authenticate_that_cannot_be_called_is_refused_at_once(manager):
    with pytest.raises(TypeError, match="authenticate must be a function"):
        create_app(manager, authenticate={"token": "u1"})


async def test_the_client_logs_no_token_even_at_debug(url, caplog):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # the server's own affair
    async with connect(url, token="user.s3cret"):
        pass
    assert "s3cret" not in caplog.text
