"""The legacy backend's own tests pass, and notice when an event is lost."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

E2E = "tests/e2e/test_five_events.py::test_an_agent_that_fails_is_completed_as_failed"
EMISSIONS = {
    "agent_started": ("agents/execution_engine.py", "notify_agent_started", "tests/agents"),
    "agent_thinking": ("agents/base.py", "emit_thinking", E2E),
    "tool_executing": ("tools/execution_engine.py", "notify_tool_executing", "tests/tools"),
    "tool_completed": ("tools/execution_engine.py", "notify_tool_completed", "tests/tools"),
    "agent_completed": ("agents/execution_engine.py", "notify_agent_completed", "tests/agents"),
}
"""Where the main path emits each event, and tests that miss it."""


def run_tests(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "ignore", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )


def test_its_tests_pass_and_leave_nothing_behind(backend: Path) -> None:
    done = run_tests(backend)
    assert done.returncode == 0, done.stdout
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=backend, capture_output=True, check=True
    )
    assert status.stdout == b""


@pytest.mark.parametrize("event", EMISSIONS)
def test_each_event_is_emitted_in_one_place_whose_loss_is_noticed(
    backend: Path, tmp_path: Path, event: str
) -> None:
    root = tmp_path / "backend"
    shutil.copytree(backend, root, ignore=shutil.ignore_patterns(".git", "__pycache__"))
    name, method, tests = EMISSIONS[event]
    path = root / "chat_backend" / name
    text = path.read_text("utf-8")
    (line,) = [line for line in text.splitlines() if f".{method}(" in line]
    indent = line[: len(line) - len(line.lstrip())]
    path.write_text(text.replace(line, f"{indent}pass"), "utf-8")
    done = run_tests(root, "-x", tests)
    assert done.returncode == 1, done.stdout
