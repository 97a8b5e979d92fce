"""What was read from files, on disk by the content's hash: SQLite files that many runs may share."""

from __future__ import annotations

import os
import sqlite3
import sys
import time
import weakref
from collections.abc import Iterable, Mapping
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, TypeVar

import msgspec

Record = TypeVar("Record")

LARGEST = 512 * 1024 * 1024
"""Bytes on disk at which the older half of the entries goes: about twenty trees of 6,000 files."""
UNUSED = 7 * 24 * 3600
"""Seconds after which another version's file goes; sooner, two versions would take turns to delete."""
_BATCH = 500  # SQLite's default limit is 999 parameters a statement


def cache_folder() -> Path:
    """The user's cache directory for this product (`XDG_CACHE_HOME` and its counterparts)."""
    if configured := os.environ.get("CONSOLIDATOR_CACHE_DIR"):
        return Path(configured)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", str(Path.home() / "AppData/Local"))
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library/Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "consolidator"


def content_key(data: bytes) -> bytes:
    return blake2b(data, digest_size=20).digest()


def version_of(makers: Iterable[Path]) -> str:
    """Changes whenever the code that makes records changes, so a stale cache is never believed."""
    digest = blake2b(sys.version.encode(), digest_size=8)
    for path in makers:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _close(database: sqlite3.Connection) -> None:
    with suppress(sqlite3.Error):  # a damaged file
        database.close()


class ContentCache(Generic[Record]):
    """A cache that may always be missing, locked or damaged: then it simply holds nothing.

    `kind` is the type that records are decoded to, `makers` the modules whose code makes them.
    """

    def __init__(
        self, name: str, kind: Any, makers: Iterable[ModuleType], folder: Path | None = None
    ) -> None:
        self._name = name
        self._decode = msgspec.msgpack.Decoder(kind).decode
        self._encode = msgspec.msgpack.Encoder().encode
        sources = (Path(str(module.__file__)) for module in makers)
        self._path = (folder or cache_folder()) / f"{name}-{version_of(sources)}.sqlite"
        self._database = self._open()

    def _open(self) -> sqlite3.Connection | None:
        for _ in range(2):
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                database = sqlite3.connect(self._path, timeout=5, isolation_level=None)
                weakref.finalize(self, _close, database)
                # Records are of some kilobytes: in small pages, most would lie in chains of them.
                database.execute("PRAGMA page_size=65536")
                database.execute("PRAGMA journal_mode=WAL")
                database.execute("PRAGMA synchronous=OFF")
                database.execute(
                    "CREATE TABLE IF NOT EXISTS records (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID"
                )
            except sqlite3.OperationalError:
                return None
            except sqlite3.DatabaseError:
                self._discard()
            except OSError:
                return None
            else:
                return database
        return None

    def _discard(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self._path}{suffix}").unlink(missing_ok=True)

    def get(self, keys: Iterable[bytes]) -> dict[bytes, Record]:
        """The records that are known for these keys."""
        found: dict[bytes, Record] = {}
        wanted = sorted(keys)  # as they lie on disk
        if self._database is None:
            return found
        try:
            for start in range(0, len(wanted), _BATCH):
                part = wanted[start : start + _BATCH]
                marks = ",".join("?" * len(part))
                rows = self._database.execute(
                    f"SELECT key, value FROM records WHERE key IN ({marks})",  # noqa: S608
                    part,
                )
                for key, value in rows:
                    found[key] = self._decode(value)
        except (sqlite3.DatabaseError, msgspec.DecodeError):
            self._rebuild()
            return {}
        return found

    def put(self, records: Mapping[bytes, Record]) -> None:
        """Remember records; silently nothing where the disk is full or the file is locked, and none
        that holds text that can't be written as UTF-8, such as some paths."""
        if self._database is None or not records:
            return
        rows: list[tuple[bytes, bytes]] = []
        for key, value in records.items():
            with suppress(UnicodeEncodeError):
                rows.append((key, self._encode(value)))
        try:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany("INSERT OR REPLACE INTO records VALUES (?, ?)", rows)
            self._database.execute("COMMIT")
            self._bound()
        except (sqlite3.DatabaseError, OSError):
            if self._database.in_transaction:
                self._database.rollback()

    def _bound(self) -> None:
        assert self._database is not None
        forgotten = time.time() - UNUSED
        for other in self._path.parent.glob(f"{self._name}-*.sqlite*"):
            if not other.name.startswith(self._path.name) and other.stat().st_mtime < forgotten:
                other.unlink(missing_ok=True)
        if self._path.stat().st_size > LARGEST:
            # Keys are hashes, so half of the key space is half of the entries.
            self._database.execute("DELETE FROM records WHERE key < X'80'")
            self._database.execute("VACUUM")

    def _rebuild(self) -> None:
        if self._database is not None:
            _close(self._database)
        self._discard()
        self._database = self._open()
