"""Readers between the steps of the writer thread: committed, trimmed, but not yet announced."""

import asyncio
import threading

import pytest

from unified_runtime import Limits, Retention, SqliteJournal, UnifiedWebSocketManager
from unified_runtime.protocol.frames import Resume


class Halting:
    """The writer's database connection; it halts behind the last of the chosen statements, once
    they came in this order, until told to go on."""

    def __init__(self, db, *statements):
        self._db = db
        self._awaited = list(statements)
        self.halted = threading.Event()
        self.go_on = threading.Event()

    def execute(self, sql, *parameters):
        result = self._db.execute(sql, *parameters)
        self._reached(sql.strip())
        return result

    def _reached(self, statement):
        if self._awaited and statement.startswith(self._awaited[0]):
            del self._awaited[0]
            if not self._awaited:
                self.halted.set()
                assert self.go_on.wait(20)

    def __getattr__(self, name):
        return getattr(self._db, name)


def halt_behind(journal, *statements):
    store = journal._store
    store._writer = Halting(store._writer, *statements)
    return store._writer


async def test_a_reader_between_commit_and_announcement_is_given_each_event_once(
    tmp_path, make_recorder
):
    """The file then holds more than the journal has said, and a reader must not run ahead."""
    journal = SqliteJournal(tmp_path / "events.db")
    async with UnifiedWebSocketManager(journal=journal, limits=Limits(outbox_events=8)) as manager:
        for _ in range(10):
            await manager.emit("u1", "note", {})
        writer = halt_behind(journal, "COMMIT")
        emits = asyncio.gather(*(manager.emit("u1", "note", {}) for _ in range(500)))
        assert await asyncio.to_thread(writer.halted.wait, 20)
        tab = make_recorder()
        await manager.connect_user("u1", tab, resume=Resume(0))
        await tab.wait_for(10)
        await asyncio.sleep(0.05)
        writer.go_on.set()
        await emits
        assert [e["seq"] for e in await tab.wait_for(510)] == list(range(1, 511))
        assert [frame["type"] for frame in tab.sent].count("gap") == 0


@pytest.mark.parametrize(
    "statements", [["WITH RECURSIVE"], ["UPDATE users"], ["UPDATE users", "COMMIT"]]
)
@pytest.mark.parametrize("position", [0, 150, 299])
async def test_a_page_read_while_the_history_is_trimmed_has_no_hole(
    tmp_path, draft, delivered, position, statements
):
    journal = SqliteJournal(tmp_path / "events.db", retention=Retention(count=100))
    await journal.start(delivered)
    await journal.append([draft("a") for _ in range(160)])
    writer = halt_behind(journal, *statements)
    await journal.append([draft("a") for _ in range(140)])
    assert await asyncio.to_thread(writer.halted.wait, 20)
    page = await journal.read("a", position, 64)
    writer.go_on.set()
    assert page.bounds.last == 300
    start = max(position, page.bounds.first - 1)
    numbers = [int(frame.split(b'"seq":')[1].split(b",")[0]) for frame in page.frames]
    assert numbers == list(range(start + 1, min(start + 64, 300) + 1))
    await journal.aclose()
