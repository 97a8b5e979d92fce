"""How many processes read a history changes nothing, not even where blobs are missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from planted_history import plant
from repositories import git

from consolidator.adapters import history_work
from consolidator.adapters.git import Repository, open_repository
from consolidator.adapters.git_reading import CommitReader
from consolidator.analysis.history.report import ExtractReport
from consolidator.plan import Plan
from consolidator.workflow.extract import Selection, run


def opened(root: Path) -> Repository:
    repository = open_repository(root)
    assert repository is not None
    return repository


def ask(root: Path, jobs: int) -> ExtractReport:
    repository = opened(root)
    with CommitReader(repository, jobs, cache=False) as reader:
        return run(
            repository.root,
            history=repository,
            reader=reader,
            selection=Selection("websocket"),
            plan=Plan(),
        )


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    return plant(tmp_path / "project", 11, 90).directory


def test_two_and_three_processes_answer_as_one_does(planted: Path) -> None:
    alone = ask(planted, 1)
    assert len(alone.fixes) > 10
    assert ask(planted, 2) == alone
    assert ask(planted, 3) == alone


def test_missing_blobs_are_skipped_and_said_by_several_processes_too(planted: Path) -> None:
    every = {
        blob
        for commit in opened(planted).commits("HEAD")
        for change in commit.changes
        if change.path.endswith(".py")
        for blob in change.blobs
    }
    git(planted, "unpack-objects", "-q", stdin=_taken_out(planted))
    for blob in sorted(every)[::9]:
        (planted / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    alone = ask(planted, 1)
    assert not alone.complete
    assert alone.skipped
    assert ask(planted, 2) == alone


def _taken_out(root: Path) -> bytes:
    """The only pack of a repository, which is removed from it."""
    (pack,) = (root / ".git" / "objects" / "pack").glob("*.pack")
    content = pack.read_bytes()
    for each in pack.parent.iterdir():
        each.unlink()
    return content


def test_what_was_read_ahead_is_not_read_again_and_memory_is_bounded(
    planted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = opened(planted)
    asked: list[int] = []
    read = Repository.read_blobs

    def counted(self: Repository, ids: list[str]) -> object:
        names = list(ids)
        asked.append(len(names))
        return read(self, names)

    monkeypatch.setattr(Repository, "read_blobs", counted)
    blobs = sorted(set(repository.tree_at("HEAD").values()))
    shelf = history_work.Shelf(repository, most=1)
    shelf.expect(blobs)
    for blob in blobs:
        shelf.fill([blob])
        assert shelf.content(blob) is not None
        assert [other for other in blobs if shelf.content(other) is not None] == [blob]
    assert sum(asked) == len(blobs)
    shelf.expect(blobs)
    shelf.fill([blobs[2], blobs[0], blobs[-1]])
    held = [blob for blob in blobs if shelf.content(blob) is not None]
    assert held == [blobs[0], blobs[2], blobs[-1]], "all that is wanted, and nothing beside it"
