"""The other names of a class, and who imports it by which: re-exports, aliases, stars."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from consolidator.analysis.duplicates.shapes import Shape, in_tests
from consolidator.tree.facts import ImportFact
from consolidator.tree.index import Tree
from consolidator.tree.names import Definition, Resolver

Place = tuple[str, str]
"""A module's path and a name in it."""


@dataclass
class Names:
    """The names of one class."""

    importers: set[str] = field(default_factory=set)
    """Files that import it by any name."""
    by_place: dict[Place, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Files by the place from which they import it."""
    aliases: dict[Place, int] = field(default_factory=dict)
    """Places, other than its own, that offer it under a name; with the line."""


@dataclass(frozen=True, slots=True)
class _Use:
    """One import, assignment or star that gives a definition a name."""

    place: Place
    """Where the name was taken from."""
    line: int
    importer: str
    """The importing file; empty for an assignment or a star, which only pass the name on."""
    local: str
    offers: Place | None
    """The place at which others are meant to find it from now on."""
    definition: Definition


class NameIndex:
    """Imports of a tree by the name that they import."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._resolver = Resolver(tree)
        self._imports: dict[str, list[tuple[str, ImportFact]]] = defaultdict(list)
        self._stars: list[tuple[str, ImportFact]] = []
        self._star_names: dict[tuple[str, int], frozenset[str]] = {}
        self._modules: dict[str, list[tuple[str, ImportFact]]] = defaultdict(list)
        self._module_names = {module.rpartition(".")[2] for module in tree.modules()}
        self._assignments: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
        for path in tree.paths:
            facts = tree.facts(path)
            if facts is None:
                continue
            for fact in facts.imports:
                if fact.name == "*" and not in_tests(path):
                    self._stars.append((path, fact))
                elif fact.name:
                    self._imports[fact.name].append((path, fact))
                last = (fact.name or fact.module).rpartition(".")[2]
                if last in self._module_names:
                    self._modules[last].append((path, fact))
            for binding in facts.bindings:
                if binding.form == "name" and not binding.scope and _is_alias(path, binding.name):
                    last = binding.value.rpartition(".")[2].strip()
                    self._assignments[last].append((path, binding.name, binding.line))

    def of(self, shapes: Iterable[Shape]) -> dict[str, Names]:
        """The names of classes, by qualified name."""
        wanted = {(shape.path, shape.fact.qualname): shape.qualname for shape in shapes}
        found = {qualname: Names() for qualname in wanted.values()}
        pending = sorted({qualname.rpartition(".")[2] for qualname in found})
        done: set[str] = set()
        while pending:
            name = pending.pop()
            if name in done:
                continue
            done.add(name)
            for use in self._uses(name):
                qualname = wanted.get((use.definition.path, use.definition.qualname))
                if qualname is None:
                    continue
                pending.append(use.local)
                names = found[qualname]
                if use.importer:
                    names.importers.add(use.importer)
                    names.by_place[use.place].add(use.importer)
                if use.offers:
                    names.aliases[use.offers] = use.line
        self._add_places(found, wanted)
        self._add_attributes(found, wanted)
        return found

    def _uses(self, name: str) -> Iterator[_Use]:
        for path, fact in self._imports.get(name, ()):
            target = self._tree.absolute(path, fact.level, fact.module)
            source = self._tree.find(target, path) if target else None
            if source is None:
                continue
            offers = (path, fact.local) if self._offers(path, fact) else None
            for definition in self._resolver.lookup(source, name).definitions:
                yield _Use((source, name), fact.line, path, fact.local, offers, definition)
        for path, local, line in self._assignments.get(name, ()):
            place = (path, local)
            for definition in self._resolver.lookup(path, local).definitions:
                yield _Use(place, line, "", local, place, definition)
        for path, fact in self._stars:
            if name in self._starred(path, fact):
                place = (path, name)
                offers = place if self._offers(path, fact) else None
                for definition in self._resolver.lookup(path, name).definitions:
                    yield _Use(place, fact.line, "", name, offers, definition)

    def _starred(self, path: str, fact: ImportFact) -> frozenset[str]:
        key = (path, fact.line)
        if key not in self._star_names:
            target = self._tree.absolute(path, fact.level, fact.module)
            source = self._tree.find(target, path) if target else None
            names = self._resolver.exported_names(source) if source else []
            self._star_names[key] = frozenset(names)
        return self._star_names[key]

    def _offers(self, path: str, fact: ImportFact) -> bool:
        """Whether an import is meant to be imported again: an alias, a package's front, an `__all__`,
        or a module that defines nothing itself."""
        if fact.scope or in_tests(path):
            return False
        facts = self._tree.facts(path)
        if facts is None:
            return False
        if fact.local in (facts.exports or ()) or self._tree.is_package(path):
            return True
        return not facts.classes and not facts.functions and self._only_names(path)

    def _only_names(self, path: str) -> bool:
        syntax = self._tree.syntax(path)
        return isinstance(syntax, ast.Module) and _binds_names_only(syntax.body)

    def _add_places(self, found: dict[str, Names], wanted: dict[tuple[str, str], str]) -> None:
        """A place from which somebody imports a class offers it, whatever it was meant for."""
        homes = {qualname: (path, name) for (path, name), qualname in wanted.items()}
        for qualname, names in found.items():
            for place in sorted(names.by_place):
                if place != homes[qualname] and not in_tests(place[0]):
                    names.aliases.setdefault(place, 1)
            names.aliases.pop(homes[qualname], None)

    def _add_attributes(self, found: dict[str, Names], wanted: dict[tuple[str, str], str]) -> None:
        """Files that import a place's module and write `module.Name`."""
        homes = {qualname: (path, name) for (path, name), qualname in wanted.items()}
        for qualname, names in found.items():
            for place in [homes[qualname], *sorted(names.aliases)]:
                if "." not in place[1]:
                    for importer in self._by_attribute(*place):
                        names.importers.add(importer)
                        names.by_place[place].add(importer)

    def _by_attribute(self, module_path: str, name: str) -> Iterator[str]:
        module = self._tree.module(module_path)
        for path, fact in self._modules.get(module.rpartition(".")[2], ()):
            target = self._tree.absolute(path, fact.level, fact.module)
            dotted = ".".join(part for part in (target, fact.name) if part)
            if self._tree.find(dotted, path) != module_path:
                continue
            local = fact.local if fact.asname or fact.name else fact.module
            if self._tree.containing(f"{local}.{name}", paths=[path]):
                yield path


def _binds_names_only(body: list[ast.stmt]) -> bool:
    """Whether statements do nothing but give things names: an alias module's body."""
    for statement in body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        if isinstance(statement, ast.If | ast.Try):
            if not _binds_names_only(statement.body):
                return False
        elif not isinstance(statement, _NAMING) or isinstance(
            getattr(statement, "value", None), ast.Call
        ):
            return False
    return True


_NAMING = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Pass)


def _is_alias(path: str, name: str) -> bool:
    return name.lstrip("_")[:1].isupper() and not in_tests(path)
