"""Installed sources read along with ROOT, so that names lead into them like into the project's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from consolidator.analysis.emissions.program.function import LIBRARY
from consolidator.tree.facts import ModuleFacts, Unreadable
from consolidator.tree.index import Tree

Find = Callable[[str], Tree | None]
"""The tree of an installed top-level package; None where it has no source."""


def with_libraries(tree: Tree, packages: Iterable[str], find: Find) -> Tree:
    """A tree that also holds those of the packages that ROOT mentions and does not define."""
    added: dict[str, Tree] = {}
    for package in sorted(set(packages)):
        wanted = not tree.is_first_party(package) and tree.containing(package)
        library = find(package) if wanted else None
        if library is not None:
            added |= {f"{LIBRARY}{path}": library for path in library.paths}
    return _merged(tree, added) if added else tree


def _merged(tree: Tree, added: Mapping[str, Tree]) -> Tree:
    def read(path: str) -> bytes:
        return added[path].read(path.removeprefix(LIBRARY)) if path in added else tree.read(path)

    def facts(paths: Sequence[str]) -> Mapping[str, ModuleFacts | Unreadable]:
        tree.prefetch([path for path in paths if path not in added])
        unreadable = {s.path: Unreadable(s.line, s.reason) for s in tree.skipped()}
        found: dict[str, ModuleFacts | Unreadable] = {}
        for path in paths:
            if path in added:
                known = added[path].facts(path.removeprefix(LIBRARY))
                found[path] = known or Unreadable(1, "can't be parsed")
            else:
                found[path] = tree.facts(path) or unreadable[path]
        return found

    layout = replace(tree.layout, roots=(LIBRARY.rstrip("/"), *tree.layout.roots))
    return Tree(tree.root, [*tree.all_paths, *added], layout, read, facts)
