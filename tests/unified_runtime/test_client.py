"""The Python client: reconnects, resumes, and sees every event once."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import serve

from unified_runtime import (
    Event,
    Gap,
    MemoryJournal,
    Retention,
    UnifiedWebSocketManager,
    client,
    connect,
    create_app,
)
from unified_runtime.client import (
    BrokenStreamError,
    ConnectionRefusedByServerError,
    Position,
    backoff,
)
from unified_runtime.close_codes import CloseCode
from unified_runtime.errors import EventTooLargeError
from unified_runtime.events import AgentStarted


async def take(events, count):
    taken = []
    async with asyncio.timeout(10):
        async for event in events:
            taken.append(event)
            if len(taken) == count:
                break
    return taken


async def test_events_come_typed(manager, url):
    async with connect(url, token="user.u1") as events:
        await manager.emit("u1", "agent_started", {"agent_name": "triage"}, run_id="r1")
        [event] = await take(events, 1)
    assert (event.type, event.seq, event.user_id, event.run_id) == ("agent_started", 1, "u1", "r1")
    assert event.payload == AgentStarted("triage")


async def test_a_dropped_connection_is_resumed_without_loss_or_repeat(manager, url):
    seen = []
    async with connect(url, token="user.u1", first_delay=0.001) as events:

        async def read():
            async for event in events:
                seen.append(event.seq)
                if len(seen) == 1000:
                    return

        reader = asyncio.create_task(read())
        for n in range(1000):
            await manager.emit("u1", "note", {"n": n})
            if n % 250 == 249:
                for connection in manager._sessions.hub.connections("u1"):
                    connection.close(CloseCode.SLOW_CONSUMER)
                await asyncio.sleep(0.02)
        async with asyncio.timeout(10):
            await reader
        assert events.reconnects >= 1
    assert seen == list(range(1, 1001))


@pytest.mark.parametrize("is_async", [True, False])
async def test_a_token_that_expires_is_asked_for_at_each_connection(manager, serving, is_async):
    valid, failures = ["1"], [OSError("the issuer is away")]

    def who(handshake):
        return "u1" if handshake.token == valid[0] else None

    def token():
        if valid[0] != "1" and failures:
            raise failures.pop()
        return valid[0]

    async def token_later():
        return token()

    given = token_later if is_async else token
    async with (
        serving(create_app(manager, authenticate=who)) as base,
        connect(f"{base}/ws", token=given, first_delay=0.001) as events,
    ):
        valid[0] = "2"
        for connection in manager._sessions.hub.connections("u1"):
            connection.close(CloseCode.SLOW_CONSUMER)
        await manager.emit("u1", "note", {})
        assert [event.seq for event in await take(events, 1)] == [1]
    assert (events.reconnects, failures) == (2, [])


async def test_what_a_token_function_raises_is_heard(url):
    def token():
        raise LookupError("nobody is logged in")

    with pytest.raises(LookupError, match="nobody"):
        async with connect(url, token=token):
            pass


async def test_the_largest_event_that_may_be_emitted_arrives(manager, url):
    async with connect(url, token="user.u1") as events:
        size = manager.limits.event_bytes
        with pytest.raises(EventTooLargeError) as refused:
            await manager.emit("u1", "note", {"x": "y" * size})
        size -= refused.value.size - manager.limits.event_bytes
        await manager.emit("u1", "note", {"x": "y" * size})
        [event] = await take(events, 1)
    assert len(event.data["x"]) == size


async def test_connections_that_bring_nothing_are_tried_ever_less_often(manager, url, monkeypatch):
    attempts = []

    def no_delay(attempt, *_):
        attempts.append(attempt)
        return 0

    monkeypatch.setattr("unified_runtime.client.backoff", no_delay)
    async with connect(url, token="user.u1") as events:
        reader = asyncio.create_task(take(events, 2))
        while len(attempts) < 4:
            for connection in manager._sessions.hub.connections("u1"):
                connection.close(CloseCode.JOURNAL_UNAVAILABLE)
            await asyncio.sleep(0)
        await manager.emit("u1", "note", {})
        while events.position[1] < 1:  # noqa: ASYNC110 - turn by turn
            await asyncio.sleep(0)
        seen = len(attempts)
        while len(attempts) == seen:
            for connection in manager._sessions.hub.connections("u1"):
                connection.close(CloseCode.JOURNAL_UNAVAILABLE)
            await asyncio.sleep(0)
        await manager.emit("u1", "note", {})
        await reader
    assert attempts[:4] == [0, 1, 2, 3]
    assert attempts[seen] == 0


async def test_a_server_that_restarts_is_found_again(serving, check_token):
    """The journal stays; the server in front of it goes and comes back on the same port."""
    journal = MemoryJournal()
    first = UnifiedWebSocketManager(journal=journal)
    async with serving(create_app(first, authenticate=check_token)) as base:
        port = int(base.rpartition(":")[2])
        events = connect(f"{base}/ws", token="user.u1", first_delay=0.001)
        await events.__aenter__()
        await first.emit("u1", "note", {})
        assert [e.seq for e in await take(events, 1)] == [1]
    second = UnifiedWebSocketManager(journal=journal)
    await second.emit("u1", "note", {})
    async with serving(create_app(second, authenticate=check_token), port=port):
        assert [e.seq for e in await take(events, 1)] == [2]
        await events.aclose()


async def test_a_gap_is_handed_over_as_such(serving, check_token):
    journal = MemoryJournal(retention=Retention(count=2))
    async with (
        UnifiedWebSocketManager(journal=journal) as manager,
        serving(create_app(manager, authenticate=check_token)) as base,
    ):
        for _ in range(100):
            await manager.emit("u1", "note", {})
        stream = (await journal.bounds("u1")).stream
        async with connect(f"{base}/ws", token="user.u1", stream=stream, seq=10) as events:
            gap, *rest = await take(events, 3)
    assert gap == Gap(11, 98, "trimmed")
    assert [e.seq for e in rest] == [99, 100]


async def test_a_position_can_be_carried_to_a_later_process(manager, url):
    async with connect(url, token="user.u1") as events:
        for _ in range(5):
            await manager.emit("u1", "note", {})
        await take(events, 2)
        stream, seq = events.position
    async with connect(url, token="user.u1", stream=stream, seq=seq) as events:
        assert [e.seq for e in await take(events, 3)] == [3, 4, 5]


async def test_a_refusal_is_not_retried(url):
    with pytest.raises(ConnectionRefusedByServerError, match="4401 bad credentials"):
        await connect(url, token="nobody").__aenter__()


async def test_a_wrong_address_is_heard_at_once(unused_tcp_port):
    with pytest.raises(ConnectionRefusedError):
        await connect(f"ws://127.0.0.1:{unused_tcp_port}/ws").__aenter__()


async def test_the_iteration_ends_after_aclose(url):
    async with connect(url, token="user.u1") as events:
        reading = asyncio.create_task(take(events, 1))
        await asyncio.sleep(0)
        await events.aclose()
        assert await reading == []


def test_a_hole_is_an_error_and_a_repeat_is_dropped():
    position = Position()
    position.ready("s", 3)
    assert position.take(4)
    assert not position.take(4)
    with pytest.raises(BrokenStreamError, match="expected event 5, got 6"):
        position.take(6)


def test_the_delay_is_jittered_and_bounded():
    assert backoff(0, 0.1, 30, lambda: 1.0) == 0.1
    assert backoff(3, 0.1, 30, lambda: 1.0) == pytest.approx(0.8)
    assert backoff(2000, 0.1, 30, lambda: 0.5) == 15
    assert backoff(5, 0.1, 30, lambda: 0.0) == 0


def test_an_event_reads_the_wires_names():
    assert {"type", "seq", "stream", "timestamp", "user_id", "thread_id", "run_id", "data"} == set(
        Event.__struct_fields__
    )


class Peer:
    """A server that says what it is told, and is no server of ours."""

    def __init__(self, *texts):
        self.texts = texts
        self.sockets = []

    async def __call__(self, socket):
        self.sockets.append(socket)
        for text in self.texts:
            await socket.send(text)
        await socket.wait_closed()

    @asynccontextmanager
    async def serving(self):
        async with serve(self, "127.0.0.1", 0) as server:
            yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"


READY = '{"type":"ready","stream":"s","seq":0,"resumed":false}'


@pytest.mark.parametrize("text", ["hello", "{}", '{"type":"ready"}', b"\xff", "[" * 5000])
async def test_what_is_no_server_of_ours_is_said_and_let_go(text):
    peer = Peer(text)
    async with peer.serving() as url:
        with pytest.raises(BrokenStreamError, match="no ready"):
            await connect(url).__aenter__()
        async with asyncio.timeout(5):
            await peer.sockets[0].wait_closed()


async def test_a_frame_that_is_none_ends_the_iteration_with_an_error():
    async with Peer(READY, '{"type":"note","seq":"1"}').serving() as url, connect(url) as events:
        with pytest.raises(BrokenStreamError, match="no event"):
            await anext(aiter(events))


async def test_a_server_that_accepts_and_says_nothing_is_not_waited_for_for_ever(monkeypatch):
    monkeypatch.setattr(client, "_READY_WITHIN", 0.05)
    peer = Peer()
    async with peer.serving() as url:
        with pytest.raises(TimeoutError, match="no `ready` within"):
            await connect(url).__aenter__()
        await peer.sockets[0].wait_closed()


async def test_aclose_ends_an_iteration_that_waits_to_reconnect(manager, url):
    async with connect(url, token="user.u1", first_delay=1000, max_delay=1000) as events:
        reading = asyncio.create_task(_all_of(events))
        await asyncio.sleep(0)
        events._socket.transport.abort()
        await asyncio.sleep(0.05)
        await events.aclose()
        async with asyncio.timeout(5):
            assert await reading == []


async def _all_of(events):
    return [event async for event in events]


async def test_aclose_during_a_reconnect_leaves_no_socket_open():
    peer = Peer(READY)
    async with peer.serving() as url:
        events = await connect(url, first_delay=0.001, max_delay=0.001).__aenter__()
        reading = asyncio.create_task(_all_of(events))
        opening = asyncio.Event()
        go_on = asyncio.Event()
        open_ = events._open

        async def halted():
            opening.set()
            await go_on.wait()
            await open_()

        events._open = halted
        events._socket.transport.abort()
        await opening.wait()
        await events.aclose()
        go_on.set()
        async with asyncio.timeout(5):
            assert await reading == []
            assert len(peer.sockets) == 2
            await asyncio.gather(*(socket.wait_closed() for socket in peer.sockets))


async def test_waiting_for_an_event_only_for_some_time_loses_nothing_and_ends_nothing(manager, url):
    async with connect(url, token="user.u1", seq=0) as events:
        numbers = []
        for _ in range(5):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(anext(events), 0.001)
            await manager.emit("u1", "note", {})
            numbers.append((await asyncio.wait_for(anext(events), 10)).seq)
    assert numbers == [1, 2, 3, 4, 5]
    with pytest.raises(StopAsyncIteration):
        await anext(events)
