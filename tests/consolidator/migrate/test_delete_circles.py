"""A name whose module would import what takes its place, in a circle, stays; the others go."""

from __future__ import annotations

from pathlib import Path

from trees import tree_of, write_tree

from consolidator.analysis.changes import Migration
from consolidator.analysis.deletion import plan_delete
from consolidator.plan import Move, Plan
from consolidator.workflow.migrate import prepare

OLD = """import os


class Base: ...


class Late: ...


class Free: ...


class Stays(Base):
    def make(self): return Late(), os
"""
NEW = "from app.old import Stays\n\n\nclass Base: ...\nclass Late: ...\nclass Free: ...\n"


def deletion(root: Path, *names: str) -> Migration:
    moves = tuple(Move(f"app.old.{name}", f"app.new.{name}") for name in names)
    return prepare(tree_of(root), Plan(moves=moves), lambda tree, plan, _: plan_delete(tree, plan))


def test_only_the_name_that_is_needed_at_the_top_stays(tmp_path: Path) -> None:
    write_tree(tmp_path, {"app/__init__.py": "", "app/old.py": OLD, "app/new.py": NEW})
    found = deletion(tmp_path, "Base", "Late", "Free")
    (change,) = found.changes
    assert change.after is not None
    lines = [line for line in change.after.decode().splitlines() if line]
    assert lines == [
        "import os",
        "class Base: ...",
        "class Stays(Base):",
        "    def make(self): from app.new import Late; return Late(), os",
    ]


def test_the_name_that_stays_is_listed_with_the_circle_and_its_cause(tmp_path: Path) -> None:
    write_tree(tmp_path, {"app/__init__.py": "", "app/old.py": OLD, "app/new.py": NEW})
    (omission,) = deletion(tmp_path, "Base", "Late", "Free").omissions
    assert (omission.path, omission.line, omission.text) == ("app/old.py", 4, "app.old.Base")
    assert omission.kind == "circle"
    assert omission.why == (
        "app.new.Base in its place closes a circle: app/old.py → app/new.py → app/old.py "
        "(Base is needed while the module is imported)"
    )


def test_two_circles_hold_two_names_back_and_another_file_goes_on(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "app/__init__.py": "",
            "app/old.py": "class Base: ...\nclass Second: ...\nclass Stays(Base, Second): ...\n",
            "app/new.py": "import app.old\nclass Base: ...\n",
            "app/next.py": "import app.old\nclass Second: ...\nclass Free: ...\n",
            "app/other.py": "class Free: ...\nx = 1\n",
        },
    )
    moves = (
        Move("app.old.Base", "app.new.Base"),
        Move("app.old.Second", "app.next.Second"),
        Move("app.other.Free", "app.next.Free"),
    )
    plan = Plan(moves=moves)
    found = prepare(tree_of(tmp_path), plan, lambda tree, plan, _: plan_delete(tree, plan))
    assert [(c.path, c.after) for c in found.changes] == [("app/other.py", b"x = 1\n")]
    assert [(o.text, o.kind) for o in found.omissions] == [
        ("app.old.Base", "circle"),
        ("app.old.Second", "circle"),
    ]


def test_a_second_deletion_holds_the_same_name_back_and_changes_nothing(tmp_path: Path) -> None:
    write_tree(tmp_path, {"app/__init__.py": "", "app/old.py": OLD, "app/new.py": NEW})
    (change,) = deletion(tmp_path, "Base", "Late", "Free").changes
    assert change.after is not None
    (tmp_path / "app/old.py").write_bytes(change.after)
    again = deletion(tmp_path, "Base", "Late", "Free")
    assert again.changes == ()
    assert [o.text for o in again.omissions] == ["app.old.Base"]
