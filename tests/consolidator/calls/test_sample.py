"""The bundled sample: in whichever order imports and calls are migrated, the same files come out."""

from __future__ import annotations

import shutil
from pathlib import Path

import consolidator.sample
from codemods.view import Options
from consolidator.adapters.apply import apply_changes
from consolidator.adapters.load import load_tree
from consolidator.analysis.call_sites import plan_calls
from consolidator.analysis.changes import FileChange
from consolidator.analysis.references.rewrite import plan_imports
from consolidator.plan import Plan, read_plan
from consolidator.tree.index import Tree

SAMPLE = Path(consolidator.sample.__file__).parent


def tree(root: Path, plan: Plan) -> Tree:
    return load_tree(root, exclude=plan.exclude, jobs=1, cache=False)


def move_imports(root: Path, plan: Plan) -> tuple[FileChange, ...]:
    changes = plan_imports(tree(root, plan), plan, None, options=Options()).changes
    apply_changes(root, changes)
    return changes


def texts(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.py")}


def test_imports_then_calls_is_calls_then_imports(tmp_path: Path) -> None:
    plan = read_plan(SAMPLE / "consolidation.toml")
    one = shutil.copytree(SAMPLE / "legacy", tmp_path / "one")
    other = shutil.copytree(SAMPLE / "legacy", tmp_path / "other")

    apply_changes(one, plan_calls(tree(one, plan), plan).changes)
    move_imports(one, plan)
    moved = move_imports(other, plan)
    apply_changes(other, plan_calls(tree(other, plan), plan, last_migration=moved).changes)

    assert texts(one) == texts(other)
