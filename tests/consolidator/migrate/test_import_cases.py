"""The cases of `tests/cases/imports`: what must not change, then what must."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from textwrap import dedent

import pytest
from case_files import titled
from trees import tree_of, write_tree

from codemods.view import Options
from consolidator.analysis.references.rewrite import plan_imports
from consolidator.plan import Move, Plan
from consolidator.tree.index import Tree
from consolidator.workflow.migrate import Planner, prepare

CASES = Path(__file__).parents[2] / "cases" / "imports"
MOVES = "app.old.Thing = new.home.Fresh"


@dataclass
class Case:
    title: str
    moves: str = MOVES
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
    omissions: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    settles: bool = True

    @property
    def planner(self) -> Planner:
        return partial(plan_imports, options=Options(**dict.fromkeys(self.options, True)))

    @property
    def plan(self) -> Plan:
        pairs = (move.split(" = ") for move in self.moves.split(", "))
        return Plan(moves=tuple(Move(source, target) for source, target in pairs))


def cases() -> Iterator[Case]:
    for title, body in titled(CASES):
        yield parse(Case(title), body)


def parse(case: Case, body: str) -> Case:
    files = case.before
    lines: list[str] = []
    for line in body.splitlines():
        if line.startswith("    ") or not line:
            lines.append(line)
        elif line == "=>":
            files = case.after
        elif line.startswith("moves: "):
            case.moves = line.removeprefix("moves: ")
        elif line.startswith("options: "):
            case.options = line.removeprefix("options: ").split()
        elif line.startswith("once: "):
            case.settles = False
        elif line.startswith("? "):
            case.omissions.append(line.removeprefix("? "))
        else:
            lines = []
            files[line] = ""
            block = (files, line, lines)
            case.__dict__.setdefault("blocks", []).append(block)
    for target, name, content in case.__dict__.pop("blocks", []):
        target[name] = dedent("\n".join(content)).strip("\n") + "\n"
    return case


ALL = list(cases())


@pytest.mark.parametrize("case", ALL, ids=[case.title for case in ALL])
def test_case(case: Case, tmp_path: Path) -> None:
    if "newer than the interpreter" in case.title and sys.version_info >= (3, 12):
        pytest.skip("CPython itself reads what came with 3.12")
    tree = tree_of(write_tree(tmp_path, dict(case.before)))
    migration = prepare(tree, case.plan, case.planner)
    changed = {c.path: c.after.decode() for c in migration.changes if c.after is not None}
    assert changed == case.after
    found = [f"{o.path}:{o.line} {o.kind}" for o in migration.omissions]
    assert found == case.omissions
    assert unchanged_by_a_second_run(tmp_path, changed, case) == case.settles


def unchanged_by_a_second_run(root: Path, changed: dict[str, str], case: Case) -> bool:
    write_tree(root, {path: text.encode() for path, text in changed.items()})
    again: Tree = tree_of(root)
    return case.planner(again, case.plan, None).changes == ()
