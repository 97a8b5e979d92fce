"""Fixes that several commits brought, and replacements that are installed instead of written here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from history_cases import ABSENT, GUARD, HERE, LOCKED, MANAGER, edited, entry, extract
from repositories import RepositoryBuilder, git
from typer.testing import CliRunner

from consolidator.adapters.environment import Environment
from consolidator.adapters.git import open_repository
from consolidator.adapters.git_reading import CommitReader
from consolidator.analysis.history.report import ExtractReport, acknowledged
from consolidator.cli.extract import app
from consolidator.plan import Move, Plan
from consolidator.workflow.extract import Selection, run

PATH = "app/websocket/manager.py"
FIXED = edited(MANAGER, LOCKED)
IDENTITY = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")


def test_a_cherry_pick_and_its_origin_are_one_fix_with_two_commits(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path)
    base = builder.commit("start", {PATH: MANAGER})
    one = builder.commit("a", {PATH: FIXED}, parents=(base,), time=1_740_000_000)
    notes = builder.commit("notes", {"notes.md": "words\n"}, parents=(base,), branch="b")
    other = builder.commit("a", {PATH: FIXED}, parents=(notes,), time=1_740_000_000, branch="b")
    builder.commit("merge", {PATH: FIXED}, parents=(one, other))
    builder.write()
    report = extract(tmp_path)
    (fix,) = report.fixes
    (copy,) = fix.copies
    assert any("again" in why for each in report.commits if each.hash == copy for why in each.why)
    assert acknowledged(fix, [copy[:8]])


def test_a_fix_that_was_taken_back_and_brought_again_is_one_fix_that_lives(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path)
    builder.commit("start", {PATH: MANAGER})
    builder.commit("a", {PATH: FIXED})
    builder.commit('Revert "a"', {PATH: MANAGER})
    builder.commit('Revert "Revert "a""', {PATH: FIXED})
    marks = builder.write()
    (fix,) = extract(tmp_path).fixes
    assert (fix.subject, fix.reverted_by, fix.lives_in) == ("a", None, (HERE,))
    assert fix.copies == (marks[4],)
    git(tmp_path, *IDENTITY, "revert", "--no-edit", "HEAD")
    (fix,) = extract(tmp_path).fixes
    assert fix.reverted_by == git(tmp_path, "rev-parse", "HEAD").decode().strip()
    assert not fix.at_risk


def test_a_file_that_moves_and_is_mended_at_once_hides_nothing(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path)
    builder.commit("start", {PATH: MANAGER})
    moved = {PATH: None, "app/realtime/websockets.py": edited(MANAGER, GUARD, ABSENT)}
    builder.commit("fix: move", moved)
    builder.write()
    found = entry(extract(tmp_path), "fix: move")
    assert found.verdict == "fix"
    assert found.lives_in == ("app.realtime.websockets.WebSocketManager",)


def test_a_fix_that_the_plan_decided_on_no_longer_fails_the_command(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path)
    builder.commit("start", {PATH: MANAGER})
    builder.commit("a", {PATH: FIXED})
    builder.commit("unify", {"app/unified.py": MANAGER.replace("WebSocketManager", "Unified")})
    fix = builder.write()[2]
    plan = tmp_path / "consolidation.toml"
    move = f'[consolidation]\nschema = 1\n[[move]]\nfrom = "{HERE}"\nto = "app.unified.Unified"\n'
    plan.write_text(move)
    asked_for = [str(tmp_path), "--no-cache", "--format", "json"]
    assert CliRunner().invoke(app, asked_for).exit_code == 1
    plan.write_text(f'{move}[[drop]]\nfix = "{fix[:9]}"\nbecause = "one task only"\n')
    answer = CliRunner().invoke(app, asked_for)
    assert answer.exit_code == 0
    (at_risk,) = [each for each in json.loads(answer.stdout)["commits"] if each["at_risk"]]
    assert at_risk["acknowledged"] == "one task only"


def asked(root: Path, packages: Path) -> ExtractReport:
    repository = open_repository(root)
    assert repository is not None
    return run(
        root,
        history=repository,
        reader=CommitReader(repository, 1, cache=False),
        selection=Selection(),
        plan=Plan(moves=(Move(HERE, "unified.Unified"),)),
        library=Environment([packages], (3, 11), cache=False).find,
    )


@pytest.mark.parametrize("inherits", [False, True])
@pytest.mark.parametrize("has_it", [False, True])
def test_an_installed_replacement_is_read_through_its_re_export(
    tmp_path: Path, has_it: bool, inherits: bool
) -> None:
    builder = RepositoryBuilder(tmp_path / "project")
    builder.commit("start", {PATH: MANAGER})
    builder.commit("a", {PATH: FIXED})
    builder.write()
    package = tmp_path / "site" / "unified"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from unified.core import Unified\n")
    text = (FIXED if has_it else MANAGER).replace("WebSocketManager", "Unified")
    if inherits:
        text = text.replace("class Unified", "class Base") + "\n\nclass Unified(Base):\n    pass\n"
    (package / "core.py").write_text(text)
    found = entry(asked(tmp_path / "project", tmp_path / "site"), "a")
    assert found.at_risk is not has_it
    assert ("unified.Unified" in found.missing_from) is not has_it
