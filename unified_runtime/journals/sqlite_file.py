"""One SQLite file of ours: its tables, and opening it for one writer at a time."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from secrets import token_urlsafe
from typing import Literal

from unified_runtime.errors import JournalError, JournalInUseError

Synchronous = Literal["FULL", "NORMAL", "OFF"]

_OLDEST_SQLITE = (3, 35, 0)  # has UPDATE … FROM and json_each in every build

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

_UNSYNCED_SINCE = "SELECT value FROM meta WHERE key = 'unsynced_since'"
_ALL_SYNCED = "DELETE FROM meta WHERE key = 'unsynced_since'"

_PAGE_SIZE = 16384
_PAGES_PER_CHECKPOINT = 1000  # 16 MiB of the WAL, so that few commits wait for one

PART = 64
_MOST_ROWS = 1024


class SqliteFile:
    """The connections to one file; `writer` is for one thread, `reader` for another."""

    def __init__(self, path: Path, synchronous: Synchronous) -> None:
        if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
            raise JournalError(f"SQLite {sqlite3.sqlite_version} is too old, 3.35 is needed")
        self.path = path.resolve()  # a file under two names has one lock
        self._log = self.path.with_name(f"{self.path.name}-wal")
        with ExitStack() as undo:
            self._lock = undo.enter_context(closing(_lock(self.path)))
            self.writer = undo.enter_context(closing(_connect(self.path)))
            self._refuse_what_is_not_ours()
            self.writer.execute(f"PRAGMA page_size={_PAGE_SIZE}")
            self.writer.execute("PRAGMA journal_mode=WAL")
            self.writer.execute(f"PRAGMA wal_autocheckpoint={_PAGES_PER_CHECKPOINT}")
            self._prepare()
            self._note_what_a_crash_may_take(synchronous)
            self.writer.execute(f"PRAGMA synchronous={synchronous}")
            self._files = self._identities()
            self.reader = undo.enter_context(closing(_connect(self.path)))
            self.reader.execute("PRAGMA query_only=1")
            self._opened = undo.pop_all()

    def _refuse_what_is_not_ours(self) -> None:
        """Before the first change to the file."""
        version = self._one("PRAGMA user_version")
        if version == 0 and self._one("SELECT count(*) FROM sqlite_master"):
            raise JournalError(f"{self.path} holds other tables; a journal needs its own file")
        if version not in (0, _SCHEMA_VERSION):
            raise JournalError(
                f"{self.path}: schema {version}, this version reads {_SCHEMA_VERSION}"
            )

    def _prepare(self) -> None:
        if self._one("PRAGMA user_version") == 0:
            self.writer.executescript(
                f"BEGIN; {_SCHEMA} PRAGMA user_version={_SCHEMA_VERSION};"  # noqa: S608 - no input
                f"INSERT INTO meta VALUES ('stream', '{token_urlsafe(12)}'), ('checkpoint', 0);"
                "COMMIT"
            )

    def _note_what_a_crash_may_take(self, synchronous: Synchronous) -> None:
        """While commits are not synced, the file says since which start of the machine. If the machine
        was started again before the file was closed, the last events may be gone, and their numbers
        would be given out again; so the numbering gets a new name, as clients know the old ones. Where
        the system does not tell its starts, every end without a close may have been one."""
        self.writer.execute("PRAGMA synchronous=FULL")
        self.writer.execute("BEGIN IMMEDIATE")
        noted = self.writer.execute(_UNSYNCED_SINCE).fetchone()
        start = _start_of_the_machine()
        if noted is not None and (noted[0] != start or start == ""):
            self.writer.execute(
                "UPDATE meta SET value = ? WHERE key = 'stream'", (token_urlsafe(12),)
            )
        self.writer.execute(_ALL_SYNCED)
        if synchronous != "FULL":
            self.writer.execute("INSERT INTO meta VALUES ('unsynced_since', ?)", (start,))
        self.writer.execute("COMMIT")

    def _one(self, sql: str) -> int:
        return int(self.writer.execute(sql).fetchone()[0] or 0)

    def check(self) -> None:
        """SQLite itself goes on writing to a file that has no name any more."""
        if self._identities() != self._files:
            raise FileNotFoundError("the file was removed or replaced while it was open")

    def _identities(self) -> list[tuple[int, int] | None]:
        """Of the file and of the log, which holds what was committed last."""
        return [_identity(self.path), _identity(self._log)]

    def close(self) -> None:
        try:
            self.writer.execute("PRAGMA synchronous=FULL")
            self.writer.execute(_ALL_SYNCED)
        finally:
            self._opened.close()


def insert(db: sqlite3.Connection, table: str, width: int, values: Sequence[object]) -> None:
    """Rows of `width` values each, which follow one another in `values`.

    In as few statements as possible (see `sqlite_store`), and of few sizes, as a statement of a
    new size has to be compiled, which costs as much as running it.
    """
    places = "(" + ",".join("?" * width) + ")"
    start, left = 0, len(values) // width
    while left:
        rows = min(left - left % PART or left, _MOST_ROWS)
        end = start + rows * width
        all_places = ",".join([places] * rows)
        db.execute(f"INSERT INTO {table} VALUES {all_places}", values[start:end])  # noqa: S608 - constants
        start, left = end, left - rows


def in_parts(rows: Sequence[tuple[object, ...]]) -> Iterator[list[object]]:
    """The values of PART rows at a time; the last part is filled up with a row that it has."""
    for start in range(0, len(rows), PART):
        part = list(rows[start : start + PART])
        part += part[-1:] * (PART - len(part))
        yield [value for row in part for value in row]


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, timeout=10, cached_statements=256
    )
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


def _start_of_the_machine() -> str:
    """Differs after each; empty where the system does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _lock(path: Path) -> sqlite3.Connection:
    """Held while the file is open, and let go by the system when the process dies."""
    lock = sqlite3.connect(f"{path}.lock", isolation_level=None, check_same_thread=False, timeout=0)
    try:
        lock.execute("PRAGMA locking_mode=EXCLUSIVE")
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        lock.close()
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise JournalInUseError(
                f"{path} is already open for writing; one file is for one server process, "
                "several need RedisJournal"
            ) from None
        raise
    return lock
