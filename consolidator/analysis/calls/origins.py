"""What a name in a file meant before the last migration rewrote its import."""

from __future__ import annotations

from collections.abc import Iterable

from consolidator.analysis.changes import FileChange
from consolidator.analysis.overlay import overlaid
from consolidator.plan import Plan
from consolidator.tree.index import Tree
from consolidator.tree.names import Resolver


class Origins:
    """Answers from the tree as it was. Only files that are still as the migration left them count:
    in others, names may have been written since."""

    def __init__(self, tree: Tree, plan: Plan, migration: Iterable[FileChange]) -> None:
        known = set(tree.all_paths)
        back = [
            FileChange(change.path, change.after, change.before)
            for change in migration
            if change.after is not None
            if change.path in known and tree.read(change.path) == change.after
        ]
        self._rewritten = {change.path: change.after or b"" for change in back}
        self._plan = plan
        self._earlier = Resolver(overlaid(tree, back)) if back else None

    def __call__(self, path: str, scope: str, dotted: str) -> str:
        """Dotted name of the class or function that was meant; empty where that is not known."""
        if self._earlier is None:
            return ""
        found = self._earlier.expression(path, dotted, scope).exact
        if found and found.kind in ("class", "function"):
            return found.dotted
        return self._from_text(path, dotted)

    def _from_text(self, path: str, dotted: str) -> str:
        """A use under its full name was rewritten whole: the one legacy name that the file had."""
        before = self._rewritten.get(path)
        if before is None or "." not in dotted or self._earlier is None:
            return ""
        meant = {
            found.dotted
            for move in self._plan.moves
            if move.target == dotted and move.source.encode() in before
            if (found := self._earlier.absolute(move.source).exact)
        }
        return meant.pop() if len(meant) == 1 else ""
