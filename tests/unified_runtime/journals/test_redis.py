"""What only a shared journal can do: join several servers, and be away."""

import asyncio
import secrets

import pytest
from redis.asyncio import Redis

from unified_runtime import (
    CloseCode,
    Gap,
    RedisJournal,
    UnifiedWebSocketManager,
    connect,
    create_app,
)
from unified_runtime.errors import JournalError
from unified_runtime.journals import redis_news


@pytest.fixture
def prefix():
    return secrets.token_hex(4)


@pytest.fixture
def manager_on_redis(redis_url, prefix):
    return lambda: UnifiedWebSocketManager(journal=RedisJournal(redis_url, prefix=prefix))


async def test_an_event_emitted_on_one_server_reaches_a_tab_on_another(
    manager_on_redis, make_recorder
):
    async with manager_on_redis() as here, manager_on_redis() as there:
        tab, far_tab = make_recorder(), make_recorder()
        await here.connect_user("u1", tab)
        await there.connect_user("u1", far_tab)
        for n in range(100):
            await (here if n % 2 else there).emit("u1", "note", {"n": n})
        for recorder in (tab, far_tab):
            events = await recorder.wait_for(100)
            assert [e["seq"] for e in events] == list(range(1, 101))
            assert [e["data"]["n"] for e in events] == list(range(100))


async def test_two_servers_emitting_at_once_make_one_numbering(manager_on_redis, make_recorder):
    async with manager_on_redis() as here, manager_on_redis() as there:
        tab = make_recorder()
        await here.connect_user("u1", tab)
        numbers = await asyncio.gather(
            *((here if n % 2 else there).emit("u1", "note", {}) for n in range(400))
        )
        assert sorted(numbers) == list(range(1, 401))
        assert [e["seq"] for e in await tab.wait_for(400)] == list(range(1, 401))


async def test_a_lost_notification_is_found_and_healed(
    manager_on_redis, make_recorder, redis_url, prefix, monkeypatch
):
    monkeypatch.setattr(redis_news, "_CHECK_EVERY", 0.05)
    deaf = RedisJournal(redis_url, prefix=prefix)
    async with manager_on_redis() as here, UnifiedWebSocketManager(journal=deaf) as there:
        monkeypatch.setattr(deaf._opened().news, "channel", lambda user_id: "nowhere")
        tab = make_recorder()
        await here.connect_user("u1", tab)
        for _ in range(10):
            await there.emit("u1", "note", {})
        assert [e["seq"] for e in await tab.wait_for(10)] == list(range(1, 11))
        assert here.stats()["lost"] == 0


async def test_a_lost_key_starts_a_new_stream_and_tabs_are_told(
    manager_on_redis, make_recorder, redis_url, prefix
):
    async with manager_on_redis() as manager, Redis.from_url(redis_url) as redis:
        tab = make_recorder()
        await manager.connect_user("u1", tab)
        await manager.emit("u1", "note", {})
        await tab.wait_for(1)
        async for key in redis.scan_iter(f"{prefix}:*"):
            await redis.delete(key)
        assert await manager.emit("u1", "note", {}) == 1
        assert await manager.emit("u1", "note", {}) == 2
        events = await tab.wait_for(3)
        assert [e["seq"] for e in events] == [1, 1, 2]
        assert events[0]["stream"] != events[1]["stream"] == events[2]["stream"]
        [gap] = [n for n, frame in enumerate(tab.sent) if frame["type"] == "gap"]
        anew = {"type": "ready", "stream": events[1]["stream"], "seq": 0, "resumed": False}
        lost = {"type": "gap", "from": 1, "to": 0, "reason": "new_stream"}
        assert tab.sent[gap - 1 : gap + 1] == [anew, lost]


async def test_a_client_of_a_numbering_that_began_anew_comes_back_to_the_new_one(
    manager_on_redis, redis_url, prefix, serving
):
    async with (
        manager_on_redis() as manager,
        Redis.from_url(redis_url) as redis,
        serving(create_app(manager, authenticate=lambda _: "u1")) as base,
        connect(f"{base}/ws", first_delay=0.001) as events,
    ):
        seen = []
        read = aiter(events)
        async with asyncio.timeout(10):
            for _ in range(2):
                await manager.emit("u1", "note", {})
                seen.append((await anext(read)).seq)
            async for key in redis.scan_iter(f"{prefix}:*"):
                await redis.delete(key)
            await manager.emit("u1", "note", {})
            assert isinstance(await anext(read), Gap)
            seen.append((await anext(read)).seq)
            [connection] = manager._sessions.hub.connections("u1")
            connection.close(CloseCode.SLOW_CONSUMER)
            await manager.emit("u1", "note", {})
            seen.append((await anext(read)).seq)
    assert seen == [1, 2, 1, 2]


async def test_a_server_that_is_away_is_one_documented_error(unused_tcp_port):
    journal = RedisJournal(f"redis://127.0.0.1:{unused_tcp_port}/0")
    manager = UnifiedWebSocketManager(journal=journal)
    with pytest.raises(JournalError, match="Redis"):
        await manager.emit("u1", "note", {})


async def test_a_server_that_does_not_answer_is_an_error_and_found_again(
    redis_url, prefix, make_recorder
):
    journal = RedisJournal(redis_url, prefix=prefix, timeout=0.2)
    async with UnifiedWebSocketManager(journal=journal) as manager:
        tab = make_recorder()
        await manager.connect_user("u1", tab)
        async with Redis.from_url(redis_url) as redis:
            await redis.client_pause(1000, all=True)
        with pytest.raises(JournalError, match="Timeout"):
            await manager.emit("u1", "note", {}, event_id="first")
        async with asyncio.timeout(10):
            while True:
                try:
                    assert await manager.emit("u1", "note", {}, event_id="first") == 1
                    break
                except JournalError:
                    await asyncio.sleep(0.01)
        assert await manager.emit("u1", "note", {}) == 2
        assert [event["seq"] for event in await tab.wait_for(2)] == [1, 2]


async def test_many_users_may_come_back_at_once(manager_on_redis, make_recorder):
    """More than a pool of connections holds; nobody is sent away for that."""
    tabs = [make_recorder() for _ in range(300)]
    async with manager_on_redis() as manager:
        await asyncio.gather(*(manager.emit(f"u{n}", "note", {}) for n in range(300)))
        await asyncio.gather(*(manager.connect_user(f"u{n}", tab) for n, tab in enumerate(tabs)))
        for tab in tabs:
            assert [event["seq"] for event in await tab.wait_for(1)] == [1]


async def test_a_broken_connection_is_made_again(manager_on_redis, make_recorder, redis_url):
    async with manager_on_redis() as manager, Redis.from_url(redis_url) as redis:
        tab = make_recorder()
        await manager.connect_user("u1", tab)
        assert await manager.emit("u1", "note", {}) == 1
        await redis.client_kill_filter(_type="normal", skipme=True)
        await redis.client_kill_filter(_type="pubsub")
        sent = 1
        async with asyncio.timeout(10):
            while sent < 5:
                try:
                    sent = await manager.emit("u1", "note", {})
                except JournalError:
                    await asyncio.sleep(0.01)
        events = await tab.wait_for(sent)
        assert [e["seq"] for e in events] == list(range(1, sent + 1))


async def test_what_was_acknowledged_of_a_lost_numbering_says_nothing_of_the_new_one(
    manager_on_redis, make_recorder, redis_url, prefix
):
    async with manager_on_redis() as manager, Redis.from_url(redis_url) as redis:
        first, second = make_recorder(), make_recorder()
        connection = await manager.connect_user("u1", first)
        for n in range(5):
            await manager.emit("u1", "note", {"n": n})
        await first.wait_for(5)
        connection.receive('{"type":"ack","seq":5}')
        async for key in redis.scan_iter(f"{prefix}:*"):
            await redis.delete(key)
        await manager.emit("u1", "note", {"n": 10})
        await first.wait_for(6)
        await manager.disconnect_user("u1", first)
        for n in range(11, 20):
            await manager.emit("u1", "note", {"n": n})
        await manager.connect_user("u1", second)
        assert [e["data"]["n"] for e in await second.wait_for(10)] == list(range(10, 20))
