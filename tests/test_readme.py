"""The README can't drift: its commands are run on the bundled sample, its Python is executed.

A ```console block holds commands (`$ …`) and what they print; a line of `…` stands for any lines.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from consolidator import sample
from consolidator.cli import COMMANDS
from unified_runtime import CRITICAL_EVENTS

README = Path(__file__).parents[1] / "README.md"
TEXT = README.read_text("utf-8")
ONCE = ("agent_started", "agent_completed")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.M | re.S)


def sessions() -> Iterator[tuple[str, str]]:
    """Every command of the console blocks with what the README says it prints."""
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


def matches(expected: str, actual: str) -> bool:
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "…" else re.escape(line.rstrip()) + r"[ \t]*\n"
        for line in expected.splitlines()
    )
    return re.fullmatch(pattern, actual if actual.endswith("\n") else f"{actual}\n") is not None


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("readme") / "backend"
    sample.build(root)
    return root


def test_the_two_commands_stand_alone_under_their_headings() -> None:
    for heading in ("Start", "Test"):
        section = re.search(rf"^## {heading}\n(.*?)^## ", TEXT, re.M | re.S)
        assert section is not None
        found = re.findall(r"^```sh\n(.*?)^```$", section.group(1), re.M | re.S)
        assert len(found) == 1
        assert found[0].count("\n") == 1
    assert TEXT.index("\n## Start\n") < TEXT.index("\n## Test\n")


def test_every_command_has_a_section() -> None:
    for command in COMMANDS:
        assert re.search(rf"^### `{command}\b", TEXT, re.M), command


def test_every_command_prints_what_the_readme_shows(backend: Path) -> None:
    root = backend.with_name("work")
    shutil.copytree(backend, root)
    shutil.copy(sample.PLAN, root / "consolidation.toml")
    for command, expected in sessions():
        name, *arguments = shlex.split(command)
        assert name == "consolidator", command
        line = [sys.executable, "-m", "consolidator", *arguments]
        done = subprocess.run(line, cwd=root, capture_output=True, text=True, check=False)
        assert matches(expected, done.stdout), f"$ {command}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, [*ONCE]), (1, [*CRITICAL_EVENTS, *ONCE, "report_ready"])],
)
def test_the_runtime_examples_run(tmp_path: Path, number: int, said: list[str]) -> None:
    script = tmp_path / "example.py"
    script.write_text(blocks("python")[number], "utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", script], cwd=tmp_path, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [line.split()[1] for line in done.stdout.splitlines()] == said
