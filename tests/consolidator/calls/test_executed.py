"""The cases of `tests/cases/calls`, executed: every call arrives as it did, or is listed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from call_cases import plan_of
from case_files import titled
from traced_calls import PLAN, execute, tree
from trees import tree_of, write_tree

from codemods.outcome import Omission
from codemods.view import Options
from consolidator.adapters.apply import apply_changes
from consolidator.analysis.call_sites import plan_calls
from consolidator.analysis.references.rewrite import plan_imports

CASES = Path(__file__).parents[2] / "cases" / "calls"


@dataclass
class Case:
    title: str
    use: str = ""
    more: dict[str, str] = field(default_factory=dict)
    omission: str = ""


def cases() -> Iterator[Case]:
    for title, body in titled(CASES):
        yield parse(Case(title), body)


def parse(case: Case, body: str) -> Case:
    use, *others = body.split("--- ")
    for other in others:
        path, _, text = other.partition("\n")
        case.more[path] = text
    if use.startswith("? "):
        kind, _, use = use.partition("\n")
        case.omission = kind[2:]
    case.use = use
    return case


def migrated(root: Path, steps: Sequence[str]) -> list[Omission]:
    """Adapt the calls and move the imports of a tree, in this order; what the calls left."""
    plan = plan_of(PLAN)
    moved = ()
    left: list[Omission] = []
    for step in steps:
        if step == "imports":
            moved = plan_imports(tree_of(root), plan, None, options=Options()).changes
            apply_changes(root, moved)
        else:
            adapted = plan_calls(tree_of(root), plan, last_migration=moved)
            left += adapted.omissions
            apply_changes(root, adapted.changes)
    assert not plan_calls(tree_of(root), plan, last_migration=moved).changes
    shutil.rmtree(root / ".consolidator", ignore_errors=True)
    (root / "app/legacy.py").write_text("# moved\n")
    return left


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.title)
def test_every_call_arrives_as_it_did_or_is_listed(tmp_path: Path, case: Case) -> None:
    files = tree(case.use, case.more)
    before = execute(write_tree(tmp_path / "before", files))
    assert before, "the case calls nothing"

    calls_first = write_tree(tmp_path / "calls", files)
    imports_first = write_tree(tmp_path / "imports", files)
    left = migrated(calls_first, ("calls", "imports"))
    assert [o.kind for o in migrated(imports_first, ("imports", "calls"))] == [o.kind for o in left]
    for path in ["app/use.py", *case.more]:
        assert (calls_first / path).read_text() == (imports_first / path).read_text()

    if case.omission:
        assert case.omission in [o.kind for o in left]
    else:
        assert left == []
        assert execute(calls_first) == before
