"""ROOT on disk to a `Tree`: files listed, facts cached and parsed on every core."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec

from consolidator.adapters.cache import FactsCache, content_key
from consolidator.adapters.files import check_root, list_files
from consolidator.tree.facts import ModuleFacts, Unreadable
from consolidator.tree.index import Tree
from consolidator.tree.modules import find_layout
from consolidator.tree.read import facts_of

_FEW = 40  # below this many files, starting processes costs more than it saves
_CHUNK = 16


def load_tree(
    root: Path,
    *,
    source_roots: Sequence[str] = (),
    exclude: Iterable[str] = (),
    jobs: int | None = None,
    cache: bool = True,
) -> Tree:
    """The tree below ROOT. `jobs` is the number of processes (default: all cores); neither it nor
    `cache` changes any answer."""
    base = check_root(root)
    paths = list_files(base, exclude)
    reader = _Reader(base, jobs or os.cpu_count() or 1, FactsCache() if cache else None)
    return Tree(str(base), paths, find_layout(paths, source_roots), reader.read, reader.facts)


class _Reader:
    def __init__(self, root: Path, jobs: int, cache: FactsCache | None) -> None:
        self._root = root
        self._jobs = jobs
        self._cache = cache

    def read(self, path: str) -> bytes:
        return (self._root / path).read_bytes()

    def facts(self, paths: Sequence[str]) -> Mapping[str, ModuleFacts | Unreadable]:
        answers: dict[str, ModuleFacts | Unreadable] = {}
        contents: dict[str, bytes] = {}
        for path in paths:
            try:
                contents[path] = self.read(path)
            except OSError as error:
                answers[path] = Unreadable(1, error.strerror or str(error))
        keys = {path: content_key(data) for path, data in contents.items()}
        known = self._cache.get(set(keys.values())) if self._cache else {}
        missing = {keys[path]: contents[path] for path in contents if keys[path] not in known}
        fresh = self._parse(missing)
        if self._cache:
            self._cache.put(fresh)
        known.update(fresh)
        answers.update((path, known[key]) for path, key in keys.items())
        return answers

    def _parse(self, contents: Mapping[bytes, bytes]) -> dict[bytes, ModuleFacts | Unreadable]:
        if len(contents) < _FEW or self._jobs == 1:
            return {key: facts_of(data) for key, data in contents.items()}
        # Large files first, so that no core is left with one at the end.
        keys = sorted(contents, key=lambda key: -len(contents[key]))
        context = multiprocessing.get_context("fork" if hasattr(os, "fork") else "spawn")
        decode = msgspec.msgpack.Decoder(ModuleFacts | Unreadable).decode
        with ProcessPoolExecutor(self._jobs, mp_context=context) as pool:
            encoded = pool.map(_encoded_facts, (contents[key] for key in keys), chunksize=_CHUNK)
            return {key: decode(value) for key, value in zip(keys, encoded, strict=True)}


def _encoded_facts(data: bytes) -> bytes:
    return msgspec.msgpack.encode(facts_of(data))
