"""Every reference of a tree moved: candidates found, aliases known, then file by file."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from codemods.imports import rewrite_view
from codemods.moves import Moves
from codemods.outcome import Changed, Failed, Omission, Unchanged
from codemods.view import Options, View
from consolidator.analysis.changes import FileChange, Rewriting
from consolidator.analysis.references.candidates import find_candidates
from consolidator.analysis.references.routes import FileMoves, Routes
from consolidator.analysis.references.texts import move_texts
from consolidator.errors import ToolError
from consolidator.plan import Plan
from consolidator.tree.index import Tree
from consolidator.tree.names import Resolver
from consolidator.tree.source import SourceText


def plan_imports(tree: Tree, plan: Plan, options: Options = Options()) -> Rewriting:  # noqa: B008
    """What moving every reference of the plan would write, and what it would leave."""
    routes = Routes(tree, Resolver(tree), plan.moves)
    changes: list[FileChange] = []
    omissions: list[Omission] = []
    for result in _rewrite(routes, plan, options):
        if isinstance(result, FileChange):
            changes.append(result)
        else:
            omissions.append(result)
    changes.sort(key=lambda change: change.path)
    return Rewriting(tuple(changes), tuple(sorted(omissions)))


def _rewrite(routes: Routes, plan: Plan, options: Options) -> Iterator[FileChange | Omission]:
    for path in find_candidates(routes):
        yield from _rewrite_file(routes, path, options)
    yield from move_texts(routes, plan, docs=options.docs)


def _rewrite_file(routes: Routes, path: str, options: Options) -> Iterator[FileChange | Omission]:
    source, syntax = routes.tree.source(path), routes.tree.syntax(path)
    if not isinstance(source, SourceText) or not isinstance(syntax, ast.Module):
        return
    moves: Moves = FileMoves(routes, path)
    outcome = rewrite_view(View(source.text, syntax, moves, options))
    if isinstance(outcome, Failed):
        raise ToolError(f"{path}:{outcome.line}: {outcome.reason}; nothing was written")
    if isinstance(outcome, Changed | Unchanged):
        yield from (replace(omission, path=path) for omission in outcome.omissions)
    if isinstance(outcome, Changed):
        after = source.encode(outcome.text)
        yield FileChange(path, routes.tree.read(path), after, outcome.kinds)
