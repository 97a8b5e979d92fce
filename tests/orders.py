"""Static orders of a small project beside those that CPython really computes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mro_truth import real_orders
from trees import tree_of, write_tree

from consolidator.adapters.environment import Environment, environment_of
from consolidator.analysis.mro.report import Hierarchy, MroReport, Selection, report
from consolidator.analysis.mro.world import Target
from consolidator.tree.index import Tree
from consolidator.tree.stdlib.table import load_standard_library


def environment(root: Path) -> Environment:
    """The environment of the running interpreter, without the user's cache."""
    return environment_of(root, cache=False)


def hierarchy_of(tree: Tree, version: tuple[int, int] | None = None) -> Hierarchy:
    where = environment(Path(tree.root))
    target = Target(version or where.version)
    return Hierarchy(tree, where, load_standard_library(target.version), target)


def report_of(tree: Tree, *match: str, subclasses_of: str = "") -> MroReport:
    return report(hierarchy_of(tree), Selection(match, subclasses_of))


def hold_against_cpython(
    root: Path, files: str | dict[str, str], tops: Sequence[str], *, may_doubt: bool
) -> None:
    """Write a trap and assert of every class that its order is CPython's, or, where that is allowed,
    that it is doubted with a reason."""
    write_tree(root, dict(files) if isinstance(files, dict) else {"trap.py": files})
    real = real_orders(root, tops)
    found = {(c.qualname, c.line): c for c in report_of(tree_of(root)).classes}
    assert real, "the trap must be code that CPython runs"
    for qualname, (line, order) in real.items():
        entry = found[qualname, line]
        if entry.certainty == "exact":
            assert list(entry.order) == order
        else:
            assert may_doubt, (qualname, entry.order, entry.reasons)
            assert entry.reasons
