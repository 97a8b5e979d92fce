"""Static orders of a small project beside those that CPython really computes."""

from __future__ import annotations

from pathlib import Path

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
