"""From a plan to changes that are safe to write: computed, checked as a whole, then applied or not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from codemods.moves import resolve_chains
from consolidator.analysis.changes import FileChange, Migration, Rewriting
from consolidator.analysis.import_health import (
    BrokenImport,
    broken_imports,
    exists,
    newly_broken,
)
from consolidator.analysis.overlay import overlaid
from consolidator.analysis.real_names import by_real_names
from consolidator.analysis.references.cycles import without_cycles
from consolidator.errors import Mistake, PlanError, ToolError
from consolidator.plan import Move, Plan
from consolidator.tree.collector import without_collector
from consolidator.tree.index import Tree
from consolidator.tree.names import Resolution, Resolver

Planner = Callable[[Tree, Plan, Rewriting | None], Rewriting]
"""One rewrite of a whole tree, computed without writing. The last argument is what an earlier run of it
made of the tree, and narrows this one to its files; a planner that can't be narrowed looks at all."""

_SHOWN = 3  # places of one name in an error: enough to look at, few enough to read


@without_collector()
def prepare(tree: Tree, plan: Plan, planner: Planner) -> Migration:
    """Computes a migration and makes sure that it leaves the tree no worse.

    Raises `ToolError`, naming the files, where a changed file would no longer parse, an import would
    newly fail, modules would newly import one another in a circle although no import can be made
    late, or a second run would change something again. Raises `PlanError` for a move between a module
    and what a module holds, and for one to a name that does not exist.
    """
    plan = by_real_names(tree, plan)
    moves = resolve_chains({move.source: move.target for move in plan.moves})
    _check_moves(tree, plan, moves)
    rewriting = planner(tree, plan, None).written_once(tree.links)
    broken = broken_imports(tree)
    after = overlaid(tree, rewriting.changes)
    changes, stuck = without_cycles(tree, after, rewriting.changes, moves)
    _refuse("these modules would newly import one another", map(str, stuck))
    if changes:
        if changes != rewriting.changes:
            rewriting = replace(rewriting, changes=changes)
            after = overlaid(tree, changes)
        _check_syntax(after, changes)
        _check_imports(tree, broken, after, moves)
        _check_second_run(after, plan, planner, rewriting)
    return Migration(
        len(tree.paths),
        changes,
        rewriting.omissions,
        tuple(broken),
        tuple(tree.skipped()),
    )


def unknown_sources(tree: Tree, plan: Plan) -> list[Move]:
    """Moves whose legacy name means nothing in ROOT: misspelled, or deleted already."""
    resolver = Resolver(tree)
    return [move for move in plan.moves if not _is_known(resolver.absolute(move.source))]


def _is_known(resolution: Resolution) -> bool:
    return any(found.kind != "external" for found in resolution.definitions)


def _check_moves(tree: Tree, plan: Plan, ends: Mapping[str, str]) -> None:
    """A module can only become a module, and what a module holds can not become one; the new name, or what
    the plan makes of it in the end, has to exist already."""
    resolver = Resolver(tree)
    mistakes: list[Mistake] = []
    for move in plan.moves:
        source, target = (resolver.absolute(n).exact for n in (move.source, move.target))
        kinds = {found.kind for found in (source, target) if found is not None}
        if source is not None and "module" in kinds and kinds & {"class", "function", "variable"}:
            expected = "a module" if source.kind == "module" else f"the {source.kind}'s new name"
            problem = f"{move.source} is a {source.kind}, {move.target} is not"
            mistakes.append(_mistake(plan, move, problem, expected))
        elif not (exists(tree, move.target) or exists(tree, ends[move.source])):
            problem = f"{move.target} exists nowhere in ROOT"
            mistakes.append(
                _mistake(plan, move, problem, "a name of ROOT or of an installed package")
            )
    if mistakes:
        raise PlanError(mistakes)


def _mistake(plan: Plan, move: Move, problem: str, expected: str) -> Mistake:
    return Mistake(plan.path or "--to", move.line if plan.path else 0, "to", problem, expected)


def _refuse(problem: str, places: Iterable[str]) -> None:
    listed = "".join(f"\n  {place}" for place in places)
    if listed:
        raise ToolError(f"nothing was written: {problem}{listed}")


def _check_syntax(after: Tree, changes: Iterable[FileChange]) -> None:
    changed = {change.path for change in changes if change.after is not None}
    after.prefetch(path for path in sorted(changed) if path.endswith((".py", ".pyi")))
    places = (f"{s.path}:{s.line}: {s.reason}" for s in after.skipped() if s.path in changed)
    _refuse("these files would no longer parse", places)


def _check_imports(
    tree: Tree, before: Iterable[BrokenImport], after: Tree, moves: Mapping[str, str]
) -> None:
    broken = newly_broken(tree, before, after, moves)
    places = defaultdict(list)
    for b in broken:
        places[b.dotted].append(f"{b.path}:{b.line}")
    _refuse(
        "these names would be imported, and exist nowhere in ROOT",
        (f"{dotted}: {_some(places[dotted])}" for dotted in sorted(places)),
    )


def _some(places: list[str]) -> str:
    shown, left = places[:_SHOWN], len(places) - _SHOWN
    return ", ".join(shown) + (f" and {left} more" if left > 0 else "")


def _check_second_run(after: Tree, plan: Plan, planner: Planner, first: Rewriting) -> None:
    if plan.swaps:
        return  # a swap, applied again, swaps back
    again = planner(after, plan, first).written_once(after.links)
    _refuse(
        "a second run would change these files again", (change.path for change in again.changes)
    )
