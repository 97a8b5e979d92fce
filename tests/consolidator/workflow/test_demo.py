"""The main job, whole: the bundled legacy backend becomes one of each, and the guard notices losses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from consolidator import sample
from consolidator.workflow.demo import BRANCH, without_statement

LEGACY = (
    "class WebSocketManager",
    "class ScopedWebSocketManager",
    "class UserWebSocketEmitter",
    "class RunEventEmitter",
    "class ToolEventEmitter",
    "class IsolatedEventEmitter",
    "class ThreadEmitter",
    "class EmitterPool",
    "class PooledEmitter",
    "class AgentWebSocketBridge",
    "WebSocketManagerProtocol",
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    home = tmp_path_factory.mktemp("demo") / "home"
    line = [sys.executable, "-m", "consolidator", "demo", str(home)]
    return home, subprocess.run(line, capture_output=True, text=True, timeout=280, check=False)


def git(home: Path, *arguments: str) -> str:
    line = ["git", "-C", str(home / "backend"), *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout


def test_the_demo_consolidates_the_backend_and_says_where_it_is(
    demo: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    home, done = demo
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert str(home / "backend") in done.stdout
    assert (home / "report" / "consolidation_report.md").read_text().startswith("# Consolidation")


def test_the_legacy_history_is_the_same_each_time(
    demo: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    assert sample.build(tmp_path / "again") == git(demo[0], "rev-parse", "main").strip()


def test_no_legacy_class_is_left_and_the_legacy_branch_is_untouched(
    demo: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    home, _ = demo
    for name in LEGACY:
        before = subprocess.run(
            ["git", "-C", home / "backend", "grep", "-q", name, "main", "--", "*.py"], check=False
        )
        after = subprocess.run(
            ["git", "-C", home / "backend", "grep", "-n", name, BRANCH, "--", "*.py"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert before.returncode == 0, name
        assert after.stdout == "", name


def test_the_guard_notices_every_emission_that_is_taken_out(
    demo: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    proofs = [line for line in demo[1].stderr.splitlines() if line.startswith("  without ")]
    assert len(proofs) >= 5
    assert all(line.endswith("red, as it must be") for line in proofs)
    assert len({line.split()[1] for line in proofs}) == 5


def test_a_folder_that_is_not_empty_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    line = [sys.executable, "-m", "consolidator", "demo", str(tmp_path)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_taking_out_a_statement_leaves_the_rest_and_still_parses() -> None:
    source = "def f():\n    if x:\n        send(\n            1,\n        )\n    return 2\n"
    taken = "def f():\n    if x:\n        pass\n    return 2\n"
    assert without_statement(source, 4) == taken
    assert without_statement(taken, 4) == "def f():\n    if x:\n        pass\n    pass\n"
    with pytest.raises(ValueError, match="line 9"):
        without_statement(source, 9)
