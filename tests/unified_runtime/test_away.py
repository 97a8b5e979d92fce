"""A page that never says where it stands is still given what came while its user was away."""

import json

import pytest

from unified_runtime import (
    Limits,
    MemoryJournal,
    RedisJournal,
    SqliteJournal,
    UnifiedWebSocketManager,
)
from unified_runtime.sinks import TextSink


async def numbers(tab, count):
    return [event["seq"] for event in await tab.wait_for(count)]


async def emit(manager, count):
    for _ in range(count):
        await manager.emit("u1", "note", {})


async def test_what_came_before_the_first_page_is_given_to_it(manager, make_recorder):
    await emit(manager, 3)
    tab = make_recorder()
    await manager.connect_user("u1", tab)
    await emit(manager, 1)
    assert await numbers(tab, 4) == [1, 2, 3, 4]


async def test_a_page_that_comes_back_is_given_what_it_missed_and_nothing_again(
    manager, make_recorder
):
    given = []
    for _ in range(5):
        tab = make_recorder()
        await manager.connect_user("u1", tab)
        await emit(manager, 3)
        given += await numbers(tab, (len(given) and 6) or 3)
        await manager.disconnect_user("u1", tab)
        await emit(manager, 3)
    assert given == list(range(1, 28))


async def test_a_second_page_begins_where_the_first_stands(manager, tab, make_recorder):
    await emit(manager, 3)
    await tab.wait_for(3)
    second = make_recorder()
    await manager.connect_user("u1", second)
    await emit(manager, 1)
    assert await numbers(second, 1) == [4]
    assert await numbers(tab, 4) == [1, 2, 3, 4]


async def test_a_page_that_answers_ready_with_its_position_is_given_nothing_twice(make_recorder):
    async with UnifiedWebSocketManager(limits=Limits(resume_wait=0.3)) as manager:
        await emit(manager, 5)
        page = make_recorder()
        connection = await manager.open_connection("u1", TextSink(page))
        manager.start_writer(connection, None, wait_for_frame=True)
        [ready] = await page.wait_for_frames(1)
        connection.receive(json.dumps({"type": "resume", "stream": ready["stream"], "seq": 3}))
        await emit(manager, 1)
        frames = await page.wait_for_frames(5)
    assert frames[:2] == [ready, ready | {"seq": 3, "resumed": True}]
    assert [frame["seq"] for frame in frames[2:]] == [4, 5, 6]


class TornSocket:
    async def send_text(self, data):
        if '"seq":3,' in data:
            raise OSError("torn")

    async def close(self, code, reason):
        pass


async def test_what_a_torn_socket_did_not_take_is_given_to_the_next(manager, make_recorder):
    torn, tab = TornSocket(), make_recorder()
    await manager.connect_user("u1", torn)
    for _ in range(5):
        await emit(manager, 1)
    while manager.is_connected("u1"):
        await manager.emit("u2", "note", {})
    await manager.connect_user("u1", tab)
    given = await numbers(tab, 3)
    while given[-1] < 5:
        given = await numbers(tab, len(given) + 1)
    assert given == list(range(given[0], 6))
    assert given[0] <= 3


@pytest.fixture(params=["sqlite", "redis"])
def make_manager(request, tmp_path):
    url = request.getfixturevalue("redis_url") if request.param == "redis" else ""

    def make():
        if request.param == "redis":
            return UnifiedWebSocketManager(journal=RedisJournal(url, prefix=str(tmp_path)))
        return UnifiedWebSocketManager(journal=SqliteJournal(tmp_path / "events.db"))

    return make


async def test_a_restart_of_the_server_repeats_nothing(make_manager, make_recorder):
    async with make_manager() as manager:
        tab = make_recorder()
        await manager.connect_user("u1", tab)
        await emit(manager, 3)
        await tab.wait_for(3)
    async with make_manager() as manager:
        await emit(manager, 2)
        tab = make_recorder()
        await manager.connect_user("u1", tab)
        assert await numbers(tab, 2) == [4, 5]


async def test_a_crash_repeats_nothing_that_a_page_had_taken_before_it_left(
    tmp_path, make_recorder
):
    journal = SqliteJournal(tmp_path / "events.db")
    manager = UnifiedWebSocketManager(journal=journal)
    tab = make_recorder()
    await manager.connect_user("u1", tab)
    await emit(manager, 3)
    await tab.wait_for(3)
    await manager.disconnect_user("u1", tab)
    await emit(manager, 2)
    (tmp_path / "copy.db").write_bytes((tmp_path / "events.db").read_bytes())
    (tmp_path / "copy.db-wal").write_bytes((tmp_path / "events.db-wal").read_bytes())
    await manager.aclose()
    copy = SqliteJournal(tmp_path / "copy.db")
    async with UnifiedWebSocketManager(journal=copy) as manager:
        tab = make_recorder()
        await manager.connect_user("u1", tab)
        assert await numbers(tab, 2) == [4, 5]


async def test_the_journal_in_memory_remembers_it_for_the_next_manager(make_recorder):
    journal = MemoryJournal()
    for expected in ([1, 2], [3, 4]):
        async with UnifiedWebSocketManager(journal=journal) as manager:
            await emit(manager, 2)
            tab = make_recorder()
            await manager.connect_user("u1", tab)
            assert await numbers(tab, 2) == expected
