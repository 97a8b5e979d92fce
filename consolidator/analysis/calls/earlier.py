"""The tree before the last migration moved its references: there, legacy names still mean themselves.

After `migrate imports`, a receiver is an instance of the target, and of several legacy classes that
became one nobody can tell which it was. So receivers are followed in the tree as it was, and what is
found there is said of the same expressions as they stand now.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from consolidator.analysis.calls.alignment import aligned
from consolidator.analysis.changes import FileChange
from consolidator.analysis.flow.file_flow import FileFlow, Matters
from consolidator.analysis.overlay import overlaid
from consolidator.plan import Plan
from consolidator.tree.index import Tree
from consolidator.tree.parse import parse_syntax
from consolidator.tree.source import SourceText, decode


class Earlier:
    """`tree` is the tree as it was, as far as that is known: of files that were edited since, or in
    which the migration changed more than references, it has the present text."""

    def __init__(self, tree: Tree, plan: Plan, migration: Iterable[FileChange]) -> None:
        self._now = tree
        self._moved = {part for move in plan.moves for part in move.target.split(".")}
        known = set(tree.paths)
        self._back = {
            change.path: FileChange(change.path, change.after, change.before)
            for change in migration
            if change.path in known and change.after is not None
            if tree.read(change.path) == change.after and self._is_move(change)
        }
        self.tree = overlaid(tree, self._back.values()) if self._back else tree

    def _is_move(self, change: FileChange) -> bool:
        before, after = _parsed(change.before), _parsed(change.after)
        return (
            before is not None
            and after is not None
            and aligned(before, after, self._moved) is not None
        )

    def as_now(self, flow: FileFlow) -> FileFlow:
        """What is known about a file of the earlier tree, said of its present expressions."""
        after = self._now.syntax(flow.path)
        if flow.path not in self._back or not isinstance(after, ast.Module):
            return flow
        pairs = aligned(flow.syntax, after, self._moved) or {}
        values = {new: flow.values[old] for new, old in pairs.items() if old in flow.values}
        return FileFlow(flow.path, after, values, flow.absolute, _as_before(flow, after))


def _as_before(flow: FileFlow, after: ast.Module) -> Matters:
    """What matters in the file as it is now: the same definitions as before."""
    pairs = zip(_definitions(flow.syntax), _definitions(after), strict=True)
    known = {new.lineno: flow.matters(old.lineno, old.end_lineno or 0) for old, new in pairs}
    return lambda first, _last: known.get(first, True)


def _definitions(tree: ast.Module) -> list[ast.stmt]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


def _parsed(data: bytes | None) -> ast.Module | None:
    source = decode(data) if data is not None else None
    syntax = parse_syntax(source.text) if isinstance(source, SourceText) else None
    return syntax if isinstance(syntax, ast.Module) else None
