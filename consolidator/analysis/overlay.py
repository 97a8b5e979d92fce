"""A tree as it would be after some changes, without writing them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from consolidator.analysis.changes import FileChange
from consolidator.tree.facts import ModuleFacts, Unreadable
from consolidator.tree.index import Tree


def overlaid(tree: Tree, changes: Iterable[FileChange]) -> Tree:
    """`tree` with changes applied. Facts of unchanged files are taken over, not read again."""
    contents = {change.path: change.after for change in changes}
    contents.update(
        (link, contents[target]) for link, target in tree.links.items() if target in contents
    )
    gone = {path for path, data in contents.items() if data is None}

    def read(path: str) -> bytes:
        data = contents.get(path)
        return tree.read(path) if data is None else data

    def facts(paths: Sequence[str]) -> Mapping[str, ModuleFacts | Unreadable]:
        tree.prefetch(path for path in paths if path not in contents)
        changed = {path: read(path) for path in paths if path in contents}
        known = {path: _facts(tree, path) for path in paths if path not in contents}
        return {**known, **tree.facts_of(changed)}

    kept = [path for path in tree.all_paths if path not in gone]
    return Tree(tree.root, kept, tree.layout, read, facts, tree.facts_of, tree.links)


def _facts(tree: Tree, path: str) -> ModuleFacts | Unreadable:
    return tree.facts(path) or Unreadable(1, "could not be read before the change")
