"""Moved classes and functions that a registry may find by their names: `{c.__name__: c}["Thing"]`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from codemods.mentions import said
from codemods.moves import names_of
from codemods.self_names import finds_by_name, looks_names_up
from consolidator.tree.index import Tree
from consolidator.tree.names import Resolver


class Registers:
    """Which names those are, and which files may look something up by one."""

    def __init__(self, tree: Tree, resolver: Resolver, moves: Mapping[str, str]) -> None:
        self._tree = tree
        self._resolver = resolver
        self.names = names_of(moves)
        """See `names_of`."""
        self._registers: dict[str, bool] = {}
        self._looking: dict[str, bool] = {}

    def possible(self, text: str) -> tuple[bool, list[str]]:
        """Whether code hands names to a library that finds classes by them, and those of the names that it
        may say in a string, by themselves or in an expression."""
        ends = said(text, self._ends.keys())
        finds = bool(ends) and finds_by_name(text)
        names = [name for last in sorted(ends) for name in self._ends[last]]
        return finds, [n for n in names if finds or f'"{n}"' in text or f"'{n}'" in text]

    @cached_property
    def _ends(self) -> dict[str, list[str]]:
        ends: dict[str, list[str]] = {}
        for name in self.names:
            ends.setdefault(name.rpartition(".")[2], []).append(name)
        return ends

    def looks_up(self, path: str) -> bool:
        """Whether a file, or one that it imports from, may look classes up by their names."""
        if path not in self._looking:
            self._looking[path] = any(map(self._looks_up_itself, self._with_imported(path)))
        return self._looking[path]

    def _looks_up_itself(self, path: str) -> bool:
        if path not in self._registers:
            text = self._tree.read(path).decode("latin-1")
            self._registers[path] = looks_names_up(text)
        return self._registers[path]

    def _with_imported(self, path: str) -> Iterator[str]:
        yield path
        facts = self._tree.facts(path)
        for fact in facts.imports if facts else ():
            source = self._tree.absolute(path, fact.level, fact.module)
            if source is not None:
                found = self._resolver.absolute(
                    f"{source}.{fact.name}" if fact.name else source, path
                )
                yield from (definition.path for definition in found.definitions if definition.path)
