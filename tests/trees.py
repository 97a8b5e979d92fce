"""Small projects for tests, written as `{path: text}`."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from consolidator.adapters.load import load_tree
from consolidator.tree.index import Tree


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
