"""What every journal promises, run against each of them."""

import asyncio
import json

import pytest

from unified_runtime.errors import JournalInUseError
from unified_runtime.journals.base import Retention
from unified_runtime.journals.memory import MemoryJournal
from unified_runtime.protocol.frames import Note


async def all_of(journal, user_id, after=0, page=7):
    """Every frame behind `after`, read page by page."""
    frames = []
    while True:
        got = await journal.read(user_id, after, page)
        if not got.frames:
            return [json.loads(frame) for frame in frames]
        after = max(after, got.bounds.first - 1) + len(got.frames)
        frames += got.frames


async def test_numbers_count_from_one_for_each_user(opened, draft):
    async with opened() as journal:
        assert await journal.append([draft("a"), draft("b"), draft("a")]) == [1, 1, 2]
        assert await journal.append([draft("a")]) == [3]


async def test_who_has_no_events_has_empty_bounds(opened):
    async with opened() as journal:
        bounds = await journal.bounds("nobody")
        assert (bounds.first, bounds.last) == (1, 0)
        assert (await journal.read("nobody", 0, 10)).frames == []


async def test_frames_come_back_whole_in_order_and_page_by_page(opened, draft):
    async with opened() as journal:
        for n in range(0, 500, 5):
            await journal.append([draft("a", str(n + i)) for i in range(5)] + [draft("b")])
        stream = (await journal.bounds("a")).stream
        frames = await all_of(journal, "a")
        assert frames == [
            {"type": "note", "seq": n + 1, "stream": stream, "data": str(n)} for n in range(500)
        ]
        for after in (0, 1, 63, 64, 65, 128, 300, 499, 500):
            assert [f["seq"] for f in await all_of(journal, "a", after)] == list(
                range(after + 1, 501)
            )
        assert (await journal.read("a", 600, 10)).frames == []


async def test_every_event_is_delivered_before_append_returns(opened, draft, delivered):
    async with opened() as journal:
        await journal.append([draft("a"), draft("b")])
        assert [(user, seq) for user, seq, _ in delivered] == [("a", 1), ("b", 1)]
        assert delivered[0][2] == (await journal.read("a", 0, 1)).frames[0]


async def test_the_same_event_id_is_kept_once_per_user(opened, draft, delivered):
    async with opened() as journal:
        once = draft("a", "x", event_id="e")
        assert await journal.append([once, draft("a"), once]) == [1, 2, 1]
        assert await journal.append([once, draft("b", event_id="e")]) == [1, 1]
        assert await journal.append([draft("a")]) == [3]
        assert len(await all_of(journal, "a")) == 3
        assert [(user, seq) for user, seq, _ in delivered] == [
            ("a", 1),
            ("a", 2),
            ("b", 1),
            ("a", 3),
        ]


async def test_trimming_by_count_keeps_the_newest_and_never_less(opened, draft):
    async with opened(Retention(count=100)) as journal:
        for n in range(1, 1001):
            await journal.append([draft("a", str(n)), draft("b")])
            if n % 97 == 0:
                bounds = await journal.bounds("a")
                assert bounds.last == n
                assert min(n, 100) <= bounds.last - bounds.first + 1 <= 100 + 64
        bounds = await journal.bounds("a")
        assert [f["seq"] for f in await all_of(journal, "a")] == list(range(bounds.first, 1001))
        assert (
            (await journal.read("a", 0, 1))
            .frames[0]
            .startswith(b'{"type":"note","seq":%d,' % bounds.first)
        )


async def test_an_event_id_is_remembered_as_long_as_its_event(opened, draft):
    async with opened(Retention(count=10)) as journal:
        assert await journal.append([draft("a", event_id="e")]) == [1]
        for _ in range(200):
            await journal.append([draft("a")])
        assert await journal.append([draft("a", event_id="e")]) == [202]
        assert await journal.append([draft("a", event_id="e")]) == [202]


async def test_events_appended_at_once_by_many_tasks_are_numbered_without_holes(opened, draft):
    async with opened() as journal:
        numbers = await asyncio.gather(*(journal.append([draft("a")]) for _ in range(500)))
        assert sorted(n for [n] in numbers) == list(range(1, 501))
        assert [f["seq"] for f in await all_of(journal, "a")] == list(range(1, 501))


async def test_a_cancelled_append_is_wholly_there_or_not_at_all(opened, draft):
    async with opened() as journal:
        tasks = [asyncio.ensure_future(journal.append([draft("a"), draft("a")])) for _ in range(50)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        await asyncio.wait(tasks)
        await journal.append([draft("a")])
        last = (await journal.bounds("a")).last
        assert last % 2 == 1
        assert [f["seq"] for f in await all_of(journal, "a")] == list(range(1, last + 1))


async def test_closing_twice_is_no_error(make_journal, delivered):
    journal = make_journal(None)
    await journal.start(delivered)
    await journal.aclose()
    await journal.aclose()


async def test_one_manager_at_a_time_listens(make_journal, draft, delivered):
    journal = make_journal(None)
    await journal.start(delivered)
    with pytest.raises(JournalInUseError):
        await journal.start(print)
    assert await journal.append([draft("a")]) == [1]
    assert len(delivered) == 1
    await journal.aclose()
    await journal.start(delivered)
    await journal.aclose()


async def test_odd_users_and_texts_come_back(opened, draft):
    async with opened() as journal:
        for user in ("ü", "a b", "*", "x" * 500, "'; --", "\x00"):
            assert await journal.append([draft(user, "ü€")]) == [1]
            assert [f["data"] for f in await all_of(journal, user)] == ["ü€"]


async def test_what_was_kept_is_there_again_after_a_restart(make_journal, draft, delivered):
    first = make_journal(None)
    await first.start(delivered)
    await first.append([draft("a", str(n), event_id=str(n)) for n in range(200)])
    before = await first.bounds("a")
    await first.aclose()
    second = first if type(first).__name__ == "MemoryJournal" else make_journal(None)
    await second.start(delivered)
    assert await second.bounds("a") == before
    assert len(await all_of(second, "a")) == 200
    assert await second.append([draft("a", event_id="7"), draft("a")]) == [8, 201]
    await second.aclose()


async def test_what_a_user_was_given_is_remembered_and_never_goes_back(
    make_journal, draft, delivered
):
    journal = make_journal(None)
    await journal.start(delivered)
    await journal.append([draft("a") for _ in range(5)])
    stream = (await journal.bounds("a")).stream
    assert await journal.settled("a") == 0
    for seq in (3, 2):
        journal.settle("a", stream, seq)
        assert await journal.settled("a") == 3
    journal.settle("a", "another stream", 5)
    journal.settle("nobody", stream, 5)
    assert [await journal.settled(name) for name in ("a", "b", "nobody")] == [3, 0, 0]
    journal.settle("a", stream, 4)
    await journal.aclose()
    journal.settle("a", stream, 5)
    again = journal if type(journal).__name__ == "MemoryJournal" else make_journal(None)
    await again.start(delivered)
    assert await again.settled("a") == (5 if again is journal else 4)
    await again.aclose()


def noting(draft, key, value):
    draft.notes = (*draft.notes, Note(key, value))
    return draft


async def test_notes_are_kept_until_taken_back_whatever_is_trimmed(make_journal, draft, delivered):
    retention = Retention(count=1)
    journal = make_journal(retention)
    await journal.start(delivered)
    assert await journal.notes() == []
    await journal.append([noting(draft("a"), b"k%d" % n, b"v%d" % n) for n in range(300)])
    await journal.append([noting(draft("b"), b"k0", b"new"), noting(draft("b"), b"k1", None)])
    await journal.append([noting(noting(draft("a"), b"k2", None), b"k3", b"3")])
    await journal.append([noting(draft("a"), b"k4", None), noting(draft("a"), b"k4", b"again")])
    await journal.append([noting(draft("a"), b"k%d" % n, None) for n in range(5, 300)])
    await journal.append([noting(draft("a"), b"never there", None)])
    await journal.append([draft("a") for _ in range(500)])
    assert sorted(await journal.notes()) == [b"3", b"again", b"new"]
    await journal.aclose()
    again = journal if type(journal).__name__ == "MemoryJournal" else make_journal(retention)
    await again.start(delivered)
    assert sorted(await again.notes()) == [b"3", b"again", b"new"]
    await again.aclose()


async def test_the_notes_of_an_event_that_is_already_there_are_not_kept(opened, draft):
    async with opened() as journal:
        await journal.append([noting(draft("a", event_id="e"), b"k", b"open")])
        await journal.append([noting(draft("a"), b"k", None)])
        assert await journal.append([noting(draft("a", event_id="e"), b"k", b"open")]) == [1]
        assert await journal.notes() == []


async def test_memory_lets_go_of_what_is_too_old_although_nobody_reads_it(clock, draft, delivered):
    journal = MemoryJournal(retention=Retention(count=None, age=10), clock=clock)
    await journal.start(delivered)
    for _ in range(2000):
        clock.now += 1
        await journal.append([draft("a", at=clock.now)])
    assert len(journal._streams["a"].frames) < 200
    assert (await journal.bounds("a"))[1:] == (1990, 2000)
