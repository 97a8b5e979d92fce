"""Every journal against a list: random appends, trims, reads and restarts."""

import asyncio
import json
import secrets
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from unified_runtime.journals.base import Retention
from unified_runtime.journals.memory import MemoryJournal
from unified_runtime.journals.redis import RedisJournal
from unified_runtime.journals.sqlite import SqliteJournal
from unified_runtime.protocol.frames import Draft

KEEP = 20
users = st.sampled_from(["a", "b", "c"])


class JournalMachine(RuleBasedStateMachine):
    """The model: a list of data per user, and the event ids of each."""

    def __init__(self):
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.events = {"a": [], "b": [], "c": []}
        self.ids = {}
        self.notified = {"a": [], "b": [], "c": []}
        self.first = dict.fromkeys("abc", 1)
        self.journal = self.make()
        self.loop.run_until_complete(self.journal.start(self.deliver))

    def make(self):
        return MemoryJournal(retention=Retention(count=KEEP), clock=lambda: 0.0)

    def deliver(self, user, seq, frame):
        assert json.loads(frame)["seq"] == seq
        self.notified[user].append(seq)

    @rule(drafts=st.lists(st.tuples(users, st.none() | st.sampled_from("xyz")), max_size=30))
    def append(self, drafts):
        made = [
            Draft(user, b'{"type":"n","seq":', b',"data":1}', 0.0, event_id)
            for user, event_id in drafts
        ]
        numbers = self.loop.run_until_complete(self.journal.append(made))
        for (user, event_id), seq in zip(drafts, numbers, strict=True):
            self.check_number(user, event_id, seq)

    def check_number(self, user, event_id, seq):
        """An event id within the history that is promised keeps its number; all else is new."""
        known = self.ids.get((user, event_id)) if event_id is not None else None
        following = len(self.events[user]) + 1
        if known is not None and (known > following - 1 - KEEP or seq != following):
            assert seq == known
            return
        assert seq == following
        self.events[user].append(None)
        if event_id is not None:
            self.ids[user, event_id] = seq

    @rule(user=users, after=st.integers(0, 60), count=st.integers(1, 30))
    def read(self, user, after, count):
        page = self.loop.run_until_complete(self.journal.read(user, after, count))
        last = len(self.events[user])
        start = max(after + 1, page.bounds.first)
        expected = list(range(start, last + 1))[:count]
        assert [json.loads(frame)["seq"] for frame in page.frames] == expected

    @invariant()
    def bounds_tell_the_truth(self):
        for user, events in self.events.items():
            bounds = self.loop.run_until_complete(self.journal.bounds(user))
            assert bounds.last == len(events)
            assert bounds.first >= self.first[user]
            assert bounds.last - bounds.first + 1 >= min(len(events), KEEP)
            self.first[user] = bounds.first

    @invariant()
    def each_event_was_notified_once_and_in_order(self):
        for user, events in self.events.items():
            assert self.notified[user] == list(range(1, len(events) + 1))

    def teardown(self):
        self.loop.run_until_complete(self.journal.aclose())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()


class SqliteMachine(JournalMachine):
    def make(self):
        self.folder = getattr(self, "folder", None) or tempfile.TemporaryDirectory()
        self.lives = getattr(self, "lives", 0)
        return SqliteJournal(self.path, retention=Retention(count=KEEP), synchronous="OFF")

    @property
    def path(self):
        return Path(self.folder.name) / f"events-{self.lives}.db"

    @rule()
    def restart(self):
        self.loop.run_until_complete(self.journal.aclose())
        self.journal = self.make()
        self.loop.run_until_complete(self.journal.start(self.deliver))

    @rule()
    def kill(self):
        """What is on the disk while the journal is open is what a killed process leaves."""
        left = self.path
        self.lives += 1
        for suffix in ("", "-wal"):
            shutil.copy(f"{left}{suffix}", f"{self.path}{suffix}")
        self.restart()

    def teardown(self):
        super().teardown()
        self.folder.cleanup()


class RedisMachine(JournalMachine):
    url = ""

    def make(self):
        self.prefix = getattr(self, "prefix", None) or secrets.token_hex(8)
        return RedisJournal(self.url, prefix=self.prefix, retention=Retention(count=KEEP))

    @rule()
    def restart(self):
        self.loop.run_until_complete(self.journal.aclose())
        self.journal = self.make()
        self.loop.run_until_complete(self.journal.start(self.deliver))


def test_redis_behaves_like_a_list_per_user(redis_url):
    RedisMachine.url = redis_url
    test_it_behaves_like_a_list_per_user(RedisMachine, 8)


@pytest.mark.parametrize(("machine", "examples"), [(JournalMachine, 30), (SqliteMachine, 20)])
def test_it_behaves_like_a_list_per_user(machine, examples):
    machine.TestCase.settings = settings(
        max_examples=examples, stateful_step_count=25, deadline=None
    )
    machine.TestCase("runTest").runTest()
