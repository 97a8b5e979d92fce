"""Points that a plan adds: something must be called, on the right kind of thing."""

from __future__ import annotations

from pathlib import Path

import pytest
from trees import tree_of, write_tree

from consolidator.analysis.audit.run import audit
from consolidator.plan import parse_plan

PLAN = parse_plan(
    '[[audit.point]]\nid = "own"\ntitle = "The registry is given the manager"\n'
    'must_call = "*.AgentRegistry.set_manager"\n',
    "plan.toml",
)


def status(root: Path, code: str) -> str:
    report = audit(tree_of(write_tree(root, {"app.py": code})), PLAN)
    (point,) = [point for point in report.points if point.id == "own"]
    return point.status


@pytest.mark.parametrize(
    "code",
    [
        "def start(registry, m):\n    registry.set_manager(m)\n",
        "def start(app, m):\n    app.state.agent_registry.set_manager(m)\n",
        "from agents import AgentRegistry\nr = AgentRegistry()\nr.set_manager(1)\n",
        "class AgentRegistry:\n    def go(self): self.set_manager(1)\n",
    ],
)
def test_a_call_on_the_class_counts(tmp_path: Path, code: str) -> None:
    assert status(tmp_path, code) == "ok"


def test_a_call_of_the_same_name_on_something_else_does_not(tmp_path: Path) -> None:
    assert status(tmp_path, "def start(player, m):\n    player.set_manager(m)\n") == "at-risk"


def test_no_call_at_all_is_broken(tmp_path: Path) -> None:
    assert status(tmp_path, "x = 1\n") == "broken"
