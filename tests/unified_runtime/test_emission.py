"""What `emit` and its relatives take, refuse and promise."""

import enum
import math
from decimal import Decimal

import pytest
from msgspec import Raw

from unified_runtime import Limits, UnifiedWebSocketManager, UserExecutionContext
from unified_runtime.errors import (
    EventError,
    EventTooLargeError,
    ManagerClosedError,
    NotCriticalError,
    PayloadError,
)


async def test_emit_returns_the_number_although_nobody_is_connected(manager):
    assert await manager.emit("u1", "note", {}) == 1
    assert await manager.emit("u1", "note", {}) == 2
    assert await manager.emit("u2", "note", {}) == 1


async def test_the_same_event_id_is_the_same_event(manager, tab):
    assert await manager.emit("u1", "note", {"n": 1}, event_id="e") == 1
    assert await manager.emit("u1", "note", {"n": 2}, event_id="f") == 2
    assert await manager.emit("u1", "note", {"n": 3}, event_id="e") == 1
    assert await manager.emit("u2", "note", {"n": 3}, event_id="e") == 1
    await manager.emit("u1", "note", {"n": 4})
    assert [e["data"]["n"] for e in await tab.wait_for(3)] == [1, 2, 4]


async def test_only_critical_types_pass_emit_critical_event(manager):
    with pytest.raises(NotCriticalError, match="agent_error"):
        await manager.emit_critical_event("u1", "agent_error", {})
    with pytest.raises(NotCriticalError, match="agent_startd"):
        await manager.emit_critical_event("u1", "agent_startd", {"agent_name": "x"})


@pytest.mark.parametrize(
    ("event_type", "data", "named"),
    [
        ("agent_started", {}, "agent_name"),
        ("agent_started", {"agent_name": None}, "agent_name"),
        ("agent_thinking", {"agent_name": "x"}, "reasoning"),
        ("agent_thinking", {"reasoning": "x", "progress": 1.5}, "progress"),
        ("tool_executing", {"agent_name": "x"}, "tool_name"),
        ("tool_executing", {"tool_name": "x", "parameters": []}, "parameters"),
        ("tool_completed", {"agent_name": "x"}, "tool_name"),
        ("tool_completed", {"tool_name": "x", "status": "fine"}, "fine"),
        ("agent_completed", {"duration": -1}, "duration"),
        ("agent_completed", {"duration": math.inf}, "duration"),
        ("agent_completed", {"duration": Decimal("1.5")}, "duration"),
        ("tool_completed", {"tool_name": "x", "results": Raw(b"1")}, "Raw"),
        ("ready", {}, "control"),
        ("", {}, "non-empty"),
        ("note", [], "mapping"),
        ("note", "text", "mapping"),
        ("agent_started", None, "mapping"),
        ("agent_started", [("agent_name", "x")], "mapping"),
        ("tool_completed", {"tool_name": "x", "call_id": []}, "call_id"),
        (["note"], {}, "non-empty string"),
        ("\ud800", {}, "surrogates"),
    ],
)
async def test_a_wrong_event_is_refused_and_leaves_nothing(manager, event_type, data, named):
    with pytest.raises(PayloadError, match=named):
        await manager.emit("u1", event_type, data)
    assert await manager.emit("u1", "note", {}) == 1


async def test_a_critical_event_is_held_to_the_table_as_it_is_sent(manager, tab):
    """An enum is text on the wire, so it may stand where the table wants text."""

    class Agent(enum.Enum):
        TRIAGE = "triage"

    await manager.emit("u1", "agent_started", {"agent_name": Agent.TRIAGE}, run_id="r")
    await manager.emit("u1", "agent_completed", {}, run_id="r")
    assert [e["data"]["agent_name"] for e in await tab.wait_for(2)] == ["triage", "triage"]


async def test_an_event_over_the_limit_is_refused():
    async with UnifiedWebSocketManager(limits=Limits(event_bytes=1000)) as manager:
        with pytest.raises(EventTooLargeError, match="the limit is 1000"):
            await manager.emit("u1", "note", {"x": "y" * 1000})


@pytest.mark.parametrize("broadcast", [True, False])
async def test_no_frame_is_longer_than_the_limit_whatever_its_number(broadcast):
    """A client that takes frames up to the limit would else fail at this one again and again."""
    user = "user-" + "é" * 100
    async with UnifiedWebSocketManager(limits=Limits(event_bytes=1000)) as manager:
        for length in range(1000):
            try:
                if broadcast:
                    await manager.broadcast("note", {"x": "y" * length}, users=["u1", user])
                else:
                    await manager.emit(user, "note", {"x": "y" * length})
            except EventTooLargeError:
                break
        page = await manager._journal.read(user, 0, 1000)
        assert page.frames
        room = len(str(2**53)) - len(str(len(page.frames)))
        assert max(map(len, page.frames)) + room == 1000


async def test_an_event_that_is_refused_leaves_its_run_as_it_was(manager, tab):
    await manager.emit("u1", "agent_started", {"agent_name": "triage"})
    cycle: list[object] = []
    cycle.append(cycle)
    for unfit in (object(), "x" * 2_000_000, cycle):
        with pytest.raises(EventError):
            await manager.emit("u1", "agent_completed", {"final_response": unfit})
    await manager.emit("u1", "agent_completed", {"final_response": "done"})
    assert (await tab.wait_for(2))[1]["data"]["agent_name"] == "triage"


@pytest.mark.parametrize(
    "names",
    [
        {"event_id": ""},
        {"event_id": 5},
        {"event_id": "\ud800"},
        {"run_id": []},
        {"run_id": "\ud800"},
        {"thread_id": b"t"},
    ],
    ids=str,
)
async def test_ids_are_texts(manager, names):
    with pytest.raises(EventError):
        await manager.emit("u1", "note", {}, **names)
    assert await manager.emit("u1", "note", {}) == 1


async def test_one_text_is_not_a_collection_of_users(manager):
    with pytest.raises(EventError, match="not one string"):
        await manager.broadcast("note", {}, users="u1")


@pytest.mark.parametrize("user_id", ["", None, 7, [], "\ud800"])
async def test_a_user_is_a_non_empty_text(manager, user_id):
    with pytest.raises(EventError):
        await manager.emit(user_id, "note", {})
    with pytest.raises(EventError, match="user_id"):
        await manager.connect_user(user_id, None)


async def test_a_closed_manager_says_so(manager):
    await manager.aclose()
    await manager.aclose()
    with pytest.raises(ManagerClosedError):
        await manager.emit("u1", "note", {})
    with pytest.raises(ManagerClosedError):
        manager.emit_threadsafe("u1", "note", {})


async def test_messages_of_the_older_shape_are_sent(manager, tab):
    await manager.send_to_user("u1", {"type": "note", "data": {"n": 1}})
    await manager.send_to_user("u1", {"type": "note", "payload": {"n": 2}, "thread_id": "t"})
    first, second = await tab.wait_for(2)
    assert (first["data"], second["data"], second["thread_id"]) == ({"n": 1}, {"n": 2}, "t")


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"data": {}},
        {"type": 5, "data": {}},
        {"type": "note"},
        {"type": "note", "data": 1},
        {"type": "note", "data": {}, "payload": {}},
    ],
)
async def test_other_messages_are_refused(manager, message):
    with pytest.raises(PayloadError):
        await manager.send_to_user("u1", message)


async def test_the_emitter_fills_what_is_safe_to_fill(manager, tab):
    context = UserExecutionContext("u1", "t1", "r1")
    async with manager.emitter(context) as emitter:
        await emitter.emit_agent_started({"agent_name": "triage"})
        await emitter.emit_agent_thinking({"reasoning": "hm"})
        await emitter.emit_tool_executing({"tool_name": "search"})
        await emitter.emit_tool_executing({"tool_name": "search", "parameters": {"q": 1}})
        await emitter.emit_tool_completed({"tool_name": "search"})
        await emitter.emit_tool_completed({"tool_name": "search", "results": [1]})
        await emitter.emit_agent_completed({})
    data = [e["data"] for e in await tab.wait_for(7)]
    assert {d["agent_name"] for d in data} == {"triage"}
    assert data[2]["parameters"] == {}
    assert data[2]["call_id"] == data[4]["call_id"] != data[3]["call_id"] == data[5]["call_id"]
    assert (data[4]["status"], data[4]["results"]) == ("ok", None)
    assert (data[6]["status"], data[6]["final_response"]) == ("completed", None)
    assert all(d["duration"] >= 0 for d in (data[4], data[5], data[6]))


async def test_fields_beyond_the_table_travel_too(manager, tab):
    await manager.emit("u1", "agent_started", {"agent_name": "triage", "model": "m"})
    assert (await tab.wait_for(1))[0]["data"]["model"] == "m"


async def test_an_older_frontend_may_read_fields_under_its_own_names(make_recorder):
    synonyms = {"agent_thinking": {"reasoning": "thought", "step": "stage"}}
    async with UnifiedWebSocketManager(synonyms=synonyms) as manager:
        tab = make_recorder()
        await manager.connect_user("u1", tab)
        await manager.emit("u1", "agent_thinking", {"reasoning": "hm"})
        [event] = await tab.wait_for(1)
    assert event["data"] == {"agent_name": "agent", "reasoning": "hm", "thought": "hm"}


async def test_two_runs_of_one_user_do_not_share_what_is_filled(manager, tab):
    for run in ("r1", "r2"):
        await manager.emit("u1", "agent_started", {"agent_name": run}, run_id=run)
    await manager.emit("u1", "agent_thinking", {"reasoning": ""}, run_id="r1")
    assert (await tab.wait_for(3))[2]["data"]["agent_name"] == "r1"


async def test_the_contracts_own_example_runs(manager):
    assert await manager.emit_critical_event("u1", "agent_started", {"agent_name": "triage"}) == 1
    future = manager.emit_threadsafe("u1", "agent_thinking", {"reasoning": "…"})
    context = UserExecutionContext(user_id="u1", thread_id="t1", run_id="r1")
    bridge = manager.create_agent_bridge(context)
    await bridge.notify_agent_started("triage")
    async with manager.emitter(context) as emitter:
        await emitter.emit_tool_executing({"tool_name": "search", "parameters": {}})
    await manager.aclose()
    assert future.result() > 1


@pytest.mark.parametrize("message", [None, "note", ["note"]])
async def test_what_is_no_message_is_refused(manager, message):
    with pytest.raises(PayloadError, match="mapping"):
        await manager.send_to_user("u1", message)


@pytest.mark.parametrize("users", [5, b"u1", ["u1", ["u2"]], ["u1", None]])
async def test_users_of_a_broadcast_that_are_none_are_refused_and_nobody_gets_it(manager, users):
    with pytest.raises(EventError):
        await manager.broadcast("note", {}, users=users)
    assert await manager.emit("u1", "note", {}) == 1


@pytest.mark.parametrize(
    ("synonyms", "named"),
    [
        ({"agent_thinking": {"reasoning": "agent_name"}}, "agent_name"),
        ({"agent_thinking": {"resoning": "thought"}}, "resoning"),
        ({"agent_thinking": "thought"}, "agent_thinking"),
        ({"agent_thinking": {"reasoning": None}}, "None"),
    ],
)
def test_a_mapping_of_names_that_would_harm_or_do_nothing_is_refused(synonyms, named):
    with pytest.raises(ValueError, match=named):
        UnifiedWebSocketManager(synonyms=synonyms)


@pytest.mark.parametrize(
    ("limit", "value"),
    [("write_events", 0), ("emitters", 0), ("event_bytes", -1), ("idle_timeout", 0)],
)
def test_a_limit_with_which_nothing_works_is_refused(limit, value):
    with pytest.raises(ValueError, match=limit):
        Limits(**{limit: value})
