"""`audit --since`: only what a change made worse."""

from __future__ import annotations

from pathlib import Path

from trees import tree_of, write_tree

from consolidator.analysis.audit.compare import worse_than
from consolidator.analysis.audit.report import AuditReport
from consolidator.analysis.audit.run import audit
from consolidator.plan import parse_plan

FILES = {
    "app/__init__.py": "",
    "app/old.py": "class Old:\n    def send(self): ...\n    def drop(self): ...\n",
    "app/new.py": "class New:\n    def other(self): ...\n",
}
PLAN = parse_plan('[[move]]\nfrom = "app.old.Old"\nto = "app.new.New"\n', "plan.toml")
USE = "from app.old import Old\ndef f(o: Old):\n    o.send()\n"


def report(root: Path, use: str) -> AuditReport:
    return audit(tree_of(write_tree(root, {**FILES, "app/use.py": use})), PLAN)


def test_lines_that_move_make_nothing_worse(tmp_path: Path) -> None:
    before = report(tmp_path / "a", USE)
    now = worse_than(report(tmp_path / "b", "# a comment\n\n" + USE), before, "HEAD")
    assert (now.missing, now.conflicts, now.points) == ((), (), ())
    assert not now.failing


def test_a_new_use_is_worse_and_stands_alone(tmp_path: Path) -> None:
    before = report(tmp_path / "a", USE)
    now = worse_than(report(tmp_path / "b", USE + "    o.drop()\n    o.send()\n"), before, "HEAD")
    assert [(m.member, [use.line for use in m.used_by]) for m in now.missing] == [
        ("drop", [4]),
        ("send", [5]),
    ]


def test_a_point_that_breaks_is_worse(tmp_path: Path) -> None:
    fine = "def start(r, m):\n    r.set_websocket_manager(m)\n"
    before = report(tmp_path / "a", fine)
    broken = report(tmp_path / "b", fine.replace("(m)", "(None)"))
    assert [p.id for p in worse_than(broken, before, "HEAD").points] == ["registry-injection"]
