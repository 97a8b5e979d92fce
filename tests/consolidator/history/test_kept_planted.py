"""Fixes that a plan keeps, in planted histories: taking one back turns the guard red, each time."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent

import pytest
from planted_history import METHODS, Planted, plant
from repositories import RepositoryBuilder, git

from consolidator.adapters.fixes import edits_of
from consolidator.adapters.git import open_repository
from consolidator.adapters.load import load_tree
from consolidator.analysis.kept import Trace, lost_traces, traces_of

PATH = "app/websocket.py"


def traces(root: Path, fix: str) -> list[Trace]:
    repository = open_repository(root)
    assert repository is not None
    return traces_of(fix, edits_of(repository, fix))


def gone(root: Path, kept: list[Trace]) -> list[str]:
    return [problem.message for problem in lost_traces(kept, load_tree(root))]


@pytest.mark.parametrize("method", METHODS)
def test_taking_any_kind_of_fix_back_is_noticed(tmp_path: Path, method: str) -> None:
    before, after = (f"class WebSocketHub:\n{indent(text, '    ')}\n" for text in METHODS[method])
    builder = RepositoryBuilder(tmp_path)
    builder.commit("start", {PATH: before})
    builder.commit("a", {PATH: after})
    kept = traces(tmp_path, builder.write()[2])
    assert gone(tmp_path, kept) == []
    renamed = after.replace("WebSocketHub", "Hub")
    (tmp_path / PATH).write_text(f"import asyncio\n\n\n{renamed}")
    assert gone(tmp_path, kept) == []
    (tmp_path / PATH).write_text(before)
    assert gone(tmp_path, kept) != []


@pytest.mark.parametrize("seed", range(4))
def test_taking_each_fix_of_a_planted_history_back_is_noticed(tmp_path: Path, seed: int) -> None:
    planted = plant(tmp_path / "project", seed, steps=25)
    watched = 0
    for subject, method in lasting(planted):
        found = git(planted.directory, "log", "--format=%H", f"--grep=^{subject}$").decode().split()
        kept = traces(planted.directory, found[0])
        assert gone(planted.directory, kept) == [], subject
        fixed = [copy for copy in planted.copies if method in copy.fixes]
        for copy in fixed:
            copy.fixes.discard(method)
        write(planted)
        assert gone(planted.directory, kept) != [], (subject, method)
        for copy in fixed:
            copy.fixes.add(method)
        write(planted)
        watched += 1
    assert watched


def lasting(planted: Planted) -> list[tuple[str, str]]:
    """Commits with one fix that nothing took back, and what they fixed."""
    reverted = {truth.subject[8:-1] for truth in planted.commits if "Revert" in truth.subject}
    return [
        (truth.subject, next(iter(truth.fixes)))
        for truth in planted.commits
        if len(truth.fixes) == 1 and truth.subject not in reverted
        if any(truth.fixes <= copy.fixes for copy in planted.copies)
    ]


def write(planted: Planted) -> None:
    for copy in planted.copies:
        for path, text in copy.files().items():
            assert isinstance(text, str)
            (planted.directory / path).write_text(text)
