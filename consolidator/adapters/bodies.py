"""Bodies of functions of a whole tree, cached and read on every core."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from consolidator.adapters.cache import ContentCache
from consolidator.adapters.contents import ContentReader
from consolidator.analysis.emissions.bodies import code, places, read_bodies, read_expressions
from consolidator.analysis.emissions.bodies.read_bodies import FileBodies, bodies_of
from consolidator.analysis.emissions.program.program import BodiesReader
from consolidator.tree import parse, source
from consolidator.tree.facts import Unreadable
from consolidator.tree.index import Tree

Bodies = FileBodies | Unreadable
_MAKERS = (code, places, read_bodies, read_expressions, parse, source)


def bodies_reader(jobs: int | None = None, *, cache: bool = True) -> Callable[[Tree], BodiesReader]:
    """Makes the reader of a tree's function bodies; files that can't be parsed are left out."""
    known = ContentCache[Bodies]("bodies", Bodies, _MAKERS) if cache else None
    reader = ContentReader[Bodies](bodies_of, Bodies, jobs, known)

    def for_tree(tree: Tree) -> BodiesReader:
        def read(paths: Sequence[str]) -> Mapping[str, FileBodies]:
            records = reader.records({path: tree.read(path) for path in paths})
            return {p: r for p, r in records.items() if isinstance(r, FileBodies)}

        return read

    return for_tree
