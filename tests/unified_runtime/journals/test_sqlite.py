"""What only a file can do: be locked, full, broken, and outlive its process."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing

import pytest

from unified_runtime import Limits, Retention, SqliteJournal, UnifiedWebSocketManager
from unified_runtime.errors import JournalError, JournalInUseError
from unified_runtime.journals import sqlite_file


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.db"


async def test_opening_it_twice_is_an_error_and_harms_nobody(path, draft, delivered):
    first, second = SqliteJournal(path), SqliteJournal(path)
    await first.start(delivered)
    with pytest.raises(JournalInUseError, match="already open"):
        await second.start(delivered)
    assert await first.append([draft("a")]) == [1]
    await first.aclose()
    await second.start(delivered)
    assert await second.append([draft("a")]) == [2]
    await second.aclose()


async def test_a_file_that_is_no_database_is_an_error(path, delivered):
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(JournalError, match="not a database"):
        await SqliteJournal(path).start(delivered)
    path.unlink()
    journal = SqliteJournal(path)
    await journal.start(delivered)
    await journal.aclose()


async def test_a_file_that_is_broken_inside_is_an_error_and_let_go(path, draft, delivered):
    journal = SqliteJournal(path)
    await journal.start(delivered)
    await journal.append([draft("a", "x" * 100) for _ in range(500)])
    await journal.aclose()
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + bytes(byte ^ 0x55 for byte in whole[8192:]))
    for _ in range(2):
        with pytest.raises(JournalError, match="malformed"):
            await SqliteJournal(path).start(delivered)
    path.write_bytes(whole)
    journal = SqliteJournal(path)
    await journal.start(delivered)
    assert (await journal.bounds("a")).last == 500
    await journal.aclose()


async def test_a_file_that_is_taken_away_acknowledges_nothing_more(path, draft, delivered):
    journal = SqliteJournal(path)
    await journal.start(delivered)
    await journal.append([draft("a")])
    whole = path.read_bytes()
    for taken_away in (path.unlink, lambda: path.write_bytes(whole)):
        taken_away()
        with pytest.raises(JournalError, match="removed or replaced"):
            await journal.append([draft("a")])
    assert len(delivered) == 1
    await journal.aclose()


async def test_a_write_ahead_log_that_is_taken_away_acknowledges_nothing_more(
    path, draft, delivered
):
    journal = SqliteJournal(path)
    await journal.start(delivered)
    await journal.append([draft("a")])
    path.with_name("events.db-wal").unlink()
    with pytest.raises(JournalError, match="removed or replaced"):
        await journal.append([draft("a")])
    await journal.aclose()


def as_a_killed_process_leaves_it(path, copy):
    for suffix in ("", "-wal"):
        whole = path.with_name(path.name + suffix).read_bytes()
        copy.with_name(copy.name + suffix).write_bytes(whole)
    return copy


async def test_a_user_who_is_silent_in_the_life_after_a_kill_keeps_everything(
    path, tmp_path, draft, delivered
):
    journal = SqliteJournal(path)
    await journal.start(delivered)
    await journal.append([draft("silent") for _ in range(3)])
    copy = as_a_killed_process_leaves_it(path, tmp_path / "copy.db")
    await journal.aclose()
    for life in range(1, 4):
        again = SqliteJournal(copy)
        await again.start(delivered)
        assert (await again.bounds("silent")).last == 3
        assert len((await again.read("silent", 0, 10)).frames) == 3
        assert await again.append([draft("other")]) == [life]
        await again.aclose()


@pytest.mark.parametrize("synchronous", ["FULL", "NORMAL", "OFF"])
@pytest.mark.parametrize("machine_crashed", [True, False])
async def test_a_machine_crash_that_may_have_taken_events_begins_a_new_stream(
    path, tmp_path, draft, delivered, synchronous, machine_crashed
):
    """A client that saw what is gone must not take the numbers given out again for those it has."""
    journal = SqliteJournal(path, synchronous=synchronous)
    await journal.start(delivered)
    await journal.append([draft("a")])
    before = await journal.bounds("a")
    copy = as_a_killed_process_leaves_it(path, tmp_path / "copy.db")
    await journal.aclose()
    if machine_crashed:
        with closing(sqlite3.connect(copy)) as db, db:
            db.execute("UPDATE meta SET value = 'an earlier start' WHERE key = 'unsynced_since'")
    names = []
    for _ in range(2):
        again = SqliteJournal(copy)
        await again.start(delivered)
        after = await again.bounds("a")
        assert (after.first, after.last) == (before.first, before.last)
        names.append(after.stream)
        await again.aclose()
    assert names[0] == names[1]
    assert (names[0] != before.stream) == (machine_crashed and synchronous != "FULL")


@pytest.mark.parametrize("clean", [True, False])
async def test_where_the_system_does_not_tell_its_starts_every_end_without_a_close_may_be_a_crash(
    path, tmp_path, draft, delivered, monkeypatch, clean
):
    monkeypatch.setattr(sqlite_file, "_start_of_the_machine", lambda: "")
    journal = SqliteJournal(path, synchronous="NORMAL")
    await journal.start(delivered)
    await journal.append([draft("a")])
    before = await journal.bounds("a")
    copy = as_a_killed_process_leaves_it(path, tmp_path / "copy.db")
    await journal.aclose()
    again = SqliteJournal(path if clean else copy)
    await again.start(delivered)
    assert ((await again.bounds("a")).stream == before.stream) is clean
    await again.aclose()


async def test_a_file_under_another_name_is_the_same_file(path, tmp_path, draft, delivered):
    journal = SqliteJournal(path)
    await journal.start(delivered)
    alias = tmp_path / "alias.db"
    alias.symlink_to(path)
    with pytest.raises(JournalInUseError):
        await SqliteJournal(alias).start(delivered)
    assert await journal.append([draft("a")]) == [1]
    await journal.aclose()


async def test_somebody_elses_database_is_refused_and_left_as_it_is(path, delivered):
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE users (id)")
    before = path.read_bytes()
    with pytest.raises(JournalError, match="holds other tables"):
        await SqliteJournal(path).start(delivered)
    assert path.read_bytes() == before


def test_memory_is_no_file():
    with pytest.raises(ValueError, match="MemoryJournal"):
        SqliteJournal(":memory:")


FILLING = """
    import asyncio, resource, signal, sys
    from unified_runtime import SqliteJournal, UnifiedWebSocketManager
    from unified_runtime.errors import JournalError

    async def main():
        journal = SqliteJournal(sys.argv[1])
        async with UnifiedWebSocketManager(journal=journal) as manager:
            limit = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, limit[1]))
            acknowledged = 0
            try:
                while True:
                    acknowledged = await manager.emit("u", "note", {"x": "y" * 300})
            except JournalError:
                assert (await journal.bounds("u")).last == acknowledged
                assert len((await journal.read("u", 0, 10_000)).frames) == acknowledged
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
            assert await manager.emit("u", "note", {}) == acknowledged + 1
        print(acknowledged)

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the system has no such limit")
async def test_a_disk_that_is_really_full_acknowledges_nothing_false(path):
    """The system refuses to let the file grow, in the middle of commits."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", textwrap.dedent(FILLING), path, stdout=asyncio.subprocess.PIPE
    )
    acknowledged, _ = await process.communicate()
    assert process.returncode == 0
    assert int(acknowledged) > 0


async def test_a_folder_that_is_not_there_is_an_error(path, delivered):
    with pytest.raises(JournalError, match="unable to open"):
        await SqliteJournal(path / "deeper" / "events.db").start(delivered)


async def test_a_full_disk_fails_loudly_and_acknowledges_nothing(path, draft, delivered):
    journal = SqliteJournal(path)
    await journal.start(delivered)
    await journal.append([draft("a")])
    journal._store._writer.execute("PRAGMA max_page_count=1")
    with pytest.raises(JournalError, match="full"):
        await journal.append([draft("a", "x" * 100_000)])
    assert (await journal.bounds("a")).last == 1
    assert len(delivered) == 1
    journal._store._writer.execute("PRAGMA max_page_count=1000000")
    assert await journal.append([draft("a")]) == [2]
    await journal.aclose()


async def test_the_manager_passes_a_failing_journal_on_as_one_documented_error(path):
    async with UnifiedWebSocketManager(journal=SqliteJournal(path)) as manager:
        await manager.emit("u1", "note", {})
        manager._journal._store._writer.execute("PRAGMA max_page_count=1")
        with pytest.raises(JournalError):
            await manager.emit("u1", "note", {"x": "y" * 100_000})
        future = manager.emit_threadsafe("u1", "note", {"x": "y" * 100_000})
        with pytest.raises(JournalError):
            await asyncio.wrap_future(future)


async def test_a_journal_that_cannot_open_is_tried_again_at_the_next_use(path):
    (path.parent / "in_the_way").mkdir()
    journal = SqliteJournal(path.parent / "in_the_way")
    manager = UnifiedWebSocketManager(journal=journal)
    for _ in range(2):
        with pytest.raises(JournalError):
            await manager.emit("u1", "note", {})
    (path.parent / "in_the_way").rmdir()
    assert await manager.emit("u1", "note", {}) == 1
    await manager.aclose()


async def test_old_events_are_trimmed_by_age(path, draft, delivered, clock):
    journal = SqliteJournal(path, retention=Retention(age=100), clock=clock)
    await journal.start(delivered)
    await journal.append([draft("a", at=0), draft("b", at=0), draft("a", at=50)])
    clock.now = 120
    journal._trimmed_at = float("-inf")
    await journal.append([draft("a", at=120)])
    await journal.aclose()
    journal = SqliteJournal(path, clock=clock)
    await journal.start(delivered)
    assert (await journal.bounds("a"))[1:] == (2, 3)
    assert (await journal.bounds("b"))[1:] == (2, 1)
    assert await journal.append([draft("b")]) == [2]
    assert len((await journal.read("b", 1, 10)).frames) == 1
    await journal.aclose()


async def test_a_tab_that_was_away_is_given_everything_from_the_file(path, make_recorder):
    async with UnifiedWebSocketManager(
        journal=SqliteJournal(path), limits=Limits(outbox_events=8)
    ) as manager:
        tab = make_recorder()
        await manager.connect_user("u1", tab)
        await asyncio.gather(*(manager.emit("u1", "note", {"n": n}) for n in range(3000)))
        assert [e["seq"] for e in await tab.wait_for(3000)] == list(range(1, 3001))


EMITTER = """
    import asyncio, sys
    from unified_runtime import SqliteJournal, UnifiedWebSocketManager

    async def emit(manager, user):
        while True:
            seq = await manager.emit(user, "note", {"x": "y" * 50})
            sys.stdout.write(f"{user} {seq}\\n")
            sys.stdout.flush()

    async def main():
        async with UnifiedWebSocketManager(journal=SqliteJournal(sys.argv[1])) as manager:
            await asyncio.gather(*(emit(manager, f"u{n}") for n in range(20)))

    asyncio.run(main())
"""


def killed_after(path, acknowledged):
    """The newest number per user that a killed process had acknowledged."""
    known = {}
    program = [sys.executable, "-c", textwrap.dedent(EMITTER), path]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        for _ in range(acknowledged):
            user, seq = process.stdout.readline().split()
            known[user] = int(seq)
        process.send_signal(signal.SIGKILL)
    return known


@pytest.mark.parametrize("acknowledged", [1, 500, 2000])
async def test_every_acknowledged_event_survives_a_kill(path, delivered, acknowledged):
    known = await asyncio.to_thread(killed_after, path, acknowledged)
    journal = SqliteJournal(path)
    await journal.start(delivered)
    for user, seq in known.items():
        bounds = await journal.bounds(user)
        assert bounds.last >= seq
        frames = (await journal.read(user, 0, 10_000)).frames
        assert len(frames) == bounds.last
        assert frames[-1].startswith(b'{"type":"note","seq":%d,' % bounds.last)
    await journal.aclose()
