"""The planted truth: what the history of the legacy backend holds for `extract` to find."""

import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from repositories import git

from consolidator import sample

FIXES = [commit for commit in sample.HISTORY if commit.kind == "fix"]
KINDS = {"fix", "feature", "refactor", "test", "docs", "other"}


def test_every_row_is_a_commit_of_the_repository(hashes: dict[str, str]) -> None:
    moments = [str(int(commit.date.timestamp())) for commit in sample.HISTORY]
    assert sorted(moments) == sorted(hashes)
    assert len(hashes) >= 60


def test_several_people_wrote_it_over_months() -> None:
    assert len({commit.author for commit in sample.HISTORY}) >= 4
    dates = [commit.date for commit in sample.HISTORY]
    assert dates == sorted(dates)
    assert (dates[-1] - dates[0]).days > 180


def test_every_kind_of_commit_occurs() -> None:
    assert {commit.kind for commit in sample.HISTORY} == KINDS


@pytest.mark.parametrize(
    "category", ["race", "event loss", "leak", "reconnect", "serialisation", "isolation"]
)
def test_every_kind_of_fix_occurs(category: str) -> None:
    assert category in {commit.category for commit in FIXES}


def test_some_fixes_are_in_one_copy_only() -> None:
    assert sum(bool(commit.missing_from) for commit in FIXES) >= 6


def test_some_fixes_hide_under_a_subject_that_says_nothing() -> None:
    assert sum(commit.subject == "a" for commit in FIXES) >= 8
    assert any(commit.subject == "a" for commit in sample.HISTORY if commit.kind != "fix")
    assert sum("logging" in commit.subject for commit in FIXES) >= 2


def test_sweeps_call_themselves_fixes(backend: Path, hashes: dict[str, str]) -> None:
    sweeps = [
        commit
        for commit in sample.HISTORY
        if commit.subject.startswith("fix:") and commit.kind == "refactor"
    ]
    assert len(sweeps) >= 3
    for commit in sweeps:
        name = hashes[str(int(commit.date.timestamp()))]
        changed = git(backend, "show", "--name-only", "--format=", name).split()
        assert len(changed) >= 3


def test_one_real_fix_hides_in_a_sweep() -> None:
    assert any(commit.change.sweeps and commit.change.edits for commit in FIXES)


def test_there_are_merges_reverts_renames_and_removals(backend: Path) -> None:
    assert len(git(backend, "log", "--merges", "--format=%H").split()) >= 3
    subjects = git(backend, "log", "--format=%s").decode()
    assert len(re.findall(r'^Revert "', subjects, re.MULTILINE)) >= 2
    renamed = git(backend, "log", "--diff-filter=R", "-M", "--name-only", "--format=")
    assert b"chat_backend/websocket/manager.py" in renamed
    removed = git(backend, "log", "--diff-filter=D", "--name-only", "--no-renames", "--format=")
    assert b"chat_backend/websocket/batching.py" in removed


def test_every_version_of_every_module_parses(backend: Path) -> None:
    listed = git(backend, "rev-list", "--objects", "--all").decode().splitlines()
    blobs = {name: path for name, _, path in (line.partition(" ") for line in listed)}
    modules = {name: path for name, path in blobs.items() if path.endswith(".py")}
    contents = git(backend, "cat-file", "--batch", stdin="\n".join(modules).encode())
    for path in modules.values():
        header, _, contents = contents.partition(b"\n")
        size = int(header.split()[2])
        source, contents = contents[:size], contents[size + 1 :]
        if not path.endswith("legacy/draft.py"):
            compile(source, path, "exec")


def test_every_fix_says_where_it_lives(backend: Path) -> None:
    for commit in FIXES:
        for name in (*commit.lives_in, *commit.missing_from):
            assert _defined(backend, name), name


@pytest.mark.parametrize("fix", FIXES, ids=lambda fix: f"{fix.date:%m-%d} {fix.category}")
def test_a_line_of_each_fix_still_lives_at_head(backend: Path, fix: sample.Commit) -> None:
    tree = "\n".join(
        (backend / name).read_text("utf-8")
        for name in git(backend, "ls-files", "chat_backend", "frontend").decode().split()
        if not name.endswith("german.py")
    )
    added = [
        line.strip()
        for edit in fix.change.edits
        for line in edit.after.splitlines()
        if line.strip() and line not in edit.before.splitlines()
    ]
    assert any(line in tree for line in added)


def test_the_plan_names_fixes_that_exist(hashes: dict[str, str]) -> None:
    plan = tomllib.loads(sample.PLAN.read_text("utf-8"))
    subjects = Counter(commit.subject for commit in sample.HISTORY)
    for entry in (*plan.get("keep", ()), *plan.get("drop", ())):
        fix = entry["fix"]
        by_hash = [name for name in hashes.values() if name.startswith(fix)]
        assert len(by_hash) == 1 or subjects[fix] == 1, fix


def _defined(root: Path, qualname: str) -> bool:
    parts = qualname.split(".")
    for length in range(len(parts) - 1, 0, -1):
        path = root.joinpath(*parts[:length]).with_suffix(".py")
        if path.is_file():
            text = path.read_text("utf-8")
            names = [part for part in parts[length:] if part != "<locals>"]
            return all(re.search(rf"(?:class|def) {name}\b", text) for name in names)
    return False
