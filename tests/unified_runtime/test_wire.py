"""The wire of the runtime over real sockets."""

import asyncio
from datetime import datetime, timedelta

import pytest
from websockets.exceptions import ConnectionClosed

from unified_runtime import (
    CRITICAL_EVENTS,
    MemoryJournal,
    Retention,
    UnifiedWebSocketManager,
    create_app,
)

FULL = {
    "agent_started": {"agent_name": "triage"},
    "agent_thinking": {"agent_name": "triage", "reasoning": "hm"},
    "tool_executing": {"agent_name": "triage", "tool_name": "s", "parameters": {}, "call_id": "c"},
    "tool_completed": {
        "agent_name": "triage",
        "tool_name": "s",
        "call_id": "c",
        "status": "ok",
        "results": [1],
        "duration": 0.5,
    },
    "agent_completed": {
        "agent_name": "triage",
        "status": "completed",
        "final_response": "done",
        "duration": 1.5,
    },
}


async def test_the_first_frame_is_ready(url, client):
    async with client(url) as c:
        ready = await c.frame()
    assert ready == {"type": "ready", "stream": ready["stream"], "seq": 0, "resumed": False}


async def test_the_five_critical_events_arrive_numbered_and_whole(manager, url, client):
    async with client(url) as c:
        ready = await c.frame()
        for event_type in CRITICAL_EVENTS:
            await manager.emit_critical_event(
                "u1", event_type, FULL[event_type], thread_id="t1", run_id="r1"
            )
        frames = await c.frames(5)
    assert [f["seq"] for f in frames] == [1, 2, 3, 4, 5]
    assert [f["type"] for f in frames] == list(CRITICAL_EVENTS)
    assert [f["data"] for f in frames] == list(FULL.values())
    for frame in frames:
        assert list(frame) == [
            "type", "seq", "stream", "timestamp", "user_id", "thread_id", "run_id", "data",
        ]  # fmt: skip
        assert frame["stream"] == ready["stream"]
        assert (frame["user_id"], frame["thread_id"], frame["run_id"]) == ("u1", "t1", "r1")
        assert datetime.fromisoformat(frame["timestamp"]).utcoffset() == timedelta(0)


async def test_a_clock_that_stands_before_1970_gives_a_timestamp_all_the_same(make_recorder):
    async with UnifiedWebSocketManager(clock=lambda: -5.5) as manager:
        tab = make_recorder()
        await manager.connect_user("u1", tab)
        await manager.emit("u1", "note", {})
        await manager.broadcast("note", {}, users=["u1"])
        for event in await tab.wait_for(2):
            assert event["timestamp"] == "1969-12-31T23:59:54.500000+00:00"


async def test_without_a_position_what_the_user_was_not_given_yet_follows(manager, url, client):
    await manager.emit("u1", "note", {"n": 1})
    async with client(url) as c:
        assert (await c.frame())["seq"] == 0
        assert (await c.frame())["data"] == {"n": 1}
        async with client(url) as second_tab:
            assert (await second_tab.frame())["seq"] == 1
            await manager.emit("u1", "note", {"n": 2})
            assert (await c.frame())["data"] == (await second_tab.frame())["data"] == {"n": 2}
    while manager.is_connected("u1"):  # noqa: ASYNC110 - turn by turn
        await asyncio.sleep(0)
    await manager.emit("u1", "note", {"n": 3})
    async with client(url) as c:
        ready, missed = await c.frames(2)
    assert (ready["seq"], ready["resumed"], missed["data"]) == (2, False, {"n": 3})


async def test_a_client_that_acknowledges_is_given_what_it_did_not(manager, url, client):
    async with client(url) as c:
        for _ in range(5):
            await manager.emit("u1", "note", {})
        await c.frames(6)
        await c.send({"type": "ack", "seq": 99})
        await c.send({"type": "ack", "seq": 3})
        await c.send({"type": "ping"})
        await c.frame()
    async with client(url) as c:
        assert (await c.frame())["seq"] == 5
    async with client(url, "u2") as c:
        for _ in range(5):
            await manager.emit("u2", "note", {})
        await c.frames(6)
        await c.send({"type": "ack", "seq": 3})
        await c.send({"type": "ping"})
        await c.frame()
    while manager.is_connected("u2"):  # noqa: ASYNC110 - turn by turn
        await asyncio.sleep(0)
    async with client(url, "u2") as c:
        assert [f["seq"] for f in await c.frames(3)] == [3, 4, 5]


async def test_an_event_between_handshake_and_ready_is_not_passed_by(manager, url, client):
    async with client(url) as c:
        assert await manager.emit("u1", "note", {}) == 1
        assert (await c.frame())["seq"] == 0
        assert (await c.frame())["seq"] == 1


async def test_a_position_in_the_url_brings_what_was_missed_and_then_live(manager, url, client):
    async with client(url) as c:
        stream = (await c.frame())["stream"]
    for n in range(1, 1001):
        await manager.emit("u1", "note", {"n": n})
    async with client(f"{url}?stream={stream}&seq=400") as c:
        assert await c.frame() == {"type": "ready", "stream": stream, "seq": 400, "resumed": True}
        assert [f["seq"] for f in await c.frames(600)] == list(range(401, 1001))
        await manager.emit("u1", "note", {})
        assert (await c.frame())["seq"] == 1001


async def test_a_position_in_the_first_frame_does_the_same(manager, url, client):
    async with client(url) as c:
        stream = (await c.frame())["stream"]
    for n in range(1, 6):
        await manager.emit("u1", "note", {"n": n})
    async with client(url) as c:
        await c.send({"type": "resume", "stream": stream, "seq": 2})
        assert await c.frame() == {"type": "ready", "stream": stream, "seq": 2, "resumed": True}
        assert [f["seq"] for f in await c.frames(3)] == [3, 4, 5]


async def test_a_resume_sent_after_events_rewinds_and_says_so(manager, url, client):
    for n in range(1, 6):
        await manager.emit("u1", "note", {"n": n})
    async with client(url) as c:
        ready = (await c.frames(6))[0]
        assert (ready["seq"], ready["resumed"]) == (0, False)
        await c.send({"type": "resume", "stream": ready["stream"], "seq": 3})
        again = await c.frame()
        assert (again["type"], again["seq"], again["resumed"]) == ("ready", 3, True)
        assert [f["seq"] for f in await c.frames(2)] == [4, 5]


async def test_position_zero_replays_everything(manager, url, client):
    await manager.emit("u1", "note", {})
    async with client(f"{url}?seq=0") as c:
        assert (await c.frame())["resumed"] is True
        assert (await c.frame())["seq"] == 1


async def test_a_trimmed_client_is_told_the_gap(serving, check_token, client):
    journal = MemoryJournal(retention=Retention(count=3))
    async with (
        UnifiedWebSocketManager(journal=journal) as manager,
        serving(create_app(manager, authenticate=check_token)) as base,
    ):
        for n in range(1, 101):
            await manager.emit("u1", "note", {"n": n})
        stream = (await journal.bounds("u1")).stream
        async with client(f"{base}/ws?stream={stream}&seq=12") as c:
            ready, gap, *events = await c.frames(5)
    assert (ready["seq"], ready["resumed"]) == (12, False)
    assert gap == {"type": "gap", "from": 13, "to": 97, "reason": "trimmed"}
    assert [e["seq"] for e in events] == [98, 99, 100]


@pytest.mark.parametrize("query", ["stream=another&seq=2", "stream={stream}&seq=3"])
async def test_a_position_in_a_lost_numbering_starts_over_and_says_so(manager, url, client, query):
    await manager.emit("u1", "note", {})
    await manager.emit("u1", "note", {})
    async with client(url) as c:
        stream = (await c.frame())["stream"]
    async with client(f"{url}?{query.format(stream=stream)}") as c:
        ready, gap, first, second = await c.frames(4)
    assert (ready["resumed"], ready["seq"]) == (False, 0)
    assert gap == {"type": "gap", "from": 1, "to": 0, "reason": "new_stream"}
    assert (first["seq"], second["seq"]) == (1, 2)


async def test_every_ping_is_answered(url, client):
    async with client(url) as c:
        await c.frame()
        for _ in range(3):
            await c.send({"type": "ping"})
        assert await c.frames(3) == [{"type": "pong"}] * 3


async def test_every_tab_of_the_user_gets_every_event_and_nobody_else(manager, url, client):
    async with client(url, "u1") as a, client(url, "u1") as b, client(url, "u2") as other:
        for c in (a, b, other):
            await c.frame()
        await manager.emit("u1", "note", {"n": 1})
        await manager.emit("u2", "note", {"n": 2})
        assert (await a.frame())["data"] == {"n": 1}
        assert (await b.frame())["data"] == {"n": 1}
        assert (await other.frame())["data"] == {"n": 2}
        assert manager.connection_count("u1") == 2
        assert manager.connection_count() == 3


async def test_closing_one_tab_leaves_the_other_alone(manager, url, client):
    async with client(url) as stays:
        await stays.frame()
        async with client(url) as leaves:
            await leaves.frame()
        await manager.emit("u1", "note", {})
        assert (await stays.frame())["seq"] == 1


async def test_a_broadcast_reaches_each_user_in_its_own_numbering(manager, url, client):
    await manager.emit("u2", "note", {})
    async with client(url, "u1") as one, client(url, "u2") as two:
        await one.frame()
        await two.frames(2)
        assert await manager.broadcast("system_notice", {"text": "x"}) == {"u1": 1, "u2": 2}
        first, second = await one.frame(), await two.frame()
    assert (first["user_id"], first["seq"]) == ("u1", 1)
    assert (second["user_id"], second["seq"]) == ("u2", 2)
    assert first["data"] == second["data"] == {"text": "x"}


async def test_a_broadcast_to_named_users_is_kept_for_those_who_are_away(manager, url, client):
    assert await manager.broadcast("system_notice", {}, users=["away", "away"]) == {"away": 1}
    async with client(f"{url}?seq=0", "away") as c:
        await c.frame()
        assert (await c.frame())["type"] == "system_notice"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("nonsense", 4400),
        ("[1]", 4400),
        ('{"type":"unknown"}', 4400),
        ('{"type":"resume","seq":-1}', 4400),
        ('{"type":"resume","seq":"1"}', 4400),
        ('{"type":"resume","seq":1e400}', 4400),
        ('{"type":"ping","x":"' + "y" * 20_000 + '"}', 4413),
        (b"\xff\xfe\x00", 4400),
    ],
)
async def test_a_wrong_frame_is_answered_with_its_close_code(url, client, text, code):
    async with client(url) as c:
        await c.frame()
        await c.socket.send(text)
        assert (await c.closed())[0] == code


async def test_a_frame_nested_deeper_than_the_parser_goes_harms_nobody(url, client):
    """How deep that is differs between versions of Python; a frame within it is a ping like any other."""
    async with client(url) as c:
        await c.frame()
        await c.socket.send('{"type":"ping","x":' + "[" * 5000 + "]" * 5000 + "}")
        try:
            assert (await c.frame())["type"] == "pong"
        except ConnectionClosed:
            assert (await c.closed())[0] == 4400


async def test_a_wrong_position_in_the_url_is_malformed(url, client):
    async with client(f"{url}?seq=-5") as c:
        assert (await c.closed())[0] == 4400


async def test_closing_the_manager_tells_clients_to_come_back(serving, check_token, client):
    manager = UnifiedWebSocketManager()
    async with serving(create_app(manager, authenticate=check_token)) as base:
        async with client(f"{base}/ws") as c:
            await c.frame()
            await asyncio.gather(*(manager.emit("u1", "note", {"n": n}) for n in range(500)))
            await manager.aclose()
            assert [f["seq"] for f in await c.frames(500)] == list(range(1, 501))
            assert (await c.closed())[0] == 4501
        async with client(f"{base}/ws") as c:
            assert (await c.closed())[0] == 4501
