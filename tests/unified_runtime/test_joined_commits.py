"""While many wait for commit after commit, a user's events of two commits go out in one write."""

import asyncio
import json

import pytest

from unified_runtime import MemoryJournal, UnifiedWebSocketManager, hub

MANY, FEW = 100, 10


class CommittingJournal(MemoryJournal):
    """Keeps what is appended once it is told to `commit`, as a durable journal does."""

    def __init__(self):
        super().__init__()
        self.waiting = []

    async def append(self, drafts):
        kept = asyncio.get_running_loop().create_future()
        self.waiting.append((drafts, kept))
        return await kept

    async def commit(self):
        waiting, self.waiting = self.waiting, []
        for drafts, kept in waiting:
            if not kept.done():
                kept.set_result(await super().append(drafts))


class Socket:
    """Takes everything at once; `writes` holds the numbers of each write's events."""

    immediate = True
    writing_since = None

    def __init__(self):
        self.writes = []

    def write(self, frames):
        self.writes.append([json.loads(frame)["seq"] for frame in frames])
        return True

    async def send(self, frames):
        if b'"ready"' not in frames[0]:
            self.write(frames)

    async def close(self, code, reason):
        """Nobody reads it."""


async def rounds_of_the_loop():
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.fixture
async def journal():
    return CommittingJournal()


@pytest.fixture
async def manager(journal):
    async with UnifiedWebSocketManager(journal=journal) as manager:
        yield manager


async def agents(manager, count, events):
    """Each with a connected user of its own, who is sent `events`, one after the other."""
    sockets = [Socket() for _ in range(count)]
    for n, socket in enumerate(sockets):
        connection = await manager.open_connection(f"u{n}", socket)
        manager.start_writer(connection, None, wait_for_frame=False)
    await rounds_of_the_loop()

    async def agent(n):
        for _ in range(events):
            await manager.emit(f"u{n}", "note", {})

    working = [asyncio.create_task(agent(n)) for n in range(count)]
    await rounds_of_the_loop()
    return sockets, working


async def test_two_commits_are_written_at_once_while_many_go_on(manager, journal, monkeypatch):
    monkeypatch.setattr(hub, "_HOLD", 3600)
    sockets, working = await agents(manager, MANY, 4)
    for written in ([], [[1, 2]], [[1, 2]], [[1, 2], [3, 4]]):
        await journal.commit()
        await rounds_of_the_loop()
        assert all(socket.writes == written for socket in sockets)
    assert all(task.done() for task in working)


async def test_nothing_is_held_back_when_nothing_more_is_on_its_way(manager, journal, monkeypatch):
    monkeypatch.setattr(hub, "_HOLD", 3600)
    sockets, _ = await agents(manager, MANY, 1)
    await journal.commit()
    await rounds_of_the_loop()
    assert all(socket.writes == [[1]] for socket in sockets)


async def test_nothing_is_held_back_where_few_go_on(manager, journal, monkeypatch):
    monkeypatch.setattr(hub, "_HOLD", 3600)
    sockets, working = await agents(manager, FEW, 2)
    await journal.commit()
    await rounds_of_the_loop()
    assert all(socket.writes == [[1]] for socket in sockets)
    await journal.commit()
    await asyncio.gather(*working)


async def test_what_is_held_back_is_written_when_the_next_commit_does_not_come(manager, journal):
    sockets, working = await agents(manager, MANY, 2)
    await journal.commit()
    async with asyncio.timeout(10):
        while not all(socket.writes == [[1]] for socket in sockets):  # noqa: ASYNC110 - a timer is tested
            await asyncio.sleep(hub._HOLD)
    await journal.commit()
    await asyncio.gather(*working)


async def test_emits_that_were_cancelled_hold_nothing_back(manager, journal, monkeypatch):
    monkeypatch.setattr(hub, "_HOLD", 3600)
    _, working = await agents(manager, MANY, 1)
    for task in working:
        task.cancel()
    await asyncio.wait(working)
    sockets, _ = await agents(manager, MANY, 1)
    await journal.commit()
    await rounds_of_the_loop()
    assert all(socket.writes for socket in sockets)


async def test_what_is_held_back_is_written_before_the_connection_is_closed(
    manager, journal, monkeypatch
):
    monkeypatch.setattr(hub, "_HOLD", 3600)
    sockets, working = await agents(manager, MANY, 2)
    await journal.commit()
    await rounds_of_the_loop()
    assert not any(socket.writes for socket in sockets)
    await manager.aclose()
    assert all(socket.writes == [[1]] for socket in sockets)
    for task in working:
        task.cancel()
