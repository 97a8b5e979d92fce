"""Events in one SQLite file: survive a process kill, and with FULL a machine crash."""

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from os import PathLike
from pathlib import Path

from unified_runtime.errors import JournalError
from unified_runtime.journals.base import Claim, Deliver, Page, Retention
from unified_runtime.journals.sqlite_batch import Batch
from unified_runtime.journals.sqlite_file import Synchronous
from unified_runtime.journals.sqlite_store import SqliteStore
from unified_runtime.protocol.frames import Draft
from unified_runtime.protocol.stream import Bounds

_BATCH = 4000
"""Events in a commit beyond which no more are taken up; 64 per fsync already cost little more
than one."""

_CHECKPOINT_EVERY = 50_000
_TRIM_AGE_EVERY = 60.0


class _Group:
    """What one turn of the loop appended, on its way through the writer thread.

    `waiting` has an entry per draft: who waits for it, if it is the last of their call.
    """

    __slots__ = ("drafts", "waiting")

    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        self.waiting: list[asyncio.Future[list[int]] | None] = []

    def join(self, following: "_Group") -> None:
        self.drafts += following.drafts
        self.waiting += following.waiting


class SqliteJournal:
    """One writer thread commits all that waits at once, so many emits share one fsync.

    `synchronous`: FULL syncs every commit, so an acknowledged event survives a power cut; NORMAL
    syncs at checkpoints only, so events survive a killed process but a power cut may take the
    last ones (the numbering then gets a new name, and clients a `gap` and all that is kept; on other
    systems than Linux that happens after every end but `aclose`, as a power cut cannot be told there);
    OFF leaves even that order to the system. About 300 bytes of memory are held for each
    user ever seen. A full or broken disk makes `append` raise JournalError; nothing is
    acknowledged then, and the next append tries again; a file that was removed or replaced under a
    running server makes every append fail until a manager opens it anew. The file is opened by
    `start`, which raises JournalInUseError while another journal has it. Needs SQLite 3.35.
    """

    lease: float | None = None

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        synchronous: Synchronous = "FULL",
        retention: Retention | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if synchronous not in ("FULL", "NORMAL", "OFF"):
            raise ValueError(f"synchronous must be FULL, NORMAL or OFF, not {synchronous!r}")
        if str(path) == ":memory:":
            raise ValueError("SqliteJournal needs a file; MemoryJournal keeps events in memory")
        self._path = Path(path)
        self._synchronous: Synchronous = synchronous
        self._retention = retention or Retention()
        self._clock = clock
        self._store: SqliteStore | None = None
        self._claim = Claim()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._deliver: Deliver | None = None
        self._gathered: _Group | None = None
        self._groups: queue.SimpleQueue[_Group | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._readers: ThreadPoolExecutor | None = None
        self._uncheckpointed = 0
        self._trimmed_at = 0.0
        self._server = ""

    async def start(self, deliver: Deliver) -> None:
        self._claim.take(str(self._path))
        self._loop = asyncio.get_running_loop()
        self._deliver = deliver
        self._gathered = None  # of a loop that ended, and with it everyone who waited
        if self._store is not None:
            return
        try:
            self._store = await asyncio.to_thread(self._open)
        except BaseException:
            self._claim.give_up()
            raise
        self._readers = ThreadPoolExecutor(1, thread_name_prefix="journal-reader")
        self._writer = threading.Thread(
            target=self._write_forever, args=(self._store,), name="journal-writer", daemon=True
        )
        self._writer.start()

    def _open(self) -> SqliteStore:
        try:
            return SqliteStore(self._path, self._synchronous)
        except sqlite3.Error as error:
            raise JournalError(f"{self._path}: {error}") from error

    # On the loop

    def append(self, drafts: Sequence[Draft]) -> asyncio.Future[list[int]]:
        """No coroutine: hundreds may wait at once, and what each holds is what the garbage collector
        looks through."""
        loop = self._loop
        if self._store is None or loop is None:
            raise JournalError(f"{self._path}: the journal is not open")
        future: asyncio.Future[list[int]] = loop.create_future()
        if not drafts:
            future.set_result([])
            return future
        group = self._gathered or self._new_group(loop)
        group.drafts += drafts
        if len(drafts) > 1:
            group.waiting += [None] * (len(drafts) - 1)
        group.waiting.append(future)
        return future

    def _new_group(self, loop: asyncio.AbstractEventLoop) -> _Group:
        """The writer is woken once per turn of the loop, as two threads that take turns for every
        event spend most of their time on taking turns."""
        loop.call_soon(self._hand_over)
        self._gathered = _Group()
        return self._gathered

    def _hand_over(self) -> None:
        gathered, self._gathered = self._gathered, None
        if gathered is not None:
            self._groups.put(gathered)

    def _opened(self) -> SqliteStore:
        if self._store is None:
            raise JournalError(f"{self._path}: the journal is not open")
        return self._store

    async def bounds(self, user_id: str) -> Bounds:
        store = self._opened()
        user = store.users.get(user_id)
        return Bounds(store.stream, user.first, user.last) if user else Bounds(store.stream, 1, 0)

    async def read(self, user_id: str, after: int, count: int) -> Page:
        """Never runs ahead of what the writer thread has said, although the file already may."""
        store = self._opened()
        user = store.users.get(user_id)
        if user is None or self._readers is None:
            return Page(Bounds(store.stream, 1, 0), [])
        loop = asyncio.get_running_loop()
        while True:
            bounds = Bounds(store.stream, user.first, user.last)
            start = max(after, bounds.first - 1)
            end = min(start + count, bounds.last)
            if end <= start:
                return Page(bounds, [])
            try:
                page = await loop.run_in_executor(self._readers, store.read, user, start, end)
            except sqlite3.Error as error:
                raise JournalError(f"{self._path}: {error}") from error
            if start < user.first - 1:
                continue  # trimmed while it was read
            if [seq for seq, _ in page] != list(range(start + 1, end + 1)):
                raise JournalError(f"{self._path}: the history behind event {start} has a hole")
            return Page(bounds, [frame for _, frame in page])

    def settle(self, user_id: str, stream: str, seq: int) -> None:
        store = self._store
        user = store.users.get(user_id) if store is not None else None
        if store is None or user is None or stream != store.stream or seq <= user.settled:
            return
        user.settled = seq
        store.unsettled.put((user.id, seq))
        if self._gathered is None and self._loop is not None:
            self._new_group(self._loop)  # wakes the writer

    async def settled(self, user_id: str) -> int:
        user = self._opened().users.get(user_id)
        return user.settled if user else 0

    async def notes(self) -> list[bytes]:
        store, loop = self._opened(), asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._readers, store.notes)
        except sqlite3.Error as error:
            raise JournalError(f"{self._path}: {error}") from error

    async def watch(self, user_id: str) -> None:
        """Nothing to do: no other process may write to the file."""

    def unwatch(self, user_id: str) -> None:
        """Nothing to do: see `watch`."""

    async def join(self, server: str) -> None:
        self._server = server

    async def gone(self, servers: Collection[str]) -> set[str]:
        return set(servers) - {self._server}

    async def aclose(self) -> None:
        store, self._store = self._store, None
        self._claim.give_up()
        if store is None or self._writer is None or self._readers is None:
            return
        self._hand_over()
        self._groups.put(None)
        await asyncio.to_thread(self._writer.join)
        self._readers.shutdown()
        try:
            await asyncio.to_thread(store.close)
        except sqlite3.Error as error:
            raise JournalError(f"{self._path}: {error}") from error

    # On the writer thread

    def _write_forever(self, store: SqliteStore) -> None:
        ended = False
        while not ended and (group := self._groups.get()) is not None:
            while len(group.drafts) < _BATCH and not ended and not self._groups.empty():
                following = self._groups.get()
                if following is None:
                    ended = True
                else:
                    group.join(following)
            self._write(store, group)

    def _write(self, store: SqliteStore, group: _Group) -> None:
        try:
            written = store.write(group.drafts)
        except Exception as error:  # noqa: BLE001 - who waits must hear of it, whatever it is
            self._tell(self._failed, group, JournalError(f"{self._path}: {error}"))
            return
        self._tell(self._committed, group, written)
        try:
            self._keep_house(store, written)
        except sqlite3.Error:
            return  # trimming waits for a better moment; the events are safe

    def _keep_house(self, store: SqliteStore, written: Batch) -> None:
        keep = self._retention.count
        if keep is not None:
            most = keep + max(64, keep // 8)
            over = [user for user in written.changed if user.last - user.first >= most]
            if over:
                store.trim_count(over, keep)
        if (
            self._retention.age is not None
            and time.monotonic() - self._trimmed_at > _TRIM_AGE_EVERY
        ):
            self._trimmed_at = time.monotonic()
            store.trim_age(self._clock() - self._retention.age)
        self._uncheckpointed += len(written.numbers)
        if self._uncheckpointed > _CHECKPOINT_EVERY:
            self._uncheckpointed = 0
            store.checkpoint()

    def _tell(self, outcome: Callable[..., None], *facts: object) -> None:
        if self._loop is None or self._loop.is_closed():
            return
        try:
            self._loop.call_soon_threadsafe(outcome, *facts)
        except RuntimeError:
            return  # the loop ended meanwhile, and with it everyone who waited

    # Back on the loop

    def _committed(self, group: _Group, written: Batch) -> None:
        deliver = self._deliver
        if deliver is None:
            return
        numbers = []
        for draft, future, seq, frame in zip(
            group.drafts, group.waiting, written.numbers, written.frames, strict=True
        ):
            numbers.append(seq)
            if frame is not None:
                deliver(draft.user_id, seq, frame)
            if future is not None:
                if not future.done():
                    future.set_result(numbers)
                numbers = []

    def _failed(self, group: _Group, error: JournalError) -> None:
        for future in group.waiting:
            if future is not None and not future.done():
                future.set_exception(error)
