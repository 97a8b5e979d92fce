"""Moves of whole modules, as moves of what they define."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from consolidator.plan import Move, Plan
from consolidator.tree.index import Tree


def with_parts(plan: Plan, tree: Tree) -> Plan:
    """A plan that also moves each class and function of the modules that it moves.

    A part that the plan moves elsewhere, and private ones that the new module lacks, are left out.
    """
    named = {move.source for move in plan.moves}
    parts = [part for move in plan.moves for part in _parts(move, tree) if part.source not in named]
    return replace(plan, moves=(*plan.moves, *parts)) if parts else plan


def _parts(move: Move, tree: Tree) -> Iterator[Move]:
    modules = tree.modules()
    for module, path in sorted(modules.items()):
        within = module.removeprefix(move.source)
        if within == module or (within and not within.startswith(".")):
            continue
        target = move.target + within
        there = _defined(modules.get(target, ""), tree)
        for name in sorted(_defined(path, tree)):
            if name in there or not name.startswith("_"):
                yield replace(move, source=f"{module}.{name}", target=f"{target}.{name}")


def _defined(path: str, tree: Tree) -> set[str]:
    facts = tree.facts(path) if path else None
    if facts is None:
        return set()
    classes = {cls.name for cls in facts.classes if not cls.scope}
    return classes | {function.name for function in facts.functions if not function.scope}
