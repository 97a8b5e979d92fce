"""`Tree`: every file of ROOT by path and by module, its facts read on demand and only once."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Protocol

from consolidator.tree.facts import ModuleFacts, Skipped, Unreadable
from consolidator.tree.modules import Layout, absolute_module
from consolidator.tree.parse import parse_syntax
from consolidator.tree.read import facts_of
from consolidator.tree.source import SourceText, decode

MANY = 12
"""From so many needles on, taking a file apart into words costs less than searching for each."""
_BLANK = bytes(c if re.match(rb"\w", bytes([c])) else ord(" ") for c in range(256))
"""Every byte that is part of no ASCII word, as a space: splitting is faster than a regular expression."""
_WHOLE = re.compile(rb"\W+(?:\w+\W+)*(\w+)\W+|(\w+)")
"""A needle of whole words, and the word that says whether a closer look at a file pays: the last, as the
first ones of dotted names are everywhere."""


class FactsReader(Protocol):
    """Where facts come from: parsing here or in parallel, with or without a cache."""

    def __call__(self, paths: Sequence[str]) -> Mapping[str, ModuleFacts | Unreadable]:
        """Facts of each path; a file that can't be read at all is an `Unreadable`, never an error."""
        ...


FactsMaker = Callable[[Mapping[str, bytes]], Mapping[str, ModuleFacts | Unreadable]]
"""Facts of contents that need not be what is on disk."""


def made_here(contents: Mapping[str, bytes]) -> dict[str, ModuleFacts | Unreadable]:
    """The facts of some contents, by paths, read one after the other."""
    return {path: facts_of(data) for path, data in contents.items()}


class Tree:
    """The files below ROOT. Paths are relative to ROOT with `/`; order is always sorted.

    Nothing is parsed until it is asked for: `prefetch` reads many files in parallel, `containing`
    narrows the question to the files that hold some bytes.
    """

    def __init__(
        self,
        root: str,
        paths: Iterable[str],
        layout: Layout,
        read: Callable[[str], bytes],
        facts: FactsReader,
        facts_of: FactsMaker = made_here,
        links: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.root = root
        self.all_paths = tuple(sorted(paths))
        """Every file, Python or not."""
        self.paths = tuple(path for path in self.all_paths if path.endswith(".py"))
        self.layout = layout
        self._read = read
        self._read_facts = facts
        self.facts_of = facts_of
        self.links = links
        """Paths that are links to other files of the tree, with the paths of those."""
        self._facts: dict[str, ModuleFacts | Unreadable] = {}
        self._bytes: dict[str, bytes] = {}
        self._module_paths: dict[str, str] = {}
        self._modules: dict[str, str] = {}
        self._beside: dict[tuple[str, str], str | None] = {}
        self._name_modules()
        self.source = lru_cache(maxsize=256)(self._source)
        self.syntax = lru_cache(maxsize=64)(self._syntax)

    def _name_modules(self) -> None:
        alternatives: list[tuple[str, str]] = []
        for path in self.paths:
            names = self.layout.names(path)
            if not names:
                continue
            self._modules[path] = names[0]
            self._claim(names[0], path)
            alternatives += ((name, path) for name in names[1:])
        for name, path in alternatives:
            self._module_paths.setdefault(name, path)
        self._tops = frozenset(module.partition(".")[0] for module in self._module_paths)

    def _claim(self, module: str, path: str) -> None:
        # A package wins over a module of the same name, as in CPython's finder.
        if module not in self._module_paths or self.is_package(path):
            self._module_paths[module] = path

    # files

    def read(self, path: str) -> bytes:
        """A file's bytes, as at the first read. Raises OSError where it can't be read."""
        if path not in self._bytes:
            self._bytes[path] = self._read(path)
        return self._bytes[path]

    def containing(self, *needles: str, paths: Iterable[str] | None = None) -> list[str]:
        """Files (Python ones, unless `paths` says which) that hold any of the needles as bytes.

        Among many needles, those that are plain words are looked for as whole words: then each file is
        gone through once, however many they are.
        """
        found = _finder([needle.encode() for needle in needles])
        return [
            path for path in (self.paths if paths is None else paths) if self._holds(path, found)
        ]

    def matching(self, pattern: re.Pattern[bytes], paths: Iterable[str]) -> list[str]:
        """Those of some files in which a pattern is found."""
        return [path for path in paths if self._holds(path, lambda d: bool(pattern.search(d)))]

    def _holds(self, path: str, found: Callable[[bytes], bool]) -> bool:
        try:
            return found(self.read(path))
        except OSError:
            return False

    def _source(self, path: str) -> SourceText | Unreadable:
        """Decoded text of a file (`tree.source(path)`)."""
        try:
            return decode(self.read(path))
        except OSError as error:
            return Unreadable(1, error.strerror or str(error))

    def _syntax(self, path: str) -> ast.Module | Unreadable:
        """Syntax tree of a file (`tree.syntax(path)`); only the last few are kept."""
        source = self.source(path)
        return source if isinstance(source, Unreadable) else parse_syntax(source.text)

    # facts

    def prefetch(self, paths: Iterable[str] | None = None) -> None:
        """Read the facts of many files at once (all of them by default)."""
        missing = [p for p in (self.paths if paths is None else paths) if p not in self._facts]
        if missing:
            self._facts.update(self._read_facts(missing))

    def facts(self, path: str) -> ModuleFacts | None:
        """Facts of a file; None where it can't be read (see `skipped`)."""
        if path not in self._facts:
            self.prefetch([path])
        facts = self._facts[path]
        return facts if isinstance(facts, ModuleFacts) else None

    def skipped(self) -> list[Skipped]:
        """The files that were asked for and could not be read."""
        return [
            Skipped(path, facts.line, facts.reason)
            for path, facts in sorted(self._facts.items())
            if isinstance(facts, Unreadable)
        ]

    def read_by(self, parser: str) -> list[str]:
        """The files that were asked for and that this parser read (see `ModuleFacts.parser`)."""
        return sorted(
            path
            for path, facts in self._facts.items()
            if isinstance(facts, ModuleFacts) and facts.parser == parser
        )

    # modules

    def module(self, path: str) -> str:
        """Dotted name of a file's module, counted from its deepest source root."""
        return self._modules.get(path, "")

    def modules(self) -> Mapping[str, str]:
        """Every module name that resolves inside ROOT, with its path."""
        return self._module_paths

    def is_package(self, path: str) -> bool:
        return path.rpartition("/")[2] == "__init__.py"

    def find(self, module: str, importer: str = "") -> str | None:
        """Path of a module. Where no source root has it, the importer's own folder and those above it
        are tried: test folders are put on `sys.path` by pytest without being named anywhere. Neither a
        module of the standard library is looked for there (`import logging` in `app/logging.py`), nor
        one that a module of the same name imports itself (`import orjson` in `json/orjson.py`)."""
        if path := self._module_paths.get(module):
            return path
        if module.partition(".")[0] in sys.stdlib_module_names:
            return None
        key = (module, importer.rpartition("/")[0])
        if key not in self._beside:
            self._beside[key] = self._find_beside(*key)
        return self._beside[key]

    def _find_beside(self, module: str, folder: str) -> str | None:
        below = module.replace(".", "/")
        while folder:
            for path in (f"{folder}/{below}/__init__.py", f"{folder}/{below}.py"):
                if path in self._modules and not self._wraps(path, module):
                    return path
            folder = folder.rpartition("/")[0]
        return None

    def _wraps(self, path: str, module: str) -> bool:
        """Whether a module imports its own name: that is a library, which it is named after."""
        facts = self.facts(path) if path.endswith(f"/{module}.py") else None
        return facts is not None and any(
            not fact.level and (fact.module or fact.name).partition(".")[0] == module
            for fact in facts.imports
        )

    def is_namespace(self, module: str) -> bool:
        """Whether a folder without `__init__.py` answers to this name."""
        return module in self._namespaces()

    def _namespaces(self) -> frozenset[str]:
        if not hasattr(self, "_namespace_names"):
            names: set[str] = set()
            for module in self._module_paths:
                head, dot, _ = module.rpartition(".")
                while dot and head not in names:
                    names.add(head)
                    head, dot, _ = head.rpartition(".")
            self._namespace_names = frozenset(names - self._module_paths.keys())
        return self._namespace_names

    def is_first_party(self, module: str) -> bool:
        """Whether the top package of a dotted name lies in ROOT."""
        return module.partition(".")[0] in self._tops

    def absolute(self, path: str, level: int, module: str) -> str | None:
        """The absolute module meant by an import in this file; None where it climbs too far."""
        if not level:
            return module
        return absolute_module(self.module(path), self.is_package(path), level, module)


def _finder(needles: Sequence[bytes]) -> Callable[[bytes], bool]:
    """Whether any of the needles is in a file."""
    if len(needles) <= MANY:
        return lambda data: any(needle in data for needle in needles)
    whole = {needle: match for needle in needles if (match := _WHOLE.fullmatch(needle))}
    by_word: dict[bytes, list[bytes]] = {}
    for needle, match in whole.items():
        by_word.setdefault(match[1] or match[2], []).append(needle)
    words = frozenset(by_word)
    rest = [needle for needle in needles if needle not in whole]

    def found(data: bytes) -> bool:
        if any(needle in data for needle in rest):
            return True
        said = words.intersection(data.translate(_BLANK).split())
        return any(needle in data for word in said for needle in by_word[word])

    return found
