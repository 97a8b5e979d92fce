"""Records made from the contents of many files: remembered by content, made on every core."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

import msgspec

from consolidator.adapters.cache import ContentCache, content_key
from consolidator.adapters.processes import workers

Record = TypeVar("Record")

_FEW = 40  # below this many files, starting processes costs more than it saves
_CHUNK = 16  # files that a worker takes at once, at most
_TURNS = 8  # times that each worker gets something, at least


class ContentReader(Generic[Record]):
    """`make` turns one file's bytes into a record of type `kind`; it must be a function that other
    processes can import. `jobs` is the number of processes; neither it nor `cache` changes any
    answer."""

    def __init__(
        self,
        make: Callable[[bytes], Record],
        kind: Any,
        jobs: int | None,
        cache: ContentCache[Record] | None,
    ) -> None:
        self._make = make
        self._kind = kind
        self._jobs = jobs or os.cpu_count() or 1
        self._cache = cache

    def records(self, contents: Mapping[str, bytes]) -> dict[str, Record]:
        """The record of each path's content."""
        keys = {path: content_key(data) for path, data in contents.items()}
        known = self._cache.get(set(keys.values())) if self._cache else {}
        missing = {keys[path]: contents[path] for path in contents if keys[path] not in known}
        fresh = self._read(missing)
        if self._cache:
            self._cache.put(fresh)
        known.update(fresh)
        return {path: known[key] for path, key in keys.items()}

    def _read(self, contents: Mapping[bytes, bytes]) -> dict[bytes, Record]:
        if len(contents) < _FEW or self._jobs == 1:
            return {key: self._make(data) for key, data in contents.items()}
        # Large files first, so that no core is left with one at the end.
        keys = sorted(contents, key=lambda key: -len(contents[key]))
        size = min(_CHUNK, max(1, len(keys) // (self._jobs * _TURNS)))
        pieces = [keys[start : start + size] for start in range(0, len(keys), size)]
        records: Any = list[self._kind]  # type: ignore[name-defined]
        decode = msgspec.msgpack.Decoder(records).decode
        with workers(self._jobs, _start, contents) as pool:
            encoded = pool.map(partial(_encoded, self._make), pieces)
            return {
                key: record
                for piece, values in zip(pieces, encoded, strict=True)
                for key, record in zip(piece, decode(values), strict=True)
            }


_contents: Mapping[bytes, bytes] = {}  # in each worker: what there is to read


def _start(contents: Mapping[bytes, bytes]) -> None:
    global _contents  # noqa: PLW0603 - the way a pool hands its workers what they share
    _contents = contents
    gc.disable()  # a worker makes no cycles, and lives only as long as the work


def _encoded(make: Callable[[bytes], Any], keys: Sequence[bytes]) -> bytes:
    return msgspec.msgpack.encode([make(_contents[key]) for key in keys])
