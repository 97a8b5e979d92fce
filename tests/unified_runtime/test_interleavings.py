"""Readers, commits, announcements, trims, losses and attaches in every order that Hypothesis finds.

The journal, the sockets and the order of what they do are under the test's control: each read and
each write to a socket waits at a gate until a rule opens it, and an appended event is announced when
a rule says so, twice, late or never.
"""

import asyncio
import json
from collections import deque

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from unified_runtime.close_codes import CloseCode
from unified_runtime.hub import Hub
from unified_runtime.journals.base import Page
from unified_runtime.limits import Limits
from unified_runtime.protocol.frames import Resume
from unified_runtime.protocol.stream import Bounds


class Gates:
    """What waits for its turn, in the order of arrival."""

    def __init__(self):
        self.waiting = []
        self.open = False

    async def turn(self):
        if not self.open:
            gate = asyncio.get_running_loop().create_future()
            self.waiting.append(gate)
            await gate

    def let(self, index):
        waiting = [gate for gate in self.waiting if not gate.done()]
        self.waiting = waiting
        if waiting:
            waiting.pop(index % len(waiting)).set_result(None)


class SteppedJournal:
    """A list of frames with a front that is trimmed; answers come when a gate opens."""

    def __init__(self, gates):
        self.gates = gates
        self.stream = "s1"
        self.first = 1
        self.last = 0
        self.given = 0

    def frame(self, seq):
        return json.dumps({"type": "note", "seq": seq, "stream": self.stream}).encode()

    def snapshot(self):
        return Bounds(self.stream, self.first, self.last)

    async def bounds(self, user_id):
        await self.gates.turn()
        bounds = self.snapshot()
        await self.gates.turn()
        return bounds

    async def read(self, user_id, after, count):
        await self.gates.turn()
        start = max(after + 1, self.first)
        frames = [self.frame(seq) for seq in range(start, self.last + 1)][:count]
        page = Page(self.snapshot(), frames)
        await self.gates.turn()
        return page

    def settle(self, user_id, stream, seq):
        if stream == self.stream:
            self.given = max(self.given, seq)

    async def settled(self, user_id):
        return self.given

    async def watch(self, user_id):
        await self.gates.turn()

    def unwatch(self, user_id):
        pass


class Tab:
    """A socket that checks what it is written: consecutive numbers, or a gap that says what is gone."""

    immediate = False
    writing_since = None

    def __init__(self, gates, position):
        self.gates = gates
        self.asked = {position}
        self.stream, self.seq = None, None
        self.torn = False
        self.cut = False
        self.sending = False
        self.closed_with = None

    def write(self, frames):
        return not frames

    async def send(self, frames):
        assert not self.sending
        assert self.closed_with is None
        self.sending = True
        try:
            for text in frames:
                await self.gates.turn()
                if self.torn:
                    raise OSError("torn")
                self.take(json.loads(text))
        finally:
            self.sending = False

    def take(self, frame):
        kind = frame["type"]
        if kind == "ready":
            self.stream, self.seq = frame["stream"], frame["seq"]
            assert not frame["resumed"] or (self.stream, self.seq) in self.asked
        elif kind == "gap":
            assert frame["from"] == (1 if frame["reason"] == "new_stream" else self.seq + 1)
            self.seq = frame["to"]
            self.stream = None if frame["reason"] == "new_stream" else self.stream
        else:
            assert frame["seq"] == self.seq + 1
            assert self.stream in (None, frame["stream"])
            self.seq, self.stream = frame["seq"], frame["stream"]

    async def close(self, code, reason):
        assert not self.sending
        self.closed_with = code


class Interleavings(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.gates = Gates()
        self.journal = SteppedJournal(self.gates)
        self.announcements = deque()
        self.tabs = []
        limits = Limits(outbox_events=4, write_events=3, write_bytes=120, resume_wait=0.001)
        self.hub = Hub(self.journal, limits)

    def turns(self):
        """Let everything run until it waits for a gate."""

        async def some():
            for _ in range(12):
                await asyncio.sleep(0)

        self.loop.run_until_complete(some())

    @rule(count=st.integers(1, 6))
    def append(self, count):
        for _ in range(count):
            self.journal.last += 1
            self.announcements.append((self.journal.last, self.journal.frame(self.journal.last)))

    @precondition(lambda self: self.announcements)
    @rule(count=st.integers(1, 6))
    def announce(self, count):
        async def tell():
            for _ in range(min(count, len(self.announcements))):
                self.hub.deliver("u", *self.announcements.popleft())

        self.loop.run_until_complete(tell())
        self.turns()

    @precondition(lambda self: len(self.announcements) > 1)
    @rule()
    def lose_an_announcement(self):
        """Not the last: that one is looked for by the journals that can lose it."""
        self.announcements.popleft()

    @precondition(lambda self: self.announcements)
    @rule()
    def repeat_an_announcement(self):
        self.announcements.appendleft(self.announcements[0])

    @rule(index=st.integers(0, 5), times=st.integers(1, 8))
    def open_a_gate(self, index, times):
        for _ in range(times):
            self.gates.let(index)
            self.turns()

    @precondition(lambda self: self.tabs)
    @rule()
    def open_all_gates(self):
        for _ in range(60):
            self.gates.let(0)
            self.turns()

    @precondition(lambda self: len(self.tabs) < 4)
    @rule(known=st.booleans(), back=st.integers(0, 10))
    def attach(self, known, back):
        journal = self.journal
        resume = Resume(max(0, journal.last - back), journal.stream) if known else None
        tab = Tab(self.gates, (resume.stream, resume.seq) if resume else None)

        async def live():
            connection = self.hub.connect("u", tab)
            await connection.open()
            await connection.run(resume, wait_for_frame=False)
            assert tab.cut, f"closed with {tab.closed_with}"

        async def start():
            return self.loop.create_task(live())

        task = self.loop.run_until_complete(start())
        self.tabs.append((tab, task))
        self.turns()

    @precondition(lambda self: self.tabs)
    @rule(index=st.integers(0, 3))
    def tear(self, index):
        tab, _ = self.tabs[index % len(self.tabs)]
        tab.torn = True

    @precondition(lambda self: self.tabs)
    @rule(index=st.integers(0, 3))
    def cut(self, index):
        """A client that was too slow, at whatever it waits for."""
        connections = self.hub.connections("u")
        if not connections:
            return
        connection = connections[index % len(connections)]
        connection._sink.cut = True

        async def close():
            connection.close(CloseCode.SLOW_CONSUMER)

        self.loop.run_until_complete(close())
        self.turns()

    @precondition(lambda self: self.tabs)
    @rule(index=st.integers(0, 3), back=st.integers(0, 10))
    def rewind(self, index, back):
        """A client that sends `resume` in the middle of it all."""
        connections = self.hub.connections("u")
        if not connections:
            return
        connection = connections[index % len(connections)]
        seq = max(0, self.journal.last - back)
        connection._sink.asked.add((self.journal.stream, seq))
        text = json.dumps({"type": "resume", "stream": self.journal.stream, "seq": seq})

        async def receive():
            connection.receive(text)

        self.loop.run_until_complete(receive())
        self.turns()

    @rule(keep=st.integers(1, 8))
    def trim(self, keep):
        self.journal.first = max(self.journal.first, self.journal.last - keep + 1)

    @rule()
    def lose_the_journal(self):
        """A new numbering, which is announced before anything of it."""
        self.journal.stream = "s" + str(int(self.journal.stream[1:]) + 1)
        self.journal.first, self.journal.last, self.journal.given = 1, 0, 0
        self.announcements.clear()

        async def tell():
            self.hub.deliver("u", 0, b"")

        self.loop.run_until_complete(tell())
        self.turns()

    def teardown(self):
        """In the end everyone who is left has everything, and nobody broke."""
        try:
            self.append(1)
            self.gates.open = True
            left = [(tab, task) for tab, task in self.tabs if not (tab.torn or tab.cut)]
            for _ in range(200):
                if self.announcements:
                    self.announce(6)
                self.open_a_gate(0, 4)
                if all(tab.seq == self.journal.last for tab, _ in left):
                    break
            for _, task in self.tabs:
                if task.done() and (error := task.exception()) is not None:
                    assert isinstance(error, OSError), repr(error)
            for tab, _ in self.tabs:
                assert tab.closed_with == (CloseCode.SLOW_CONSUMER if tab.cut else None) or tab.torn
            for tab, task in left:
                assert not task.done()
                assert tab.seq == self.journal.last, (tab.seq, self.journal.last)
        finally:
            self.stop()

    def stop(self):
        self.hub.stop()
        for _, task in self.tabs:
            task.cancel()
        self.turns()
        for _, task in self.tabs:
            if task.done() and not task.cancelled():
                task.exception()
        self.loop.close()


def test_no_order_of_steps_loses_repeats_or_reorders_an_event():
    Interleavings.TestCase.settings = settings(
        max_examples=60,
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    Interleavings.TestCase("runTest").runTest()
