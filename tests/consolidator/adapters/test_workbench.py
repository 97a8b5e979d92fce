"""The bench of a staged consolidation, on real git repositories."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from consolidator.adapters.process import run
from consolidator.adapters.workbench import GitWorkbench
from consolidator.errors import ToolError, UsageError

PYTHON = sys.executable


def git(root: Path, *arguments: str) -> str:
    return run(["git", "-c", "user.name=t", "-c", "user.email=t@t", *arguments], root, 30).output


@pytest.fixture
def root(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    (tmp_path / "a.py").write_text("x = 1\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "-m", "first")
    return tmp_path


def bench(root: Path, test: str = "true") -> GitWorkbench:
    return GitWorkbench(root, test, 30)


def test_the_work_happens_on_a_branch_of_its_own(root: Path) -> None:
    work = bench(root)
    base = work.start_branch("step")
    (root / "a.py").write_text("x = 2\n")
    commit = work.commit("change")
    assert commit != base
    assert git(root, "rev-parse", "main").strip() == base
    assert git(root, "log", "-1", "--format=%s", "step").strip() == "change"


def test_a_rollback_brings_the_old_bytes_back(root: Path) -> None:
    work = bench(root)
    base = work.start_branch("step")
    (root / "a.py").write_text("x = 2\n")
    work.commit("change")
    work.rollback(base)
    assert (root / "a.py").read_text() == "x = 1\n"
    assert work.head() == base


def test_what_tests_leave_behind_is_not_committed(root: Path) -> None:
    work = bench(root)
    base = work.start_branch("step")
    (root / "left-behind.txt").write_text("by a test")
    assert work.commit("nothing tracked has changed") == base


def test_hooks_of_the_repository_do_not_run(root: Path) -> None:
    hook = root / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch hooked\n")
    hook.chmod(0o755)
    work = bench(root)
    work.start_branch("step")
    (root / "a.py").write_text("x = 2\n")
    work.commit("change")
    assert not (root / "hooked").exists()


def test_a_dirty_tree_is_refused_and_left_alone(root: Path) -> None:
    (root / "a.py").write_text("mine\n")
    with pytest.raises(UsageError, match="dirty"):
        bench(root).start_branch("step")
    assert (root / "a.py").read_text() == "mine\n"
    assert git(root, "branch", "--show-current").strip() == "main"


def test_a_branch_that_exists_is_never_overwritten(root: Path) -> None:
    git(root, "branch", "step")
    with pytest.raises(UsageError, match="exists already"):
        bench(root).start_branch("step")


def test_a_folder_outside_git_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="not a git work tree"):
        bench(tmp_path).start_branch("step")


def test_a_repository_without_commits_is_refused(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    with pytest.raises(ToolError, match="no commit"):
        bench(tmp_path).start_branch("step")


def test_a_command_that_hangs_is_stopped_with_all_of_its_children(tmp_path: Path) -> None:
    script = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'], stdin=None)"
    sleeper = [PYTHON, "-c", f"{script}; import threading; threading.Event().wait()"]
    finished = run(sleeper, tmp_path, timeout=0.5)
    assert finished.code == 124
    assert "stopped after 0.5 s" in finished.errors


def test_a_command_that_does_not_exist_is_a_result(tmp_path: Path) -> None:
    assert run(["no-such-command-here"], tmp_path, 5).code == 127


def test_a_toolkit_command_answers_with_its_document(root: Path) -> None:
    finished, document = bench(root).tool("guard")
    assert finished.code == 1
    assert document["schema"] == 1


def test_a_limited_plan_stays_out_of_the_tree(root: Path) -> None:
    plan = root / "consolidation.toml"
    plan.write_text('[[move]]\nfrom = "a.x"\nto = "b.x"\n[[move]]\nfrom = "a.y"\nto = "b.y"\n')
    work = bench(root)
    work.choose_moves([1])
    assert git(root, "status", "--porcelain") == "?? consolidation.toml\n"
    assert plan.read_text().count("[[move]]") == 2
    work.choose_moves(None)


def test_no_module_of_the_root_runs_in_place_of_one_of_ours(root: Path) -> None:
    hostile = "import pathlib\npathlib.Path(__file__).with_name('ran').touch()\n"
    for name in ("rich", "typer", "msgspec", "json"):
        (root / f"{name}.py").write_text(hostile)
    finished, document = bench(root).tool("guard")
    assert document["schema"] == 1, finished.errors
    assert not (root / "ran").exists()
