"""Inheritance as CPython has it, in what a family says and in what is no family."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from labelled.originals import ORIGINALS
from trees import tree_of, write_tree

from consolidator.analysis.duplicates import Report, find_duplicates

HUB = ORIGINALS["SocketHub"]


def report_of(root: Path, files: dict[str, str | bytes]) -> Report:
    return find_duplicates(tree_of(write_tree(root, files)))


def test_an_heir_that_copies_what_it_inherits_is_no_duplicate_of_its_grandparent(
    tmp_path: Path,
) -> None:
    heir = "from app.middle import Middle as Root\n" + HUB.replace("SocketHub", "LoudHub(Root)")
    middle = "from app.hub import SocketHub\nclass Middle(SocketHub):\n    pass\n"
    files: dict[str, str | bytes] = {
        "app/hub.py": HUB,
        "app/middle.py": middle,
        "app/heir.py": heir,
    }
    assert report_of(tmp_path, files).families == ()


def test_a_class_that_inherits_from_another_of_its_name_may_copy_a_third(tmp_path: Path) -> None:
    heir = "from app.base import SocketHub as Base\n" + HUB.replace("SocketHub", "SocketHub(Base)")
    files: dict[str, str | bytes] = {
        "app/base.py": "class SocketHub:\n    pass\n",
        "app/heir.py": heir,
        "app/hub.py": HUB,
    }
    (family,) = report_of(tmp_path, files).families
    assert {member.qualname for member in family.members} == {
        "app.heir.SocketHub",
        "app.hub.SocketHub",
    }


def test_inherited_methods_come_from_the_class_that_wins_in_the_order(tmp_path: Path) -> None:
    bases = dedent(
        """
        class Left:
            def label(self):
                return "left"
            def left_only(self):
                return 1

        class Right:
            def label(self):
                return "right"
            def right_only(self):
                return 2
        """
    )
    files: dict[str, str | bytes] = {
        "app/bases.py": bases,
        "other/bases.py": "class Right:\n    def stranger(self):\n        return 3\n",
        "app/a.py": "from app.bases import Left as First, Right\n"
        + HUB.replace("SocketHub", "SocketHub(Right, First)"),
        "app/b.py": HUB,
    }
    (family,) = report_of(tmp_path, files).families
    methods = family.signatures["app.a.SocketHub"]
    assert {"label", "left_only", "right_only"} <= methods.keys()
    assert "stranger" not in methods
    assert methods["label"].line > methods["left_only"].line
