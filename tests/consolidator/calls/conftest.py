"""Adapts the calls of one file of a small backend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from call_cases import LEGACY, NEW, PLAN, Result, plan_of
from trees import tree_of, write_tree

from consolidator.analysis.call_sites import plan_calls
from consolidator.analysis.changes import FileChange

Migrate = Callable[..., Result]


@pytest.fixture
def migrate(tmp_path: Path) -> Migrate:
    """Adapts the calls of one file, and makes sure that a second run changes nothing."""

    def run(
        body: str,
        plan: str = PLAN,
        files: dict[str, str] | None = None,
        last: Sequence[FileChange] = (),
    ) -> Result:
        every = {"app/__init__.py": "", "app/legacy.py": LEGACY, "app/new.py": NEW}
        root = write_tree(tmp_path, {**every, "app/use.py": body, **(files or {})})
        first = plan_calls(tree_of(root), plan_of(plan), last_migration=last)
        for change in first.changes:
            assert change.after is not None
            (root / change.path).write_bytes(change.after)
        again = plan_calls(tree_of(root), plan_of(plan), last_migration=last)
        assert not again.changes, [change.after for change in again.changes]
        return Result((root / "app/use.py").read_text(), first.omissions)

    return run
