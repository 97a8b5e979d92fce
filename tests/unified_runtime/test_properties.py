"""Whatever happens to a connection, its client sees each event once, in order, or is told a gap."""

import asyncio
import json
import random

import pytest

from unified_runtime import Limits, MemoryJournal, Retention, SqliteJournal, UnifiedWebSocketManager
from unified_runtime.protocol.frames import Resume


class Reader:
    """A client that stalls, vanishes and comes back at random, and checks what it is sent."""

    def __init__(self, manager, user, dice):
        self.manager = manager
        self.user = user
        self.dice = dice
        self.stream = ""
        self.seq = 0
        self.lost = 0
        self.seen = asyncio.Event()
        self.connection = None
        self.resume = None

    async def send_text(self, text):
        frame = json.loads(text)
        if frame["type"] == "ready":
            self.check_ready(frame)
        elif frame["type"] == "gap":
            assert frame["from"] == self.seq + 1
            self.lost += frame["to"] - self.seq
            self.seq = frame["to"]
        else:
            assert frame["user_id"] == self.user
            assert frame["seq"] == self.seq + 1 == frame["data"]["n"]
            self.seq = frame["seq"]
        self.seen.set()
        if self.dice.random() < 0.05:
            await asyncio.sleep(self.dice.random() / 500)
        if self.dice.random() < 0.01:
            raise OSError("the train entered a tunnel")

    def check_ready(self, frame):
        assert frame["seq"] == self.seq
        self.promised = frame["resumed"]
        self.stream = frame["stream"]

    async def close(self, code, reason):
        pass

    async def come_back(self):
        if self.connection is not None:
            await self.manager.disconnect_user(self.user, self)
        resume = Resume(self.seq, self.stream)
        self.connection = await self.manager.connect_user(self.user, self, resume=resume)

    async def reach(self, last):
        async with asyncio.timeout(20):
            while self.seq < last:
                if self.connection is None or self.connection.closed:
                    await self.come_back()
                self.seen.clear()
                try:
                    async with asyncio.timeout(0.05):
                        await self.seen.wait()
                except TimeoutError:
                    continue


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kept", [10_000, 40])
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_every_event_once_and_in_order_or_a_gap(seed, kept, kind, tmp_path):
    dice = random.Random(seed)
    retention = Retention(count=kept)
    journal = (
        MemoryJournal(retention=retention)
        if kind == "memory"
        else SqliteJournal(tmp_path / "events.db", retention=retention, synchronous="OFF")
    )
    limits = Limits(outbox_events=16, write_events=8)
    async with UnifiedWebSocketManager(journal=journal, limits=limits) as manager:
        readers = [Reader(manager, f"u{n % 3}", dice) for n in range(6)]
        sent = {f"u{n}": 0 for n in range(3)}

        async def emit():
            for _ in range(100):
                user = dice.choice(list(sent))
                sent[user] += 1
                await manager.emit(user, "note", {"n": sent[user]})
                if dice.random() < 0.1:
                    await asyncio.sleep(dice.random() / 1000)

        async def wander(reader):
            for _ in range(10):
                await reader.come_back()
                await asyncio.sleep(dice.random() / 100)

        await asyncio.gather(emit(), emit(), emit(), *map(wander, readers))
        await asyncio.gather(*(reader.reach(sent[reader.user]) for reader in readers))
        if kept > 300:
            assert [reader.lost for reader in readers] == [0] * 6
        assert manager.stats()["lost"] == 0 or kept == 40


async def test_resumed_is_never_said_with_a_hole_behind_it(make_recorder):
    """Ten thousand reconnects from any position, over trims, with nothing seen or all of it."""
    dice = random.Random(7)
    journal = MemoryJournal(retention=Retention(count=30))
    async with UnifiedWebSocketManager(journal=journal) as manager:
        last = 0
        stream = (await journal.bounds("u1")).stream
        for _ in range(10_000):
            for _ in range(dice.choice((0, 0, 1, 5, 40))):
                last = await manager.emit("u1", "note", {})
            position = dice.choice((0, last, max(0, last - dice.randrange(60)), last + 1))
            tab = make_recorder()
            resume = Resume(position, dice.choice((stream, stream, "another")))
            connection = await manager.connect_user("u1", tab, resume=resume)
            while connection.position < last or not tab.sent:  # noqa: ASYNC110 - turn by turn
                await asyncio.sleep(0)
            await manager.disconnect_user("u1", tab)
            ready, *rest = tab.sent
            numbers = [frame["seq"] for frame in rest if frame["type"] == "note"]
            if ready["resumed"]:
                assert resume.stream == stream
                assert numbers == list(range(position + 1, last + 1))
            else:
                assert rest[0]["type"] == "gap"
                assert numbers == list(range(rest[0]["to"] + 1, last + 1))
