"""Classes outside ROOT that a plan moves to: what an installed package holds of the family."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from consolidator.analysis.history.cutting import text_of
from consolidator.analysis.history.edits import units_of
from consolidator.analysis.history.family import Member, members_of
from consolidator.analysis.history.outline import outline_of
from consolidator.analysis.history.statements import UnparsableError
from consolidator.plan import Plan
from consolidator.tree.index import Tree
from consolidator.tree.modules import find_layout
from consolidator.tree.names import Definition, Resolver

Library = Callable[[str], Tree | None]
"""The source of an installed top-level package; None where there is none."""


def installed_members(plan: Plan, library: Library) -> list[Member]:
    """The targets of a plan that are installed, each under the name that the plan gives it, and the
    classes that they inherit from."""
    found: dict[str, Member] = {}
    for target in sorted({move.target for move in plan.moves}):
        tree = library(target.partition(".")[0])
        if tree is not None:
            for member in _defined(tree, target):
                found.setdefault(member.qualname, member)
    return list(found.values())


def _defined(tree: Tree, target: str) -> Iterator[Member]:
    resolver = Resolver(tree)
    exact = resolver.absolute(target).exact
    pending = [exact] if exact else []
    seen: set[str] = set()
    while pending:
        definition = pending.pop()
        if definition.path is None or definition.dotted in seen:
            continue
        member = _member(tree, definition, "" if seen else target)
        seen.add(definition.dotted)
        if member is not None:
            yield member
            bases = (resolver.expression(definition.path, base).exact for base in member.bases)
            pending += [base for base in bases if base is not None]


def _member(tree: Tree, definition: Definition, shown: str) -> Member | None:
    assert definition.path is not None
    try:
        content = tree.read(definition.path)
        outline = outline_of(units_of(content), {}, text_of(content) or "")
    except (OSError, UnparsableError):
        return None
    layout = find_layout([definition.path], ())
    for member in members_of(definition.path, outline, layout):
        if member.name == definition.qualname.rpartition(".")[2]:
            qualname = shown or definition.dotted
            name = qualname.rpartition(".")[2]
            return Member(qualname, f"{tree.root}/{member.path}", name, member.units, member.bases)
    return None
