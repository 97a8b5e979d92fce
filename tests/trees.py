"""Small projects for tests, written as `{path: text}`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import dedent

from consolidator.adapters.load import load_tree
from consolidator.tree.facts import ModuleFacts, Unreadable
from consolidator.tree.index import Tree, made_here
from consolidator.tree.modules import find_layout


def write_tree(root: Path, files: dict[str, str | bytes]) -> Path:
    """Write files below `root`; texts are dedented, bytes written as they are."""
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else dedent(content).lstrip("\n").encode()
        target.write_bytes(data)
    return root


def tree_of(root: Path) -> Tree:
    """The tree below `root`, parsed in this process and without the user's cache."""
    return load_tree(root, jobs=1, cache=False)


def tree_in_memory(files: Mapping[str, bytes]) -> Tree:
    """A tree of these files, none of which is on disk."""

    def facts(paths: Sequence[str]) -> Mapping[str, ModuleFacts | Unreadable]:
        return made_here({path: files[path] for path in paths})

    return Tree("", files, find_layout(files), files.__getitem__, facts)
