"""A run that a crash left open is closed as failed when the server starts again."""

import pytest

from unified_runtime import MemoryJournal, SqliteJournal, UnifiedWebSocketManager
from unified_runtime.errors import EventError


@pytest.fixture(params=["memory", "sqlite"])
def restarted(request, tmp_path):
    """Managers on one journal, each as if the one before had crashed."""
    memory = MemoryJournal()

    async def start():
        journal = memory if request.param == "memory" else SqliteJournal(tmp_path / "events.db")
        manager = UnifiedWebSocketManager(journal=journal)
        await manager.start()
        return manager, journal

    return start


async def emit(manager, event_type, data, run_id="r1"):
    await manager.emit("u1", event_type, data, thread_id="t1", run_id=run_id)


async def replay(manager, make_recorder, count):
    tab = make_recorder()
    connection = await manager.connect_user("u1", tab)
    connection.receive('{"type":"resume","seq":0}')
    return await tab.wait_for(count)


async def test_open_calls_and_the_run_are_closed_once(restarted, make_recorder):
    manager, journal = await restarted()
    await emit(manager, "agent_started", {"agent_name": "triage"})
    await emit(manager, "tool_executing", {"tool_name": "a", "call_id": "c1"})
    await emit(manager, "tool_executing", {"tool_name": "b", "call_id": "c2"})
    await emit(manager, "tool_completed", {"tool_name": "a", "call_id": "c1"})
    await journal.aclose()
    for _ in range(2):
        manager, journal = await restarted()
        await journal.aclose() if _ == 0 else None
    events = await replay(manager, make_recorder, 6)
    assert [e["type"] for e in events[4:]] == ["tool_completed", "agent_completed"]
    assert (events[4]["data"]["call_id"], events[4]["data"]["status"]) == ("c2", "error")
    assert events[5]["data"]["status"] == "failed"
    assert events[5]["data"]["agent_name"] == "triage"
    assert (events[5]["thread_id"], events[5]["run_id"]) == ("t1", "r1")
    assert (await journal.bounds("u1")).last == 6
    await manager.aclose()


async def test_runs_that_ended_are_left_alone(restarted):
    manager, journal = await restarted()
    await emit(manager, "agent_started", {"agent_name": "triage"})
    await emit(manager, "agent_completed", {})
    future = manager.emit_threadsafe("u1", "agent_started", {"agent_name": "x"}, run_id="r2")
    done = manager.emit_threadsafe("u1", "agent_completed", {}, run_id="r2")
    await manager.aclose()
    assert (future.result(), done.result()) == (3, 4)
    manager, journal = await restarted()
    assert (await journal.bounds("u1")).last == 4
    await manager.aclose()


async def test_the_runtimes_own_stream_is_nobodys(manager, make_recorder):
    with pytest.raises(EventError, match="runtime's own"):
        await manager.emit("\x00runs", "note", {})
    with pytest.raises(EventError, match="runtime's own"):
        await manager.connect_user("\x00runs", make_recorder())
