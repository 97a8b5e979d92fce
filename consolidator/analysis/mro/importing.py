"""Whether an import can succeed: what its module, and all that the module imports, must find.

Packages outside the importer's own source are counted as there or not: what is installed here need
not be installed where the code runs, so an answer that hangs on it is told as such.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from consolidator.analysis.mro.flow import catches_imports
from consolidator.analysis.mro.values import ModuleValue, Place, Space, Unknown
from consolidator.analysis.mro.world import World
from consolidator.tree.facts import ImportFact


@dataclass(frozen=True, slots=True)
class Needs:
    """What must be there for an import to succeed."""

    packages: frozenset[str] = frozenset()
    """Top-level packages outside the importer's source and the standard library."""
    missing: frozenset[str] = frozenset()
    """Packages of them that are not installed here, and modules that exist nowhere."""

    def __or__(self, other: Needs) -> Needs:
        return Needs(self.packages | other.packages, self.missing | other.missing)

    def without(self, other: Needs) -> Needs:
        """What is needed beyond what another import has found already."""
        return Needs(self.packages - other.packages, self.missing - other.missing)


_File = tuple[Space, str]


class Importing:
    """What imports of one world need. Answers are remembered."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._direct: dict[_File, tuple[Needs, frozenset[str]]] = {}
        self._known: dict[_File, Needs] = {}

    def statement(self, node: ast.Import | ast.ImportFrom, place: Place) -> Needs:
        """What an import statement needs, beyond what the imports that its file can't do without
        have found by then."""
        needs, paths = Needs(), set[str]()
        for module in _named_modules(node, place):
            found, files = self._module(module, place)
            needs |= found
            paths |= files
        for path in sorted(paths):
            needs |= self._file((place.space, path))
        return needs.without(self._file((place.space, place.path))) if needs.packages else needs

    def _module(self, dotted: str, place: Place) -> tuple[Needs, set[str]]:
        """What a module needs itself, and the files of the importer's source that it runs."""
        needs, paths = Needs(), set[str]()
        parts = dotted.split(".")
        for end in range(1, len(parts) + 1):
            prefix = ".".join(parts[:end])
            value = self._world.module(prefix, place)
            if isinstance(value, ModuleValue) and value.space is place.space:
                paths |= {value.path} - {"", place.path}
            elif isinstance(value, Unknown) and self._world.is_inside(prefix, place):
                needs |= Needs(missing=frozenset({prefix} if value.missing else ()))
            elif not (isinstance(value, ModuleValue) and value.space is None):
                gone = isinstance(value, Unknown) and value.missing
                needs |= Needs(frozenset({parts[0]}), frozenset({parts[0]} if gone else ()))
                break
        return needs, paths

    def _file(self, file: _File) -> Needs:
        """What must be there for a file to run to its end: all that can be reached from it."""
        if file not in self._known:
            space, path = file
            needs, reached, level = Needs(), {path}, [path]
            while level:
                space.tree.prefetch(level)
                found = [self._directly((space, reached_path)) for reached_path in level]
                level = sorted(set().union(*(paths for _, paths in found)) - reached)
                reached.update(level)
                for direct, _ in found:
                    needs |= direct
            self._known[file] = needs
        return self._known[file]

    def _directly(self, file: _File) -> tuple[Needs, frozenset[str]]:
        if file not in self._direct:
            space, path = file
            needs, paths = Needs(), set[str]()
            for fact in self._unconditional(space, path):
                for module in _modules(space, path, fact.level, fact.module, [fact.name]):
                    found, files = self._module(module, Place(space, path, "", fact.line))
                    needs |= found
                    paths |= files
            self._direct[file] = (needs, frozenset(paths))
        return self._direct[file]

    def _unconditional(self, space: Space, path: str) -> Iterator[ImportFact]:
        """The imports at module level whose failure ends the module."""
        facts = space.tree.facts(path)
        imports = [fact for fact in (facts.imports if facts else ()) if not fact.scope]
        yield from (fact for fact in imports if not fact.guards)
        guarded = [fact for fact in imports if fact.guards == ("try",)]
        syntax = space.tree.syntax(path) if guarded and _raises(space, path) else None
        for node in syntax.body if isinstance(syntax, ast.Module) else ():
            if isinstance(node, ast.Try) and any(map(_raises_again, node.handlers)):
                first, last = node.body[0].lineno, node.body[-1].end_lineno or 0
                yield from (fact for fact in guarded if first <= fact.line <= last)


def _named_modules(node: ast.Import | ast.ImportFrom, place: Place) -> Iterator[str]:
    names = [alias.name for alias in node.names]
    if isinstance(node, ast.Import):
        yield from names
    else:
        yield from _modules(place.space, place.path, node.level, node.module or "", names)


def _modules(
    space: Space, path: str, level: int, module: str, names: Iterable[str]
) -> Iterator[str]:
    """The modules that a `from` import runs: the named one, and those of its names that are modules."""
    absolute = space.tree.absolute(path, level, module)
    if absolute:
        yield absolute
        below = (f"{absolute}.{name}" for name in names if name)
        yield from (dotted for dotted in below if space.tree.find(dotted))


def _raises(space: Space, path: str) -> bool:
    return b"raise" in space.tree.read(path)


def _raises_again(handler: ast.ExceptHandler) -> bool:
    return catches_imports(handler) and isinstance(handler.body[-1], ast.Raise)
