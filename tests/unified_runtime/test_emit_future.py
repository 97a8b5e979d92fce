"""A future of an event behaves as any other, although most never become more than a number."""

import asyncio
import threading
from concurrent.futures import ALL_COMPLETED, as_completed, wait

import pytest

from unified_runtime import MemoryJournal, UnifiedWebSocketManager
from unified_runtime.errors import JournalError, WouldDeadlockError


@pytest.fixture
def emit(manager):
    return lambda n=0: manager.emit_threadsafe("u1", "note", {"n": n})


async def test_threads_wait_on_many_in_any_way(emit):
    def work():
        futures = [emit(n) for n in range(50)]
        done, waiting = wait(futures, timeout=30, return_when=ALL_COMPLETED)
        assert not waiting
        return sorted(f.result() for f in done), sorted(f.result() for f in as_completed(futures))

    numbers = list(range(1, 51))
    assert await asyncio.to_thread(work) == (numbers, numbers)


async def test_each_of_many_waiting_threads_gets_its_own_number(emit):
    def work(_):
        return [emit().result(30) for _ in range(40)]

    shares = await asyncio.gather(*(asyncio.to_thread(work, n) for n in range(8)))
    assert all(share == sorted(share) for share in shares)
    assert sorted(n for share in shares for n in share) == list(range(1, 321))


async def test_a_callback_runs_once_whether_added_before_or_after(emit):
    seen = []
    early = emit()
    early.add_done_callback(lambda f: seen.append(("early", f.result())))
    await asyncio.wrap_future(early)
    late = emit()
    await asyncio.wrap_future(emit())
    late.add_done_callback(lambda f: seen.append(("late", f.result())))
    assert seen == [("early", 1), ("late", 2)]


async def test_it_tells_its_state_without_being_waited_for(emit):
    future = emit()
    assert not future.done()
    assert not future.cancel()
    with pytest.raises(WouldDeadlockError):
        future.result()
    await asyncio.wrap_future(emit())
    assert future.done()
    assert not future.cancelled()
    assert not future.running()
    assert future.exception() is None
    assert "finished" in repr(future)


async def test_a_failed_journal_reaches_who_waits_and_who_asks_later():
    class Broken(MemoryJournal):
        async def append(self, drafts):
            raise JournalError("away")

    async with UnifiedWebSocketManager(journal=Broken()) as manager:
        unasked = manager.emit_threadsafe("u1", "note", {})
        awaited = manager.emit_threadsafe("u1", "note", {})
        with pytest.raises(JournalError, match="away"):
            await asyncio.wrap_future(awaited)
        assert unasked.done()
        assert isinstance(unasked.exception(), JournalError)


async def test_an_unknown_attribute_is_an_error_as_ever(emit):
    with pytest.raises(AttributeError, match="no_such"):
        emit().no_such  # noqa: B018


async def test_threads_that_settle_and_wait_at_once_miss_no_wake_up(emit):
    """The moment of becoming a whole future races with the moment of settling."""
    ended = threading.Barrier(9)

    def work():
        for n in range(200):
            assert emit(n).exception(30) is None
        ended.wait(30)

    for _ in range(8):
        threading.Thread(target=work).start()
    await asyncio.to_thread(ended.wait, 60)
