"""Emission from where an application does not expect to be asked to wait."""

import asyncio
import threading
import time

import pytest

from unified_runtime import MemoryJournal, SqliteJournal, UnifiedWebSocketManager
from unified_runtime.cancellation import to_the_end
from unified_runtime.errors import JournalError


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_what_a_callback_on_the_loop_emitted_comes_before_what_its_task_emits_next(
    kind, tmp_path, make_recorder
):
    journal = MemoryJournal() if kind == "memory" else SqliteJournal(tmp_path / "events.db")
    async with UnifiedWebSocketManager(journal=journal) as manager:
        tab = make_recorder()
        await manager.connect_user("u1", tab)

        async def agent(name):
            for n in range(10):
                manager.emit_threadsafe("u1", "note", {"agent": name, "n": 3 * n})
                await manager.emit("u1", "note", {"agent": name, "n": 3 * n + 1})
                await manager.broadcast("note", {"agent": name, "n": 3 * n + 2})

        await asyncio.gather(agent("a"), agent("b"))
        events = [e["data"] for e in await tab.wait_for(60)]
        for name in ("a", "b"):
            assert [e["n"] for e in events if e["agent"] == name] == list(range(30))
        assert manager.stats()["emitted"] == 60


async def test_a_destructor_or_a_signal_that_emits_in_the_middle_of_an_emit_ends_both(tab):
    """The clock is read in the middle, on the same thread."""
    inside = threading.local()

    def clock():
        if not getattr(inside, "emitting", False):
            inside.emitting = True
            manager.emit_threadsafe(
                "u1", "tool_completed", {"tool_name": "of the signal"}, run_id="r1"
            )
            inside.emitting = False
        return time.time()

    async with UnifiedWebSocketManager(clock=clock) as manager:
        tab.sent.clear()
        await manager.connect_user("u1", tab)
        await manager.emit("u1", "tool_executing", {"tool_name": "of the agent"}, run_id="r1")
        await manager.emit("u1", "tool_completed", {"tool_name": "of the agent"}, run_id="r1")
        events = await tab.wait_for(4)
    calls = [e["data"]["call_id"] for e in events if e["data"]["tool_name"] == "of the agent"]
    assert calls[0] == calls[1]


async def test_a_payload_whose_own_code_waits_for_another_thread_that_emits_ends(manager):
    answered = threading.Event()

    class Model:
        def model_dump(self, mode):
            thread = threading.Thread(target=other)
            thread.start()
            thread.join(5)
            return {"answered": answered.is_set()}

    def other():
        manager.emit_threadsafe("u2", "tool_executing", {"tool_name": "search"})
        answered.set()

    data = {"tool_name": "search", "results": Model()}
    await manager.emit("u1", "tool_completed", data)
    assert answered.is_set()


async def test_a_journal_that_raises_what_it_should_not_leaves_no_thread_waiting():
    class Odd(MemoryJournal):
        async def append(self, drafts):
            raise OSError("away")

    async with UnifiedWebSocketManager(journal=Odd()) as manager:
        future = await asyncio.to_thread(manager.emit_threadsafe, "u1", "note", {})
        with pytest.raises(JournalError, match="away"):
            await asyncio.wrap_future(future)


async def test_what_must_not_be_torn_is_not_torn_however_often_it_is_cancelled():
    begun, may_end, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def whole():
        begun.set()
        await may_end.wait()
        ended.set()

    task = asyncio.create_task(to_the_end(whole()))
    await begun.wait()
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
    assert not task.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()
