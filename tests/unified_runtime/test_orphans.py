"""A run that a crash left open is closed as failed when the server starts again."""

import asyncio
import secrets
import sys
import textwrap

import pytest

from unified_runtime import (
    MemoryJournal,
    RedisJournal,
    Retention,
    SqliteJournal,
    UnifiedWebSocketManager,
)


@pytest.fixture(params=["memory", "sqlite"])
def restarted(request, tmp_path):
    """Managers on one journal, each as if the one before had crashed."""
    memory = None

    async def start(retention=None):
        nonlocal memory
        if request.param == "sqlite":
            journal = SqliteJournal(tmp_path / "events.db", retention=retention)
        else:
            journal = memory = memory or MemoryJournal(retention=retention)
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


async def test_agents_that_called_one_another_are_closed_inside_out(restarted, make_recorder):
    manager, journal = await restarted()
    await emit(manager, "agent_started", {"agent_name": "outer"})
    for name in ("done", "inner"):
        await emit(manager, "agent_started", {"agent_name": name})
        await emit(manager, "tool_executing", {"tool_name": "a", "call_id": name})
        await emit(manager, "agent_completed", {}) if name == "done" else None
    await journal.aclose()
    manager, journal = await restarted()
    events = await replay(manager, make_recorder, 10)
    closed = [(e["type"], e["data"].get("call_id"), e["data"]["agent_name"]) for e in events[6:]]
    assert closed == [
        ("tool_completed", "done", "done"),
        ("tool_completed", "inner", "inner"),
        ("agent_completed", None, "inner"),
        ("agent_completed", None, "outer"),
    ]
    await manager.aclose()
    manager, journal = await restarted()
    assert (await journal.bounds("u1")).last == 10
    await manager.aclose()


async def test_runs_of_the_same_name_in_two_threads_are_two(restarted):
    manager, journal = await restarted()
    for thread_id in ("t1", "t2"):
        await manager.emit(
            "u1", "agent_started", {"agent_name": "triage"}, thread_id=thread_id, run_id="r1"
        )
    await journal.aclose()
    manager, journal = await restarted()
    assert (await journal.bounds("u1")).last == 4
    await manager.aclose()


async def test_an_agent_that_ends_under_another_name_has_ended(restarted):
    manager, journal = await restarted()
    await emit(manager, "agent_started", {"agent_name": "triage"})
    await emit(manager, "agent_completed", {"agent_name": "Triage"})
    await journal.aclose()
    manager, journal = await restarted()
    assert (await journal.bounds("u1")).last == 2
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


async def test_what_is_open_is_known_however_little_is_kept(restarted, make_recorder):
    """More open runs than events are kept, and none of their beginnings is any more."""
    few = Retention(count=4)
    manager, journal = await restarted(few)
    for n in range(100):
        await emit(manager, "agent_started", {"agent_name": f"a{n}"}, run_id=str(n))
        await emit(manager, "tool_executing", {"tool_name": "t", "call_id": str(n)}, run_id=str(n))
    for n in range(2, 100):
        await emit(manager, "agent_completed", {}, run_id=str(n))
    for n in range(200):
        await manager.emit("u1", "note", {"n": n})
    await journal.aclose()
    manager, journal = await restarted(few)
    bounds = await journal.bounds("u1")
    events = await replay(manager, make_recorder, bounds.last - bounds.first + 1)
    ended = [event for event in events if event["type"] != "note"]
    assert [(e["type"], e["run_id"], e["data"]["agent_name"]) for e in ended] == [
        ("tool_completed", "0", "a0"),
        ("tool_completed", "1", "a1"),
        ("agent_completed", "1", "a1"),
        ("agent_completed", "0", "a0"),
    ]
    await manager.aclose()


@pytest.mark.parametrize("thread_id", ["t1", None])
async def test_a_run_without_an_id_is_closed_too(restarted, make_recorder, thread_id):
    manager, journal = await restarted()
    for agent_name in ("ended", "open"):
        await manager.emit("u1", "agent_started", {"agent_name": agent_name}, thread_id=thread_id)
        if agent_name == "ended":
            await manager.emit("u1", "agent_completed", {}, thread_id=thread_id)
    await journal.aclose()
    manager, journal = await restarted()
    closed = (await replay(manager, make_recorder, 4))[3]
    assert (closed["type"], closed["thread_id"]) == ("agent_completed", thread_id)
    assert (closed["data"]["agent_name"], closed["data"]["status"]) == ("open", "failed")
    await manager.aclose()


async def test_a_run_that_began_anew_has_nothing_open_of_its_first_life(restarted):
    manager, journal = await restarted()
    await emit(manager, "agent_started", {"agent_name": "triage"})
    await emit(manager, "tool_executing", {"tool_name": "a", "call_id": "c1"})
    await emit(manager, "agent_started", {"agent_name": "triage"})
    await emit(manager, "agent_completed", {})
    await journal.aclose()
    manager, journal = await restarted()
    assert (await journal.bounds("u1")).last == 4
    await manager.aclose()


async def test_a_beginning_said_twice_does_not_open_a_run_that_ended(restarted):
    manager, journal = await restarted()
    started = ("u1", "agent_started", {"agent_name": "triage"})
    await manager.emit(*started, run_id="r1", event_id="e")
    await manager.emit("u1", "agent_completed", {}, run_id="r1")
    assert await manager.emit(*started, run_id="r1", event_id="e") == 1
    await journal.aclose()
    manager, journal = await restarted()
    assert (await journal.bounds("u1")).last == 2
    await manager.aclose()


CRASHING = """
    import asyncio, sys
    from unified_runtime import RedisJournal, UnifiedWebSocketManager

    async def main():
        url, prefix = sys.argv[1:]
        manager = UnifiedWebSocketManager(journal=RedisJournal(url, prefix=prefix, lease=0.4))
        run = {"thread_id": "t1", "run_id": "r1"}
        await manager.emit("u1", "agent_started", {"agent_name": "triage"}, **run)
        await manager.emit("u1", "tool_executing", {"tool_name": "a", "call_id": "c1"}, **run)
        print("started", flush=True)
        await asyncio.Event().wait()

    asyncio.run(main())
"""


async def test_servers_that_share_a_journal_close_the_runs_of_one_that_was_killed(
    redis_url, make_recorder
):
    """And only its: a run of a server that lives goes on."""
    prefix = secrets.token_hex(4)
    program = [sys.executable, "-c", textwrap.dedent(CRASHING), redis_url, prefix]
    process = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE)
    await process.stdout.readline()

    def manager():
        return UnifiedWebSocketManager(journal=RedisJournal(redis_url, prefix=prefix, lease=0.4))

    async with manager() as here, manager() as there:
        await emit(here, "agent_started", {"agent_name": "still at it"}, run_id="r2")
        tab, far_tab = make_recorder(), make_recorder()
        await here.connect_user("u1", tab)
        await there.connect_user("u1", far_tab)
        process.kill()
        await process.communicate()
        for recorder in (tab, far_tab):
            events = await recorder.wait_for(5)
            assert [(e["type"], e["run_id"]) for e in events] == [
                ("agent_started", "r1"),
                ("tool_executing", "r1"),
                ("agent_started", "r2"),
                ("tool_completed", "r1"),
                ("agent_completed", "r1"),
            ]
            assert events[4]["data"]["status"] == "failed"
        await emit(here, "agent_completed", {}, run_id="r2")
        assert len(await tab.wait_for(6)) == 6
