"""The SQL of SqliteJournal. Synchronous; the journal decides on which thread.

Events are only ever appended, because an index by user would scatter every batch over the file.
Each row names its user's previous row; every 64th event of a user is also listed in `marks`, so a
reader finds a place by one look-up and walks at most 64 rows too many. `users` is brought up to
date now and then; what came after is found again from the rows themselves.

A statement is run as few times as possible: Python gives up and takes back its lock around each
step, which costs up to 5 ms while another thread computes. So a batch is one INSERT, and a page is
one row.
"""

import queue
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe
from typing import Literal, NamedTuple

from unified_runtime.errors import JournalError, JournalInUseError
from unified_runtime.protocol.frames import Draft

Synchronous = Literal["FULL", "NORMAL", "OFF"]

_MARK_EVERY = 64
_ROWS_PER_STATEMENT = 4000  # 6 values each, under SQLite's limit of 32,766
_SCHEMA_VERSION = 3

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value);
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL,
                    first INTEGER NOT NULL, last INTEGER NOT NULL, row INTEGER NOT NULL,
                    settled INTEGER NOT NULL);
CREATE TABLE events (id INTEGER PRIMARY KEY, user INTEGER NOT NULL, seq INTEGER NOT NULL,
                     prev INTEGER NOT NULL, at REAL NOT NULL, frame BLOB NOT NULL);
CREATE TABLE marks (user INTEGER, seq INTEGER, row INTEGER NOT NULL,
                    PRIMARY KEY (user, seq)) WITHOUT ROWID;
CREATE TABLE event_ids (user INTEGER, event_id TEXT, seq INTEGER NOT NULL,
                        PRIMARY KEY (user, event_id)) WITHOUT ROWID;
CREATE TABLE notes (key BLOB PRIMARY KEY ON CONFLICT REPLACE, value BLOB NOT NULL)
                    WITHOUT ROWID;
"""

_WALK = """
WITH RECURSIVE chain(row, seq, prev) AS (
    SELECT id, seq, prev FROM events WHERE id = :row
    UNION ALL
    SELECT e.id, e.seq, e.prev FROM chain JOIN events AS e ON e.id = chain.prev
    WHERE chain.seq > :after + 1)
"""

_PAGE = f"""{_WALK}
SELECT group_concat(chain.seq), CAST(group_concat(e.frame, x'0a') AS BLOB)
FROM chain JOIN events AS e ON e.id = chain.row
WHERE chain.seq > :after AND chain.seq <= :end
"""  # noqa: S608 - made of constants

_TRIM = f"""{_WALK}
DELETE FROM events WHERE id IN (SELECT row FROM chain WHERE seq < :first)
"""  # noqa: S608 - made of constants


@dataclass(slots=True)
class User:
    """What is committed of one user; `row` is the row of event `last`."""

    id: int
    first: int = 1
    last: int = 0
    row: int = 0
    settled: int = 0


class Written(NamedTuple):
    """One draft's number; `frame` is None when the event was there before."""

    user_id: str
    seq: int
    frame: bytes | None


class SqliteStore:
    """One database file, open for writing by one store at a time."""

    def __init__(self, path: Path, synchronous: Synchronous) -> None:
        self._path = path = path.resolve()  # a file under two names has one lock
        with ExitStack() as undo:
            self._lock = undo.enter_context(closing(_lock(path)))
            self._writer = undo.enter_context(closing(_connect(path)))
            self._refuse_what_is_not_ours()
            self._writer.execute("PRAGMA journal_mode=WAL")
            self._writer.execute(f"PRAGMA synchronous={synchronous}")
            self._prepare()
            self._file = _identity(path)
            self._reader = undo.enter_context(closing(_connect(path)))
            self._reader.execute("PRAGMA query_only=1")
            self.stream: str = self._meta("stream")
            self.users = self._load_users()
            self._next_row: int = 1 + self._one("SELECT max(id) FROM events")
            self._opened = undo.pop_all()
        self._dirty: set[str] = set()
        self.unsettled: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()
        """(settled, id) of users, for the next commit."""

    def _refuse_what_is_not_ours(self) -> None:
        """Before the first change to the file."""
        version = self._one("PRAGMA user_version")
        if version == 0 and self._one("SELECT count(*) FROM sqlite_master"):
            raise JournalError(f"{self._path} holds other tables; a journal needs its own file")
        if version not in (0, _SCHEMA_VERSION):
            raise JournalError(
                f"{self._path}: schema {version}, this version reads {_SCHEMA_VERSION}"
            )

    def _prepare(self) -> None:
        if self._one("PRAGMA user_version") == 0:
            self._writer.executescript(
                f"BEGIN; {_SCHEMA} PRAGMA user_version={_SCHEMA_VERSION};"  # noqa: S608 - no input
                f"INSERT INTO meta VALUES ('stream', '{token_urlsafe(12)}'), ('checkpoint', 0);"
                "COMMIT"
            )

    def _one(self, sql: str) -> int:
        return int(self._writer.execute(sql).fetchone()[0] or 0)

    def _meta(self, key: str) -> str:
        row = self._writer.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0])

    def _load_users(self) -> dict[str, User]:
        users = {
            name: User(id_, first, last, row, settled)
            for id_, name, first, last, row, settled in self._writer.execute("SELECT * FROM users")
        }
        by_id = {user.id: user for user in users.values()}
        since = self._writer.execute(
            "SELECT user, max(seq), max(id) FROM events WHERE id > ? GROUP BY user",
            (int(self._meta("checkpoint")),),
        )
        for id_, last, row in since:
            by_id[id_].last, by_id[id_].row = last, row
        return users

    # Writing

    def write(self, drafts: Sequence[Draft]) -> list[Written]:
        """Commit all or nothing; only then is `users` changed. Raises sqlite3.Error, OSError."""
        batch = _Batch(self)
        for draft in drafts:
            batch.add(draft)
        db = self._writer
        db.execute("BEGIN IMMEDIATE")
        try:
            _insert(db, "users", 6, ((u.id, n, 1, 0, 0, 0) for n, u in batch.new_users.items()))
            _insert(db, "events", 6, batch.events)
            _insert(db, "marks", 3, batch.marks)
            _insert(db, "event_ids", 3, batch.event_ids)
            self._keep_notes(batch.notes)
            db.executemany("UPDATE users SET settled = ? WHERE id = ?", self._take_unsettled())
            self._check_file()
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        self.users |= batch.new_users
        for name, user in batch.changed.items():
            known = self.users[name]
            known.row = user.row
            known.last = user.last  # after its row, because readers look here from other threads
        self._dirty |= batch.changed.keys()
        self._next_row = batch.next_row
        return batch.written

    def _keep_notes(self, notes: dict[bytes, bytes | None]) -> None:
        db = self._writer
        kept = [(key, value) for key, value in notes.items() if value is not None]
        _insert(db, "notes", 2, kept)
        gone = [(key,) for key, value in notes.items() if value is None]
        if gone:
            db.executemany("DELETE FROM notes WHERE key = ?", gone)

    def _check_file(self) -> None:
        """SQLite itself goes on writing to a file that has no name any more."""
        if _identity(self._path) != self._file:
            raise FileNotFoundError("the file was removed or replaced while it was open")

    def _take_unsettled(self) -> Iterator[tuple[int, int]]:
        while not self.unsettled.empty():
            yield self.unsettled.get()

    def known_event(self, user: User, event_id: str) -> int | None:
        row = self._writer.execute(
            "SELECT seq FROM event_ids WHERE user = ? AND event_id = ? AND seq >= ?",
            (user.id, event_id, user.first),
        ).fetchone()
        return int(row[0]) if row else None

    def checkpoint(self) -> None:
        """Note where every user stands, so that opening need not look at older rows."""
        changed = [(user.first, user.last, user.row, user.id) for user in self._changed_users()]
        with self._writer:
            self._writer.execute("BEGIN IMMEDIATE")
            self._writer.executemany(
                "UPDATE users SET first = ?, last = ?, row = ? WHERE id = ?", changed
            )
            self._writer.execute(
                "UPDATE meta SET value = ? WHERE key = 'checkpoint'", (self._next_row - 1,)
            )
        self._dirty.clear()

    def _changed_users(self) -> Iterable[User]:
        return (self.users[name] for name in self._dirty)

    # Trimming

    def trim_count(self, name: str, keep: int) -> None:
        """Keep the newest `keep` events of one user."""
        user = self.users[name]
        first = user.last - keep + 1
        if first > user.first:
            row = self._row_at_or_after(self._writer, user, first - 1)
            place = {"row": row, "after": user.first - 1, "first": first}
            self._trim([(user, first)], _TRIM, place)

    def trim_age(self, oldest: float) -> None:
        """Drop what is older than `oldest`, in seconds since the epoch."""
        stale = self._writer.execute(
            "SELECT id FROM events WHERE at >= ? ORDER BY id LIMIT 1", (oldest,)
        ).fetchone()
        newest = self._next_row - 1  # stays, so that no row number is ever given out twice
        end = min(int(stale[0]) if stale else newest, newest)
        gone = self._writer.execute(
            "SELECT user, max(seq) FROM events WHERE id < ? GROUP BY user", (end,)
        ).fetchall()
        if gone:
            by_id = {user.id: user for user in self.users.values()}
            firsts = [(by_id[id_], last + 1) for id_, last in gone]
            self._trim(firsts, "DELETE FROM events WHERE id < :end", {"end": end})

    def _trim(
        self, firsts: list[tuple[User, int]], delete: str, parameters: dict[str, int]
    ) -> None:
        """The promise is taken back before the events are: a reader may look at any moment."""
        promised = [(user, user.first) for user, _ in firsts]
        for user, first in firsts:
            user.first = first
        try:
            with self._writer as db:
                db.execute("BEGIN IMMEDIATE")
                db.execute(delete, parameters)
                for user, first in firsts:
                    self._forget_before(user, first)
        except BaseException:
            for user, first in promised:
                user.first = first
            raise

    def _forget_before(self, user: User, first: int) -> None:
        db = self._writer
        db.execute("DELETE FROM marks WHERE user = ? AND seq < ?", (user.id, first))
        db.execute("DELETE FROM event_ids WHERE user = ? AND seq < ?", (user.id, first))
        db.execute(
            "UPDATE users SET first = ?, last = ?, row = ? WHERE id = ?",
            (first, user.last, user.row, user.id),
        )

    # Reading

    def _row_at_or_after(self, db: sqlite3.Connection, user: User, seq: int) -> int:
        mark = db.execute(
            "SELECT row FROM marks WHERE user = ? AND seq >= ? ORDER BY seq LIMIT 1",
            (user.id, seq),
        ).fetchone()
        return int(mark[0]) if mark else user.row

    def read(self, user: User, after: int, end: int) -> list[tuple[int, bytes]]:
        """Numbers and frames of the events behind `after` up to `end`, as far as they are there."""
        db = self._reader
        row = self._row_at_or_after(db, user, end)
        found = db.execute(_PAGE, {"row": row, "after": after, "end": end}).fetchone()
        if found[0] is None:
            return []
        numbers = map(int, found[0].split(","))
        frames: list[bytes] = found[1].split(b"\n")
        return sorted(zip(numbers, frames, strict=True))

    def notes(self) -> list[bytes]:
        return [value for (value,) in self._reader.execute("SELECT value FROM notes")]

    def close(self) -> None:
        """Let go of the file, also when the last checkpoint fails, which is an error but no loss."""
        with self._opened:
            self.checkpoint()


class _Batch:
    """The rows of one transaction, numbered on top of what is committed."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self._stream = store.stream.encode()
        self._ids: dict[tuple[str, str], int] = {}
        self.next_row = store._next_row
        self.changed: dict[str, User] = {}
        self.new_users: dict[str, User] = {}
        self.events: list[tuple[object, ...]] = []
        self.marks: list[tuple[object, ...]] = []
        self.event_ids: list[tuple[object, ...]] = []
        self.notes: dict[bytes, bytes | None] = {}
        self.written: list[Written] = []

    def add(self, draft: Draft) -> None:
        user = self.changed.get(draft.user_id) or self._user(draft.user_id)
        if draft.event_id is not None:
            known = self._known(draft.user_id, user, draft.event_id)
            if known is not None:
                self.written.append(Written(draft.user_id, known, None))
                return
            self._ids[draft.user_id, draft.event_id] = user.last + 1
            self.event_ids.append((user.id, draft.event_id, user.last + 1))
        seq = user.last + 1
        frame = draft.frame(seq, self._stream)
        row = self.next_row
        self.events.append((row, user.id, seq, user.row, draft.time, frame))
        self.notes.update(draft.notes)
        if seq % _MARK_EVERY == 0:
            self.marks.append((user.id, seq, row))
        user.last, user.row, self.next_row = seq, row, row + 1
        self.written.append(Written(draft.user_id, seq, frame))

    def _user(self, name: str) -> User:
        """A copy to count on, which only a commit makes true."""
        known = self._store.users.get(name)
        if known is None:
            known = User(len(self._store.users) + len(self.new_users) + 1)
            self.new_users[name] = known
        user = self.changed[name] = User(known.id, known.first, known.last, known.row)
        return user

    def _known(self, name: str, user: User, event_id: str) -> int | None:
        seq = self._ids.get((name, event_id))
        if seq is None and name not in self.new_users:
            seq = self._store.known_event(user, event_id)
        return seq


def _insert(
    db: sqlite3.Connection, table: str, width: int, rows: Iterable[tuple[object, ...]]
) -> None:
    """All rows in as few statements as possible; see the module's docstring."""
    left = list(rows)
    places = "(" + ",".join("?" * width) + ")"
    while left:
        some, left = left[:_ROWS_PER_STATEMENT], left[_ROWS_PER_STATEMENT:]
        values = ",".join([places] * len(some))
        db.execute(
            f"INSERT INTO {table} VALUES {values}",  # noqa: S608 - names are constants
            [value for row in some for value in row],
        )


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    try:
        db.execute("PRAGMA cache_size=-32768")
    except sqlite3.Error:
        db.close()
        raise
    return db


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file the name stands for; None when there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _lock(path: Path) -> sqlite3.Connection:
    """Held while the store is open, and let go by the system when the process dies."""
    lock = sqlite3.connect(f"{path}.lock", isolation_level=None, check_same_thread=False, timeout=0)
    try:
        lock.execute("PRAGMA locking_mode=EXCLUSIVE")
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        lock.close()
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise JournalInUseError(f"{path} is already open for writing") from None
        raise
    return lock
