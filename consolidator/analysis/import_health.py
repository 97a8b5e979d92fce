"""Imports of one's own modules that can't succeed, and modules that import one another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from codemods.moves import longest_prefix
from consolidator.tree.facts import BindingFact, ImportFact
from consolidator.tree.index import Tree
from consolidator.tree.names import Resolver, for_type_checkers

if TYPE_CHECKING:
    import networkx as nx


_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, order=True)
class BrokenImport:
    """An import of a module or name that ROOT should have and has not. `name` is empty for a module."""

    path: str
    line: int
    module: str
    name: str

    @property
    def dotted(self) -> str:
        """What is imported, as one name."""
        return f"{self.module}.{self.name}" if self.name else self.module


def broken_imports(tree: Tree, paths: Iterable[str] | None = None) -> list[BrokenImport]:
    """First-party imports that fail, guarded ones included, sorted. Doubt counts as working."""
    tree.prefetch(paths)
    check = _Check(tree)
    return sorted(
        {b for path in (tree.paths if paths is None else paths) for b in check.file(path)}
    )


def exists(tree: Tree, dotted: str) -> bool:
    """Whether a dotted name means something, as far as can be read; all that is not of ROOT does."""
    return _Check(tree).exists(dotted)


class _Check:
    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._resolver = Resolver(tree)
        self._known: dict[tuple[str, str], bool] = {}

    def file(self, path: str) -> Iterator[BrokenImport]:
        facts = self._tree.facts(path)
        for fact in facts.imports if facts else ():
            target = self._tree.absolute(path, fact.level, fact.module)
            if target is None:
                if self._tree.module(path):
                    dots = "." * fact.level
                    yield BrokenImport(path, fact.line, dots + fact.module, fact.name)
            elif not self._works(path, target, fact):
                yield BrokenImport(path, fact.line, target, fact.name)

    def _works(self, path: str, target: str, fact: ImportFact) -> bool:
        tree = self._tree
        source = tree.find(target, path)
        if source is None:
            if tree.is_namespace(target):
                below = f"{target}.{fact.name}"
                is_there = tree.find(below, path) is not None or tree.is_namespace(below)
                return fact.name in ("", "*") or is_there
            return not tree.is_first_party(target)
        if fact.name in ("", "*"):
            return True
        if self.has(source, fact.name):
            return True
        below = f"{target}.{fact.name}"
        return tree.is_package(source) and (
            tree.find(below, path) is not None or tree.is_namespace(below)
        )

    def exists(self, dotted: str) -> bool:
        """See `exists`; of what a class holds nothing is asked."""
        module, rest = dotted, ""
        while module and self._tree.find(module) is None:
            if self._tree.is_namespace(module):
                return not rest
            module, _, rest = module.rpartition(".")
        path = self._tree.find(module) if module else None
        if path is None:
            return not self._tree.is_first_party(dotted)
        return not rest or self.has(path, rest)

    def has(self, path: str, name: str) -> bool:
        """Whether a module has a name, as far as can be read."""
        key = (path, name)
        if key not in self._known:
            self._known[key] = True  # a circle of stars brings nothing by itself
            self._known[key] = self._has(path, name)
        return self._known[key]

    def _has(self, path: str, name: str) -> bool:
        facts = self._tree.facts(path)
        if facts is None or facts.has_getattr or name.startswith("__"):
            return True
        bound = self._resolver.bindings(path, name)
        if any(not (isinstance(b, BindingFact) and b.form == "del") for b in bound):
            return True
        if any(lazy == name for lazy, _ in facts.lazy_names):
            return True
        return any(
            self._star_brings(path, fact, name)
            for fact in facts.imports
            if fact.name == "*" and not fact.scope
        )

    def _star_brings(self, path: str, fact: ImportFact, name: str) -> bool:
        target = self._tree.absolute(path, fact.level, fact.module)
        if target is None:
            return False
        source = self._tree.find(target, path)
        if source is None:
            return not self._tree.is_first_party(target)
        facts = self._tree.facts(source)
        listed = facts.exports if facts else None
        if listed is not None and facts is not None and facts.exports_exact:
            return name in listed
        return not name.startswith("_") and self.has(source, name)


def newly_broken(
    tree: Tree, before: Iterable[BrokenImport], after: Tree, moves: Mapping[str, str]
) -> list[BrokenImport]:
    """Imports that fail in the tree `after`, and of which neither failed in `tree`, as those `before` did,
    wherever they stand in their file; nor under the name that a move has changed."""
    known = {(broken.path, broken.dotted) for broken in before}
    fresh = [b for b in broken_imports(after) if (b.path, b.dotted) not in known]
    homes = {target: source for source, target in moves.items()}
    check = _Check(tree)

    def was_broken(broken: BrokenImport) -> bool:
        old = longest_prefix(broken.dotted, homes)
        return old is not None and not (check.exists(old) or check.exists(broken.dotted))

    return [broken for broken in fresh if not was_broken(broken)]


# cycles


@dataclass(frozen=True, slots=True)
class ImportCycle:
    """Files that would import one another at module level; the first imports the second, and so on."""

    paths: tuple[str, ...]

    def __str__(self) -> str:
        return " → ".join((*self.paths, self.paths[0]))


def new_cycles(
    tree: Tree, after: Tree, edited: Iterable[str], moves: Mapping[str, str]
) -> list[ImportCycle]:
    """Import cycles at module level that edits of some files close, by the import that closes each.
    An import of a file that was moved already imported it before, and modules that were in a circle
    at their old homes may be in it at their new ones."""
    added = {
        (path, target)
        for path in edited
        for target in set(_imported(after, path)) - set(_imported(tree, path, moves))
    }
    if not added:
        return []
    import networkx as nx  # noqa: PLC0415 - slow to import, and only a check of cycles needs it

    before_groups, graph = _components(_graph(tree, moves)), _graph(after)
    after_groups = _components(graph)
    homes = {target: source for source, target in moves.items()}

    def group(path: str) -> str:
        return before_groups.get(path, path)

    def old_group(path: str) -> str:
        names = (longest_prefix(name, homes) for name in tree.layout.names(path))
        old = next((found for name in names if name and (found := tree.find(name))), path)
        return group(old)

    return [
        ImportCycle((path, *nx.shortest_path(graph, target, path)[:-1]))
        for path, target in sorted(added)
        if after_groups[path] == after_groups[target]
        and group(path) != group(target)
        and old_group(path) != old_group(target)
    ]


def _graph(tree: Tree, moves: Mapping[str, str] = _NONE) -> nx.DiGraph[str]:
    import networkx as nx  # noqa: PLC0415 - slow to import, and only a check of cycles needs it

    tree.prefetch()
    graph: nx.DiGraph[str] = nx.DiGraph()
    for path in tree.paths:
        graph.add_node(path)
        graph.add_edges_from((path, target) for target in _imported(tree, path, moves))
    return graph


def _components(graph: nx.DiGraph[str]) -> dict[str, str]:
    """Each file with the smallest path of its strongly connected component."""
    import networkx as nx  # noqa: PLC0415 - slow to import, and only a check of cycles needs it

    groups = nx.strongly_connected_components(graph)
    return {path: min(group) for group in groups for path in group}


def _imported(tree: Tree, path: str, moves: Mapping[str, str] = _NONE) -> Iterator[str]:
    return (found for _, found in imports_of(tree, path, moves))


def imports_of(
    tree: Tree, path: str, moves: Mapping[str, str] = _NONE
) -> Iterator[tuple[ImportFact, str]]:
    """Each import that runs when a file is imported, with the files that it runs directly: modules
    and the packages around them, found by their new names where only those are left."""
    facts = tree.facts(path)
    for fact in facts.imports if facts else ():
        if fact.scope or for_type_checkers(fact):
            continue
        target = tree.absolute(path, fact.level, fact.module)
        for name in _executed(target, fact) if target else ():
            found = tree.find(name, path)
            if found is None and (new := longest_prefix(name, moves)):
                found = tree.find(new, path)
            if found not in (None, path) and not _is_around(found, path):
                yield fact, found


def _is_around(package: str, path: str) -> bool:
    """Whether one file is a package around the other, which has run it already."""
    folder, slash, name = package.rpartition("/")
    return name == "__init__.py" and path.startswith(f"{folder}{slash}")


def _executed(target: str, fact: ImportFact) -> Iterator[str]:
    parts = target.split(".")
    yield from (".".join(parts[: cut + 1]) for cut in range(len(parts)))
    if fact.name:
        yield f"{target}.{fact.name}"
