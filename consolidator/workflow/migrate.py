"""From a plan to changes that are safe to write: computed, checked as a whole, then applied or not."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from codemods.moves import cyclic
from consolidator.analysis.changes import FileChange, Migration, Rewriting
from consolidator.analysis.import_health import (
    BrokenImport,
    broken_imports,
    new_cycles,
    newly_broken,
)
from consolidator.analysis.overlay import overlaid
from consolidator.errors import ToolError
from consolidator.plan import Plan
from consolidator.tree.facts import Unreadable
from consolidator.tree.index import Tree
from consolidator.tree.parse import parse_syntax
from consolidator.tree.source import decode

Planner = Callable[[Tree, Plan], Rewriting]
"""One rewrite of a whole tree, computed without writing."""


def prepare(tree: Tree, plan: Plan, planner: Planner) -> Migration:
    """Computes a migration and makes sure that it leaves the tree no worse.

    Raises `ToolError`, naming the files, where a changed file would no longer parse, an import would
    newly fail, modules would newly import one another in a circle, or a second run would change
    something again.
    """
    rewriting = planner(tree, plan)
    broken = broken_imports(tree)
    if rewriting.changes:
        after = overlaid(tree, rewriting.changes)
        _check_syntax(rewriting.changes)
        _check_imports(tree, after, rewriting.changes, broken)
        _check_second_run(after, plan, planner)
    return Migration(
        len(tree.paths),
        rewriting.changes,
        rewriting.omissions,
        tuple(broken),
        tuple(tree.skipped()),
    )


def _refuse(problem: str, places: Iterable[str]) -> None:
    listed = "".join(f"\n  {place}" for place in places)
    if listed:
        raise ToolError(f"nothing was written: {problem}{listed}")


def _check_syntax(changes: Iterable[FileChange]) -> None:
    found = []
    for change in changes:
        if not change.path.endswith(".py") or change.after is None:
            continue
        source = decode(change.after)
        parsed = source if isinstance(source, Unreadable) else parse_syntax(source.text)
        if isinstance(parsed, Unreadable):
            found.append(f"{change.path}:{parsed.line}: {parsed.reason}")
    _refuse("these files would no longer parse", found)


def _check_imports(
    tree: Tree, after: Tree, changes: Iterable[FileChange], before: Iterable[BrokenImport]
) -> None:
    broken = newly_broken(before, after)
    _refuse(
        "these imports would newly fail",
        (f"{b.path}:{b.line}: {b.module}{'.' if b.name else ''}{b.name}" for b in broken),
    )
    edited = [c.path for c in changes if c.path.endswith(".py") and c.after is not None]
    cycles = new_cycles(tree, after, edited)
    _refuse("these modules would newly import one another", (str(cycle) for cycle in cycles))


def _check_second_run(after: Tree, plan: Plan, planner: Planner) -> None:
    if cyclic({move.source: move.target for move in plan.moves}):
        return  # a swap, applied again, swaps back
    again = planner(after, plan)
    _refuse(
        "a second run would change these files again", (change.path for change in again.changes)
    )
