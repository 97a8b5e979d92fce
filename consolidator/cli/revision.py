"""The tree of an earlier revision, for commands that compare with one."""

from __future__ import annotations

from pathlib import Path

from consolidator.adapters.git import open_repository
from consolidator.adapters.load import tree_at
from consolidator.errors import ToolError
from consolidator.plan import Plan
from consolidator.tree.index import Tree


def open_tree_at(base: Path, revision: str, plan: Plan, jobs: int | None, no_cache: bool) -> Tree:
    """ROOT as it was at a git revision. Raises ToolError outside a repository."""
    repository = open_repository(base)
    if repository is None:
        raise ToolError(f"{base}: is in no git repository, so there is nothing to compare with")
    return tree_at(
        repository,
        revision,
        source_roots=plan.source_roots,
        exclude=plan.exclude,
        jobs=jobs,
        cache=not no_cache,
    )
