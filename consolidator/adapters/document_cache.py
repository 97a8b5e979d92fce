"""Whole documents on disk, by the question that they answer: asking again costs a file read."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from consolidator.adapters.cache import UNUSED, cache_folder, version_of

Document = TypeVar("Document")


class DocumentCache(Generic[Document]):
    """A cache that may always be missing or damaged: then it simply holds nothing.

    Holds at most `most` documents of type `kind`, the oldest go first. `makers` are the files whose code
    makes them: when they change, what is kept is not believed any more.
    """

    def __init__(
        self, name: str, kind: Any, makers: Iterable[Path], most: int, folder: Path | None = None
    ) -> None:
        self._name = name
        self._decode = msgspec.msgpack.Decoder(kind).decode
        self._most = most
        self._folder = (folder or cache_folder()) / f"{name}-{version_of(makers)}"

    def get(self, question: str) -> Document | None:
        try:
            document: Document = self._decode(self._path(question).read_bytes())
        except (OSError, msgspec.DecodeError):
            return None
        return document

    def put(self, question: str, document: Document) -> None:
        """Silently nothing where the disk is full, or a text in it can't be written as UTF-8."""
        with contextlib.suppress(OSError, UnicodeEncodeError):
            encoded = msgspec.msgpack.encode(document)
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._folder)
            with os.fdopen(handle, "wb") as file:
                file.write(encoded)
            Path(name).replace(self._path(question))
            self._forget()

    def _forget(self) -> None:
        kept = sorted(self._folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        for path in kept[: -self._most]:
            path.unlink(missing_ok=True)
        for other in self._folder.parent.glob(f"{self._name}-*"):
            if other.is_dir() and other.stat().st_mtime < time.time() - UNUSED:
                for path in other.iterdir():
                    path.unlink(missing_ok=True)
                other.rmdir()

    def _path(self, question: str) -> Path:
        return self._folder / blake2b(question.encode(), digest_size=20).hexdigest()
