"""A kept history gives the same answer as git, whatever happened to the repository in between."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from repositories import RepositoryBuilder, git

from consolidator.adapters.commit_log import CommitLog, read_log
from consolidator.adapters.git import Repository, open_repository
from consolidator.analysis.history.family import Scope

EVERYTHING = Scope(".")
IDENTITY = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")


def opened(root: Path) -> Repository:
    repository = open_repository(root)
    assert repository is not None
    return repository


@pytest.fixture
def project(tmp_path: Path) -> Path:
    builder = RepositoryBuilder(tmp_path / "project")
    base = builder.commit("base", {"app/a.py": "a = 1\n", "docs/b.md": "b\n"})
    left = builder.commit("left", {"app/a.py": "a = 2\n"}, parents=(base,))
    right = builder.commit("right", {"docs/b.md": "c\n"}, parents=(base,), branch="right")
    builder.commit("merge", {"app/a.py": "a = 9\n", "docs/b.md": "c\n"}, parents=(left, right))
    builder.commit("last", {"app/c.py": "c = 1\n"})
    builder.write()
    return builder.directory


def agree(root: Path, folder: Path, *revisions: str) -> None:
    log = CommitLog(folder)
    for revision in revisions:
        repository = opened(root)
        tip = repository.resolve(revision)
        for scope in (EVERYTHING, Scope("docs"), Scope("c.py", globs=("app/*",))):
            assert log.log(repository, scope, tip) == read_log(repository, scope, tip)
        touches = log.log(repository, EVERYTHING, tip).touches
        every = list(repository.commits(tip))
        assert [(each.id, each.changes) for each in touches] == [
            (each.id, each.changes) for each in every if each.changes
        ]
        assert log.log(repository, EVERYTHING, tip).read == len(every)


def tip_of(repository: Repository) -> str:
    return repository.resolve("HEAD")


def committed(root: Path, *options: str) -> None:
    git(root, *IDENTITY, "commit", "--quiet", "--allow-empty", "-m", "more", *options)


def test_every_tip_gives_what_git_gives_in_any_order_of_asking(
    project: Path, tmp_path: Path
) -> None:
    agree(project, tmp_path / "kept", "HEAD~3", "right", "HEAD", "HEAD~1", "right", "HEAD")


def test_a_folder_of_the_repository_has_a_log_of_its_own(project: Path, tmp_path: Path) -> None:
    agree(project, tmp_path / "kept", "HEAD~2", "HEAD")
    agree(project / "app", tmp_path / "kept", "HEAD~2", "HEAD~1", "HEAD")
    agree(project / "docs", tmp_path / "kept", "HEAD~2", "HEAD")


def test_new_commits_are_the_only_ones_that_git_is_asked_for(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agree(project, tmp_path / "kept", "HEAD")
    committed(project)
    asked: list[int] = []
    read = Repository.commits

    def counted(repository: Repository, revision: str, beyond: str | None = None) -> object:
        found = list(read(repository, revision, beyond))
        asked.append(len(found))
        return iter(found)

    monkeypatch.setattr(Repository, "commits", counted)
    repository = opened(project)
    tip = repository.resolve("HEAD")
    assert CommitLog(tmp_path / "kept").log(repository, EVERYTHING, tip).read == 6
    assert asked == [1]


def test_a_log_holds_only_what_may_concern_the_question(project: Path, tmp_path: Path) -> None:
    repository = opened(project)
    scope = Scope("docs")
    log = CommitLog(tmp_path / "kept").log(repository, scope, tip_of(repository))
    assert log.read == 5
    subjects = {each.subject for each in log.touches}
    assert subjects == {"last", "merge", "left", "right", "base"}
    paths = {each.subject: [change.path for change in each.changes] for each in log.touches}
    assert paths["right"] == ["docs/b.md"], "named after it"
    assert paths["base"] == ["app/a.py", "docs/b.md"], "what may hold a member, too"
    narrow = CommitLog(tmp_path / "kept").log(
        repository, Scope("docs", globs=("docs/*",)), tip_of(repository)
    )
    assert [each.subject for each in narrow.touches] == ["right", "base"]
    assert [each.size for each in narrow.touches] == [1, 2], "all that the commit changed counts"


def test_rewritten_history_is_read_again_even_when_the_old_one_is_swept_away(
    project: Path, tmp_path: Path
) -> None:
    agree(project, tmp_path / "kept", "HEAD")
    committed(project, "--amend")
    agree(project, tmp_path / "kept", "HEAD")
    lost = opened(project).resolve("HEAD")
    git(project, "reset", "--quiet", "--hard", "right")
    git(project, "reflog", "expire", "--expire=now", "--all")
    git(project, "gc", "--quiet", "--prune=now")
    assert not opened(project).has_commit(lost)
    agree(project, tmp_path / "kept", "HEAD")


def test_a_shallow_clone_that_is_deepened_is_read_again(project: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{project}", "clone")
    agree(clone, tmp_path / "kept", "HEAD")
    git(clone, "fetch", "--quiet", "--deepen=1")
    agree(clone, tmp_path / "kept", "HEAD")
    git(clone, "fetch", "--quiet", "--unshallow")
    agree(clone, tmp_path / "kept", "HEAD")


def test_texts_that_are_not_utf_8_are_only_not_kept(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path / "project")
    builder.commit("start", {"caf\udce9.py": "a = 1\n"})
    builder.write()
    agree(builder.directory, tmp_path / "kept", "HEAD", "HEAD")


def test_a_damaged_log_is_read_again(project: Path, tmp_path: Path) -> None:
    agree(project, tmp_path / "kept", "HEAD")
    for folder, _, names in os.walk(tmp_path / "kept"):
        for name in names:
            Path(folder, name).write_bytes(b"\xc1")
    agree(project, tmp_path / "kept", "HEAD")
