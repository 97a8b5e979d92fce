"""The SQL of SqliteJournal. Synchronous; the journal decides on which thread.

Events are only ever appended, because an index by user would scatter every batch over the file.
Each row names its user's previous row; every 64th event of a user is also listed in `marks`, so a
reader finds a place by one look-up and walks at most 64 rows too many. `users` is brought up to
date now and then; what came after is found again from the rows themselves.

A statement is run as few times as possible, and answers in as few rows: Python gives up and takes
back its lock around each step, which costs up to 5 ms while another thread computes. So a batch is
one INSERT, a page is one row, and what concerns many users is one statement with a list as JSON.
"""

import json
import queue
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from unified_runtime.journals.sqlite_batch import Batch, User
from unified_runtime.journals.sqlite_file import PART, SqliteFile, Synchronous, in_parts, insert
from unified_runtime.protocol.frames import Draft

_PAGE = """
WITH RECURSIVE chain(row, seq, prev) AS (
    SELECT id, seq, prev FROM events WHERE id = coalesce(
        (SELECT row FROM marks WHERE marks.user = :user AND seq >= :end ORDER BY seq LIMIT 1), :last)
    UNION ALL
    SELECT e.id, e.seq, e.prev FROM chain JOIN events AS e ON e.id = chain.prev
    WHERE chain.seq > :after + 1)
SELECT group_concat(chain.seq), CAST(group_concat(e.frame, x'0a') AS BLOB)
FROM chain JOIN events AS e ON e.id = chain.row
WHERE chain.seq > :after AND chain.seq <= :end
"""

_LAST_ROW = "SELECT coalesce(max(id), 0) FROM events"

_GONE = """
WITH RECURSIVE gone(user, old, first, row) AS (
    SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),
        json_extract(value, '$[3]')
    FROM json_each(?))
"""
"""Users whose first event was `old` and becomes `first`; `row` is of their last."""

_TRIM_EVENTS = f"""{_GONE}, chain(row, seq, prev, old, first) AS (
    SELECT e.id, e.seq, e.prev, gone.old, gone.first
    FROM gone JOIN events AS e ON e.id = coalesce(
        (SELECT row FROM marks WHERE marks.user = gone.user AND seq >= gone.first - 1
         ORDER BY seq LIMIT 1), gone.row)
    UNION ALL
    SELECT e.id, e.seq, e.prev, chain.old, chain.first
    FROM chain JOIN events AS e ON e.id = chain.prev
    WHERE chain.seq > chain.old)
DELETE FROM events WHERE id IN (SELECT row FROM chain WHERE seq < first)
"""  # noqa: S608 - made of constants

_TRIM_MARKS = f"""{_GONE}
DELETE FROM marks WHERE (user, seq) IN (
    SELECT marks.user, seq FROM gone JOIN marks ON marks.user = gone.user AND seq < gone.first)
"""  # noqa: S608 - made of constants

_TRIM_EVENT_IDS = f"""{_GONE}
DELETE FROM event_ids WHERE (user, event_id) IN (
    SELECT ids.user, event_id
    FROM gone JOIN event_ids AS ids ON ids.user = gone.user AND seq < gone.first)
"""  # noqa: S608 - made of constants

_STALE = """
SELECT json_group_array(json_array(user, last)) FROM (
    SELECT user, max(seq) AS last FROM events WHERE id < ? GROUP BY user)
"""

_KNOWN_IDS = f"""
SELECT user, event_id, seq FROM event_ids
WHERE (user, event_id) IN (VALUES {",".join(["(?,?)"] * PART)})
"""  # noqa: S608 - made of constants

_DELETE_NOTES = f"DELETE FROM notes WHERE key IN ({','.join('?' * PART)})"  # noqa: S608

_SETTLE = """
UPDATE users SET settled = json_extract(value, '$[1]')
FROM json_each(?) WHERE users.id = json_extract(value, '$[0]')
"""

_CHECKPOINT = """
UPDATE users SET first = json_extract(value, '$[1]'), last = json_extract(value, '$[2]'),
    row = json_extract(value, '$[3]')
FROM json_each(?) WHERE users.id = json_extract(value, '$[0]')
"""


class SqliteStore:
    """`users` tells what is committed; who else looks there finds a user's row before its number."""

    def __init__(self, path: Path, synchronous: Synchronous) -> None:
        self._opened = SqliteFile(path, synchronous)
        self._writer = self._opened.writer
        self._reader = self._opened.reader
        try:
            self.stream = str(self._meta("stream"))
            self._stream_bytes = self.stream.encode()
            self._dirty: set[User] = set()
            self.users = self._load_users()
            self._next_row = 1 + int(self._writer.execute(_LAST_ROW).fetchone()[0])
        except BaseException:
            self._opened.close()
            raise
        self.unsettled: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()
        """(id, settled) of users, for the next commit."""

    def _meta(self, key: str) -> object:
        return self._writer.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()[0]

    def _load_users(self) -> dict[str, User]:
        users = {
            name: User(id_, first, last, row, settled)
            for id_, name, first, last, row, settled in self._writer.execute("SELECT * FROM users")
        }
        by_id = {user.id: user for user in users.values()}
        since = self._writer.execute(
            "SELECT user, max(seq), max(id) FROM events WHERE id > ? GROUP BY user",
            (self._meta("checkpoint"),),
        )
        for id_, last, row in since:
            by_id[id_].last, by_id[id_].row = last, row
            self._dirty.add(by_id[id_])  # the next checkpoint is behind these rows
        for user in users.values():
            user.rolled_back()
        return users

    # Writing

    def write(self, drafts: Sequence[Draft]) -> Batch:
        """Commit all or nothing; only then is `users` changed. Raises sqlite3.Error, OSError."""
        batch = Batch(self._next_row)
        try:
            batch.fill(drafts, self.users, self._stream_bytes, self._known_ids(drafts))
            with self._transaction() as db:
                self._insert(db, batch)
                self._settle(db)
                self._opened.check()
        except BaseException:
            for user in batch.changed:
                user.rolled_back()
            raise
        self.users |= batch.new_users
        for user in batch.changed:
            user.committed()
        self._dirty.update(batch.changed)
        self._next_row = batch.next_row
        return batch

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        db = self._writer
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def _insert(self, db: sqlite3.Connection, batch: Batch) -> None:
        new = [
            value for name, user in batch.new_users.items() for value in (user.id, name, 1, 0, 0, 0)
        ]
        insert(db, "users", 6, new)
        insert(db, "events", 6, batch.events)
        insert(db, "marks", 3, batch.marks)
        insert(db, "event_ids", 3, batch.event_ids)
        kept = [part for note in batch.notes.items() if note[1] is not None for part in note]
        insert(db, "notes", 2, kept)
        for keys in in_parts([(key,) for key, value in batch.notes.items() if value is None]):
            db.execute(_DELETE_NOTES, keys)

    def _settle(self, db: sqlite3.Connection) -> None:
        settled: dict[int, int] = {}
        while not self.unsettled.empty():
            id_, seq = self.unsettled.get()
            settled[id_] = seq
        if settled:
            db.execute(_SETTLE, (json.dumps(list(settled.items())),))

    def _known_ids(self, drafts: Sequence[Draft]) -> dict[tuple[int, str], int]:
        asked = [(d.user_id, d.event_id) for d in drafts if d.event_id is not None]
        users = {user.id: user for name, _ in asked if (user := self.users.get(name))}
        ids = [(self.users[name].id, id_) for name, id_ in asked if name in self.users]
        found = [row for part in in_parts(ids) for row in self._writer.execute(_KNOWN_IDS, part)]
        return {(user, id_): seq for user, id_, seq in found if seq >= users[user].first}

    def checkpoint(self) -> None:
        """Note where every user stands, so that opening need not look at older rows."""
        with self._transaction() as db:
            self._note_places(db, self._dirty)
            db.execute("UPDATE meta SET value = ? WHERE key = 'checkpoint'", (self._next_row - 1,))
        self._dirty.clear()

    def _note_places(self, db: sqlite3.Connection, users: Iterable[User]) -> None:
        places = [(user.id, user.first, user.last, user.row) for user in users]
        db.execute(_CHECKPOINT, (json.dumps(places),))

    # Trimming

    def trim_count(self, users: Iterable[User], keep: int) -> None:
        """Keep the newest `keep` events of each of these users, who all have more."""
        self._trim([(user, user.last - keep + 1) for user in users], before=None)

    def trim_age(self, oldest: float) -> None:
        """Drop what is older than `oldest`, in seconds since the epoch."""
        stale = self._writer.execute(
            "SELECT id FROM events WHERE at >= ? ORDER BY id LIMIT 1", (oldest,)
        ).fetchone()
        newest = self._next_row - 1  # stays, so that no row number is ever given out twice
        before = min(int(stale[0]) if stale else newest, newest)
        gone = json.loads(self._writer.execute(_STALE, (before,)).fetchone()[0])
        if gone:
            by_id = {user.id: user for user in self.users.values()}
            self._trim([(by_id[id_], last + 1) for id_, last in gone], before=before)

    def _trim(self, firsts: list[tuple[User, int]], *, before: int | None) -> None:
        """Rows before row `before`, else as the chains tell.

        The promise is taken back before the events are: a reader may look at any moment.
        """
        promised = [(user, user.first) for user, _ in firsts]
        gone = json.dumps([(user.id, user.first, first, user.row) for user, first in firsts])
        for user, first in firsts:
            user.first = first
        try:
            with self._transaction() as db:
                if before is None:
                    db.execute(_TRIM_EVENTS, (gone,))
                else:
                    db.execute("DELETE FROM events WHERE id < ?", (before,))
                db.execute(_TRIM_MARKS, (gone,))
                db.execute(_TRIM_EVENT_IDS, (gone,))
                self._note_places(db, [user for user, _ in firsts])
        except BaseException:
            for user, first in promised:
                user.first = first
            raise

    # Reading

    def read(self, user: User, after: int, end: int) -> list[tuple[int, bytes]]:
        """Numbers and frames of the events behind `after` up to `end`, as far as they are there."""
        place = {"user": user.id, "last": user.row, "after": after, "end": end}
        numbers, frames = self._reader.execute(_PAGE, place).fetchone()
        if numbers is None:
            return []
        return sorted(zip(map(int, numbers.split(",")), frames.split(b"\n"), strict=True))

    def notes(self) -> list[bytes]:
        return [value for (value,) in self._reader.execute("SELECT value FROM notes")]

    def close(self) -> None:
        """Let go of the file, also when the last checkpoint fails, which is an error but no loss."""
        try:
            self.checkpoint()
        finally:
            self._opened.close()
