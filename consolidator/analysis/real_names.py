"""The names of a plan as ROOT's own modules say them."""

from __future__ import annotations

from dataclasses import replace

from consolidator.plan import Plan
from consolidator.tree.index import Tree


def by_real_names(tree: Tree, plan: Plan) -> Plan:
    """The plan with each name counted from the deepest source root. Where `backend` is one, a plan may
    still say `backend.app.old` for `app.old`, and what the modules in it call so has to be found."""
    moves = tuple(
        replace(move, source=_real(tree, move.source), target=_real(tree, move.target))
        for move in plan.moves
    )
    return plan if moves == plan.moves else replace(plan, moves=moves)


def _real(tree: Tree, dotted: str) -> str:
    module, rest = dotted, ""
    while module and tree.find(module) is None:
        module, dot, last = module.rpartition(".")
        rest = f"{dot}{last}{rest}"
    return tree.module(tree.find(module) or "") + rest if module else dotted
