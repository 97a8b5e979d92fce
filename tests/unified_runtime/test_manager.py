"""Loops, threads, forks, hand-made endpoints, the pool and the process-wide manager."""

import asyncio
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from unified_runtime import (
    Limits,
    MemoryJournal,
    SqliteJournal,
    UnifiedWebSocketManager,
    get_manager,
    set_manager,
)
from unified_runtime.close_codes import CloseCode
from unified_runtime.errors import (
    ConnectionRefusedByLimitError,
    ForkedError,
    JournalError,
    ManagerClosedError,
    ManagerStateError,
    SocketInUseError,
    WouldDeadlockError,
    WrongLoopError,
)


def test_the_process_has_one_manager_usable_before_a_loop_runs():
    set_manager(UnifiedWebSocketManager())
    manager = get_manager()
    assert get_manager() is manager
    assert asyncio.run(manager.emit("u1", "note", {})) == 1


def test_a_finished_loop_does_not_spoil_the_manager(make_recorder):
    manager = UnifiedWebSocketManager()

    async def connect_and_emit():
        tab = make_recorder()
        await manager.connect_user("u1", tab)
        assert manager.connection_count() == 1
        seq = await manager.emit("u1", "note", {})
        await tab.wait_for(1)
        return seq

    assert asyncio.run(connect_and_emit()) == 1
    assert asyncio.run(connect_and_emit()) == 2


def test_after_its_close_the_process_gets_a_new_manager():
    set_manager(UnifiedWebSocketManager())

    async def use():
        async with get_manager() as manager:
            await manager.emit("u1", "note", {})
        return manager

    assert asyncio.run(use()) is not asyncio.run(use())


async def test_a_second_running_loop_is_sent_to_emit_threadsafe(manager):
    def in_another_loop():
        return asyncio.run(manager.emit("u1", "note", {}))

    with pytest.raises(WrongLoopError, match="emit_threadsafe"):
        await asyncio.to_thread(in_another_loop)


def test_emit_threadsafe_before_the_start_says_what_to_do():
    with pytest.raises(ManagerStateError, match="start the manager"):
        UnifiedWebSocketManager().emit_threadsafe("u1", "note", {})


def test_code_without_a_loop_emits_in_the_background(tmp_path):
    path = tmp_path / "events.db"
    with UnifiedWebSocketManager(journal=SqliteJournal(path)).in_background() as manager:
        assert manager.emit_threadsafe("u1", "note", {}).result() == 1
        left = manager.emit_threadsafe("u1", "note", {})
    assert left.result() == 2
    with pytest.raises(ManagerClosedError):
        manager.emit_threadsafe("u1", "note", {})
    with UnifiedWebSocketManager(journal=SqliteJournal(path)).in_background() as manager:
        assert manager.emit_threadsafe("u1", "note", {}).result() == 3


def test_what_keeps_the_background_from_starting_is_raised(tmp_path):
    manager = UnifiedWebSocketManager(journal=SqliteJournal(tmp_path / "none" / "events.db"))
    with pytest.raises(JournalError, match="unable to open"), manager.in_background():
        pass


def test_a_process_that_ends_within_the_background_does_not_hang():
    code = (
        "from contextlib import ExitStack;"
        "from unified_runtime import UnifiedWebSocketManager as Manager;"
        "stack = ExitStack(); manager = stack.enter_context(Manager().in_background());"
        "print(manager.emit_threadsafe('u1', 'note', {}).result())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout == "1\n"


async def test_events_of_each_thread_keep_their_order(manager, tab):
    def emit(thread):
        futures = [manager.emit_threadsafe("u1", "note", {"t": thread, "n": n}) for n in range(500)]
        return [future.result(10) for future in futures]

    with ThreadPoolExecutor(4) as pool:
        loop = asyncio.get_running_loop()
        numbers = await asyncio.gather(*(loop.run_in_executor(pool, emit, t) for t in range(4)))
    assert sorted(n for of_thread in numbers for n in of_thread) == list(range(1, 2001))
    assert all(of_thread == sorted(of_thread) for of_thread in numbers)
    events = await tab.wait_for(2000)
    for thread in range(4):
        assert [e["data"]["n"] for e in events if e["data"]["t"] == thread] == list(range(500))


class CountingJournal(MemoryJournal):
    def __init__(self):
        super().__init__()
        self.sizes = []

    async def append(self, drafts):
        self.sizes.append(len(drafts))
        return await super().append(drafts)


@pytest.mark.parametrize(("first", "sizes"), [(64, [65]), (63, [63, 1])])
async def test_only_when_many_come_does_the_loop_wait_for_more(first, sizes):
    journal = CountingJournal()
    async with UnifiedWebSocketManager(journal=journal) as manager:
        futures = [manager.emit_threadsafe("u1", "note", {}) for _ in range(first)]
        await asyncio.sleep(0)  # starts the drainer
        await asyncio.sleep(0)  # which looks at the queue
        futures.append(manager.emit_threadsafe("u1", "note", {}))
        numbers = await asyncio.gather(*map(asyncio.wrap_future, futures))
    assert numbers == list(range(1, first + 2))
    assert journal.sizes == sizes


async def test_a_drainer_cancelled_while_it_waits_for_more_leaves_all_to_the_next():
    journal = CountingJournal()
    manager = UnifiedWebSocketManager(journal=journal)
    await manager.start()
    future = [manager.emit_threadsafe("u1", "note", {}) for _ in range(64)][-1]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    (drainer,) = (t for t in asyncio.all_tasks() if t.get_coro().__name__ == "_drain")
    drainer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await drainer
    assert (journal.sizes, future.done()) == ([], False)
    assert await asyncio.wrap_future(manager.emit_threadsafe("u1", "note", {})) == 65
    assert future.result(0) == 64
    await manager.aclose()


async def test_a_full_backlog_makes_threads_wait_and_the_loop_never():
    async with UnifiedWebSocketManager(limits=Limits(backlog_events=10)) as manager:
        futures = [manager.emit_threadsafe("u1", "note", {}) for _ in range(50)]
        emitted = threading.Event()

        def emit():
            manager.emit_threadsafe("u1", "note", {}).result(10)
            emitted.set()

        thread = threading.Thread(target=emit)
        thread.start()
        assert not emitted.wait(0.05)  # the loop is kept busy by this very line
        await asyncio.gather(*map(asyncio.wrap_future, futures))
        await asyncio.to_thread(thread.join)
        assert emitted.is_set()


async def test_waiting_on_the_loops_own_thread_is_refused_not_deadlocked(manager):
    future = manager.emit_threadsafe("u1", "note", {})
    with pytest.raises(WouldDeadlockError):
        future.result()
    assert future.cancel() is False
    assert await asyncio.wrap_future(future) == 1


async def test_what_threads_emitted_before_the_close_is_kept(manager, tab):
    futures = [manager.emit_threadsafe("u1", "note", {}) for _ in range(2000)]
    await manager.aclose()
    assert [f.result(0) for f in futures] == list(range(1, 2001))
    assert len(tab.events) == 2000


def test_a_thread_that_outlives_the_loop_gets_a_clear_error():
    manager = UnifiedWebSocketManager()
    asyncio.run(manager.start())
    with pytest.raises(ManagerClosedError, match="loop is closed"):
        manager.emit_threadsafe("u1", "note", {})


def test_a_thread_that_waits_for_a_loop_that_ended_is_told_so():
    """Both who waits for an outcome and who waits for room in the backlog."""
    manager = UnifiedWebSocketManager(limits=Limits(backlog_events=3))
    told, futures = [], []

    async def leave_without_closing():
        await manager.start()
        futures.extend(manager.emit_threadsafe("u1", "note", {}) for _ in range(3))
        thread = threading.Thread(target=wait_for_room)
        thread.start()
        while not manager._inbox._waiting:
            time.sleep(0.001)  # noqa: ASYNC251 - so that the loop cannot make room
        asyncio.get_running_loop().stop()
        return thread

    def wait_for_room():
        try:
            manager.emit_threadsafe("u1", "note", {})
        except ManagerClosedError as error:
            told.append(error)

    loop = asyncio.new_event_loop()
    task = loop.create_task(leave_without_closing())
    loop.run_forever()
    loop.close()
    task.result().join(10)
    assert [str(error) for error in told] == ["the manager's event loop is closed"]
    with pytest.raises(ManagerClosedError, match="loop is closed"):
        futures[0].result()


def _emit_in_child(manager, answers):
    try:
        asyncio.run(manager.emit("u1", "note", {}))
    except ForkedError as error:
        answers.put(str(error))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
async def test_a_child_forked_in_the_middle_of_the_loop_writes_nothing(tmp_path):
    """There the parent's loop still counts as running, on the same thread."""
    journal = SqliteJournal(tmp_path / "events.db")
    async with UnifiedWebSocketManager(journal=journal) as manager:
        await manager.emit("u1", "note", {})
        child = os.fork()
        if child == 0:
            try:
                manager.emit("u1", "note", {}).send(None)
            except ForkedError:
                os._exit(7)
            finally:
                os._exit(1)
        _, status = await asyncio.to_thread(os.waitpid, child, 0)
        assert os.waitstatus_to_exitcode(status) == 7
        assert await manager.emit("u1", "note", {}) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_child_is_told_to_make_its_own_manager():
    manager = UnifiedWebSocketManager()
    fork = multiprocessing.get_context("fork")
    answers = fork.SimpleQueue()
    child = fork.Process(target=_emit_in_child, args=(manager, answers))
    child.start()
    assert "before fork" in answers.get()
    child.join()


async def test_disconnecting_one_socket_leaves_the_users_others(manager, make_recorder):
    first, second = make_recorder(), make_recorder()
    await manager.connect_user("u1", first, thread_id="t1")
    await manager.connect_user("u1", second)
    await manager.disconnect_user("u1", first)
    await manager.disconnect_user("u1", first)
    await manager.emit("u1", "note", {})
    await second.wait_for(1)
    assert first.events == []
    assert manager.is_connected("u1")
    await manager.disconnect_user("u1", second)
    assert not manager.is_connected("u1")


async def test_a_socket_connected_twice_gets_each_event_once(manager, tab):
    again = await manager.connect_user("u1", tab)
    assert again is await manager.connect_user("u1", tab)
    await manager.emit("u1", "note", {})
    await manager.emit("u1", "note", {})
    assert [e["seq"] for e in await tab.wait_for(2)] == [1, 2]
    assert manager.connection_count("u1") == 1


def test_a_manager_can_be_closed_on_a_later_loop(tmp_path):
    """Its journal is let go, so that another may open it."""
    path = tmp_path / "events.db"
    for expected in (1, 2):
        manager = UnifiedWebSocketManager(journal=SqliteJournal(path))
        assert asyncio.run(manager.emit("u1", "note", {})) == expected
        asyncio.run(manager.aclose())


class DeadSocket:
    async def send_text(self, data):
        raise OSError("gone")

    async def close(self, code, reason):
        raise OSError("gone")


async def test_a_dead_socket_never_reaches_the_one_who_emits(manager, tab):
    connection = await manager.connect_user("u1", DeadSocket())
    await manager.emit("u1", "note", {})
    await tab.wait_for(1)
    assert connection.closed
    assert manager.connection_count("u1") == 1


class StalledSocket:
    def __init__(self):
        self.closed_with = None
        self.stalled = asyncio.Event()
        self.closed = asyncio.Event()

    async def send_text(self, data):
        self.stalled.set()
        await asyncio.Event().wait()

    async def close(self, code, reason):
        self.closed_with = code
        self.closed.set()


async def test_a_stalled_client_is_cut_and_slows_nobody(make_recorder):
    async with UnifiedWebSocketManager(limits=Limits(write_timeout=0.05)) as manager:
        stalled, tab = StalledSocket(), make_recorder()
        await manager.connect_user("u1", stalled)
        await manager.connect_user("u1", tab)
        await stalled.stalled.wait()
        for n in range(3000):
            await manager.emit("u1", "note", {"n": n})
        assert [e["seq"] for e in await tab.wait_for(3000)] == list(range(1, 3001))
        await stalled.closed.wait()
        assert stalled.closed_with == 4500
        assert manager.stats()["closed"] == {"SLOW_CONSUMER": 1}
        assert manager.stats()["lost"] == 0


async def test_a_connection_counts_once_under_the_first_code_that_it_was_closed_with(
    manager, make_recorder
):
    tab = make_recorder()
    connection = await manager.connect_user("u1", tab)
    await tab.wait_for_frames(1)
    connection.receive("nonsense")
    connection.close(CloseCode.SLOW_CONSUMER)
    connection.close(CloseCode.SLOW_CONSUMER)
    await manager.disconnect_user("u1", tab)
    assert tab.closed_with == 4400
    assert manager.stats()["closed"] == {"MALFORMED": 1}


async def test_who_is_connected_is_told_once_each_until_the_last_tab_is_gone(
    manager, make_recorder
):
    tabs = [make_recorder() for _ in range(3)]
    for user_id, tab in zip(("u2", "u1", "u1"), tabs, strict=True):
        await manager.connect_user(user_id, tab)
    assert manager.connected_users() == ["u2", "u1"]
    await manager.disconnect_user("u1", tabs[1])
    assert manager.connected_users() == ["u2", "u1"]
    await manager.disconnect_user("u1", tabs[2])
    assert manager.connected_users() == ["u2"]


async def test_a_user_may_hold_only_so_many_connections(make_recorder):
    async with UnifiedWebSocketManager(limits=Limits(connections_per_user=1)) as manager:
        await manager.connect_user("u1", make_recorder())
        with pytest.raises(ConnectionRefusedByLimitError):
            await manager.connect_user("u1", make_recorder())
        await manager.connect_user("u2", make_recorder())


async def test_a_socket_of_one_user_is_not_fed_with_anothers_events(manager, tab):
    with pytest.raises(SocketInUseError):
        await manager.connect_user("u2", tab)
    await manager.emit("u2", "note", {})
    await manager.emit("u1", "note", {})
    assert [e["user_id"] for e in await tab.wait_for(1)] == ["u1"]
    await manager.disconnect_user("u2", tab)
    assert manager.is_connected("u1")
    await manager.disconnect_user("u1", tab)
    await manager.connect_user("u2", tab)
    assert [e["user_id"] for e in await tab.wait_for(2)] == ["u1", "u2"]


class Slow(MemoryJournal):
    """Lets others have their turn, as one that asks a server does."""

    async def watch(self, user_id):
        await asyncio.sleep(0)


async def test_a_socket_connected_twice_at_once_gets_each_event_once(make_recorder):
    async with UnifiedWebSocketManager(journal=Slow()) as manager:
        tab = make_recorder()
        one, other = await asyncio.gather(
            manager.connect_user("u1", tab), manager.connect_user("u1", tab)
        )
        assert one is other
        await manager.emit("u1", "note", {})
        await manager.emit("u1", "note", {})
        assert [e["seq"] for e in await tab.wait_for(2)] == [1, 2]
        assert manager.connection_count() == 1
        answers = await asyncio.gather(
            manager.connect_user("u2", late := make_recorder()),
            manager.connect_user("u3", late),
            return_exceptions=True,
        )
        assert isinstance(answers[1], SocketInUseError)
        assert manager.connected_users() == ["u1", "u2"]


async def test_every_close_returns_when_the_journal_is_let_go_also_when_one_is_cancelled(tmp_path):
    path = tmp_path / "events.db"
    for expected in (1, 2):
        manager = UnifiedWebSocketManager(journal=SqliteJournal(path))
        assert await manager.emit("u1", "note", {}) == expected
        first = asyncio.create_task(manager.aclose())
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        await asyncio.gather(manager.aclose(), manager.aclose())
    async with UnifiedWebSocketManager(journal=SqliteJournal(path)) as again:
        assert await again.emit("u1", "note", {}) == 3
