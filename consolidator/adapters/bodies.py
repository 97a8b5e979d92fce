"""Bodies of functions, read from a tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from consolidator.analysis.emissions.program import BodiesReader
from consolidator.analysis.emissions.read_bodies import FileBodies, read_bodies
from consolidator.tree.facts import Unreadable
from consolidator.tree.index import Tree


def bodies_of(tree: Tree) -> BodiesReader:
    """The reader of one tree's function bodies; files that can't be parsed are left out."""

    def read(paths: Sequence[str]) -> Mapping[str, FileBodies]:
        found: dict[str, FileBodies] = {}
        for path in paths:
            syntax = tree.syntax(path)
            if not isinstance(syntax, Unreadable):
                found[path] = read_bodies(syntax)
        return found

    return read
