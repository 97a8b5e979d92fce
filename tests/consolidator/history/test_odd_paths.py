"""Paths that are not UTF-8, through the cache, the worker processes and every format."""

from __future__ import annotations

from pathlib import Path

import pytest
from history_cases import GUARD, MANAGER, edited
from repositories import RepositoryBuilder
from typer.testing import CliRunner

from consolidator.cli import app

PATH = "app/websocket/caf\udce9.py"


@pytest.mark.parametrize("commits", [1, 45], ids=["in one process", "in several"])
@pytest.mark.parametrize("form", ["json", "md", "html", "text"])
def test_a_path_that_is_not_utf_8_is_followed_and_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commits: int, form: str
) -> None:
    monkeypatch.setenv("CONSOLIDATOR_CACHE_DIR", str(tmp_path / "cache"))
    builder = RepositoryBuilder(tmp_path / "project")
    for number in range(commits):
        builder.commit(f"{number}", {PATH: MANAGER + f"\n\nlimit = {number}\n"})
    builder.commit("guard", {PATH: edited(MANAGER, GUARD)})
    builder.write()
    output = tmp_path / "out"
    arguments = ["extract", str(builder.directory), "--format", form, "--output", str(output), "-q"]
    shown = []
    for _ in range(2):
        answer = CliRunner().invoke(app, [*arguments, "--jobs", "2"])
        assert answer.exit_code == 0, answer.output
        shown.append(output.read_bytes())
    assert shown[0] == shown[1]
    assert b"connections.pop" in shown[0]
