"""The git adapter: what it reads, and that a repository never gets to run anything."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from repositories import BASE_TIME, RepositoryBuilder, git

from consolidator.adapters.files import list_files
from consolidator.adapters.git import Repository, open_repository, tracked_and_untracked_files
from consolidator.errors import ToolError, UsageError


def opened(root: Path) -> Repository:
    repository = open_repository(root)
    assert repository is not None
    return repository


@pytest.fixture
def project(tmp_path: Path) -> Path:
    builder = RepositoryBuilder(tmp_path / "project")
    builder.commit("one", {"app/a.py": "a = 1\n", "docs/b.md": "b\n"})
    builder.commit("two", {"app/a.py": "a = 2\n", "docs/b.md": None})
    builder.write()
    return builder.directory


def test_a_folder_without_git_has_no_repository(tmp_path: Path) -> None:
    assert open_repository(tmp_path) is None
    assert tracked_and_untracked_files(tmp_path) is None


def test_a_repository_without_commits_has_no_head_and_no_revision(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    repository = opened(tmp_path)
    assert repository.head() is None
    with pytest.raises(UsageError, match="names no commit"):
        repository.resolve("HEAD")


@pytest.mark.parametrize("revision", ["", "nonsense", "--all", "HEAD^{tree}", "HEAD~99", "a\0b"])
def test_a_revision_that_names_no_commit_is_bad_usage(project: Path, revision: str) -> None:
    with pytest.raises(UsageError):
        opened(project).resolve(revision)


def test_a_broken_repository_is_not_mistaken_for_none(project: Path) -> None:
    (project / ".git" / "config").write_text("[core\n")
    with pytest.raises(ToolError, match="config"):
        opened(project)


def test_history_comes_children_first_with_the_blobs_of_each_change(project: Path) -> None:
    two, one = opened(project).commits("HEAD")
    assert (two.subject, one.subject) == ("two", "one")
    assert two.parents == (one.id,)
    changed, removed = two.changes
    added, _ = one.changes
    assert (changed.path, changed.old) == ("app/a.py", (added.new,))
    assert (removed.path, removed.new) == ("docs/b.md", None)
    assert added.old == ()


def test_a_folder_inside_the_work_tree_sees_only_its_own_paths(project: Path) -> None:
    repository = opened(project / "app")
    assert repository.prefix == "app/"
    assert list_files(project / "app") == ["a.py"]
    assert list(repository.tree_at("HEAD")) == ["a.py"]
    assert repository.read_blob("HEAD~1", "a.py") == b"a = 1\n"
    assert [
        [change.path for change in commit.changes] for commit in repository.commits("HEAD")
    ] == [
        ["a.py"],
        ["a.py"],
    ]


def test_a_work_tree_inside_another_is_its_own_repository(project: Path) -> None:
    inner = RepositoryBuilder(project / "inner")
    inner.commit("inner", {"x.py": ""})
    inner.write()
    assert list_files(inner.directory) == ["x.py"]
    assert "inner/x.py" not in list_files(project)


def test_the_caller_may_itself_run_inside_a_git_hook(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    assert list_files(project) == ["app/a.py"]


def test_a_bare_repository_without_configuration_hides_nothing(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path / "mirror")
    builder.commit("one", {"a.py": "a = 1\n"})
    builder.write(bare=True)
    (builder.directory / "config").unlink()
    repository = opened(builder.directory)
    assert repository.work_tree is None
    assert [len(commit.changes) for commit in repository.commits("HEAD")] == [1]


def test_the_git_folder_itself_shows_the_whole_history(project: Path) -> None:
    repository = opened(project / ".git")
    assert repository.prefix == ""
    assert "app/a.py" in repository.tree_at("HEAD")


def test_a_bare_repository_has_history_and_no_files(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path / "bare.git")
    builder.commit("one", {"a.py": "a = 1\n"})
    builder.write(bare=True)
    repository = opened(builder.directory)
    assert repository.work_tree is None
    assert repository.read_blob("HEAD", "a.py") == b"a = 1\n"
    assert tracked_and_untracked_files(builder.directory) is None


def test_a_linked_work_tree_is_read_like_any_other(project: Path, tmp_path: Path) -> None:
    git(project, "worktree", "add", "--quiet", str(tmp_path / "linked"), "HEAD~1")
    repository = opened(tmp_path / "linked")
    assert repository.read_blob("HEAD", "app/a.py") == b"a = 1\n"
    assert repository.changed_files() == []


def test_files_are_tracked_or_new_but_neither_ignored_nor_deleted(project: Path) -> None:
    (project / ".gitignore").write_text("*.log\n")
    (project / "noise.log").write_text("")
    (project / "new.py").write_text("")
    (project / "app" / "a.py").unlink()
    assert list_files(project) == [".gitignore", "new.py"]


def test_a_tracked_file_that_changes_is_listed_and_a_new_one_is_not(project: Path) -> None:
    (project / "new.py").write_text("")
    assert opened(project).changed_files() == []
    (project / "app" / "a.py").write_text("a = 3\n")
    assert opened(project).changed_files() == ["app/a.py"]


def test_a_merge_carries_only_what_differs_from_every_parent(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path)
    base = builder.commit("base", {"a.py": "a = 1\n", "b.py": "b = 1\n"})
    left = builder.commit("left", {"a.py": "a = 2\n"}, parents=(base,))
    right = builder.commit("right", {"b.py": "b = 2\n"}, parents=(base,), branch="right")
    third = builder.commit("third", {"c.py": "c = 1\n"}, parents=(base,), branch="third")
    builder.commit("octopus", {"a.py": "a = 9\n", "b.py": "b = 2\n"}, parents=(left, right, third))
    builder.write()
    octopus = next(opened(tmp_path).commits("HEAD"))
    assert len(octopus.parents) == 3
    assert [change.path for change in octopus.changes] == ["a.py"]
    assert len(octopus.changes[0].old) == 3


def test_odd_commits_are_read_without_loss(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path)
    builder.commit("empty", {})
    builder.commit(b"caf\xe9 \x1e start", {"caf\udce9.py": "a = 1\n"}, author=b"Nobody <>")
    builder.commit("", {"bin.py": b"\0\xff\xfe"}, author=b"<only@mail>", time=BASE_TIME - 10**8)
    builder.write()
    last, middle, first = opened(tmp_path).commits("HEAD")
    assert first.changes == ()
    assert middle.subject == "caf\ufffd \x1e start"
    assert middle.changes[0].path == "caf\udce9.py"
    assert middle.author == "Nobody"
    assert (last.author, last.subject, last.time) == ("", "", BASE_TIME - 10**8)
    assert opened(tmp_path).read_blob("HEAD", "bin.py") == b"\0\xff\xfe"


def test_submodules_and_symlinks_are_not_files(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path)
    builder.commit("one", {"a.py": ""})
    marks = builder.write()
    git(tmp_path, "update-index", "--add", "--cacheinfo", f"160000,{marks[1]},module")
    os.symlink("a.py", tmp_path / "link.py")
    git(tmp_path, "add", "link.py")
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    git(tmp_path, *identity, "commit", "--quiet", "-m", "links")
    repository = opened(tmp_path)
    assert list(repository.tree_at("HEAD")) == ["a.py"]
    assert next(repository.commits("HEAD")).changes == ()


def test_a_shallow_clone_says_so(project: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{project}", "shallow")
    assert opened(tmp_path / "shallow").shallow
    assert not opened(project).shallow
    assert len(list(opened(tmp_path / "shallow").commits("HEAD"))) == 1


def test_a_missing_blob_is_none_and_the_rest_is_still_read(project: Path) -> None:
    repository = opened(project)
    two, one = repository.commits("HEAD")
    gone, kept = one.changes[0].new, two.changes[0].new
    assert gone is not None
    assert kept is not None
    packs = list((project / ".git" / "objects" / "pack").glob("*.pack"))
    moved = [pack.rename(project / pack.name) for pack in packs]
    for pack in moved:
        git(project, "unpack-objects", "-q", stdin=pack.read_bytes())
    loose = project / ".git" / "objects" / gone[:2] / gone[2:]
    loose.unlink()
    answers = list(repository.read_blobs([gone, kept, gone, two.id]))
    assert answers == [(gone, None), (kept, b"a = 2\n"), (gone, None), (two.id, None)]


def test_a_partial_clone_never_fetches(project: Path, tmp_path: Path) -> None:
    git(project, "config", "uploadpack.allowFilter", "true")
    git(
        tmp_path,
        *(
            "clone",
            "--quiet",
            "--no-checkout",
            "--filter=blob:none",
            f"file://{project}",
            "partial",
        ),
    )
    repository = opened(tmp_path / "partial")
    ids = sorted(repository.tree_at("HEAD").values()) * 2
    assert list(repository.read_blobs(ids)) == [(blob, None) for blob in ids]


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A program that leaves a mark when it is run."""
    script = tmp_path / "trap"
    script.write_text(f"#!/bin/sh\ntouch '{tmp_path}/sprung'\ncat\n")
    script.chmod(script.stat().st_mode | stat.S_IEXEC)
    return script


def test_nothing_that_a_hostile_repository_names_is_run(
    project: Path, trap: Path, tmp_path: Path
) -> None:
    for key in (
        *("core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "core.askPass"),
        *("core.gitProxy", "core.alternateRefsCommand", "diff.external", "pager.log"),
        *("filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "gpg.program"),
        *("diff.evil.textconv", "diff.evil.command", "credential.helper", "alias.log"),
        *("merge.evil.driver", "uploadpack.packObjectsHook", "remote.origin.uploadpack"),
    ):
        git(project, "config", key, str(trap))
    included = f'[core]\n\tfsmonitor = {trap}\n[diff]\n\texternal = {trap}\n[filter "evil"]\n\tclean = {trap}\n'
    (project / ".git" / "more").write_text(included)
    git(project, "config", "include.path", "more")
    git(project, "config", "log.showSignature", "true")
    git(project, "config", "filter.evil.required", "true")
    git(project, "config", "remote.origin.url", f"ext::{trap}")
    git(project, "config", "remote.origin.promisor", "true")
    hooks = project / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for hook in (
        "post-index-change",
        "reference-transaction",
        "post-checkout",
        "fsmonitor-watchman",
    ):
        (hooks / hook).symlink_to(trap)
    (project / ".gitattributes").write_text("* filter=evil diff=evil merge=evil\n")
    (project / "app" / "a.py").write_text("a = 2\n")
    os.utime(project / "app" / "a.py", (1, 1))

    repository = opened(project)
    assert [commit.subject for commit in repository.commits("HEAD")] == ["two", "one"]
    assert repository.read_blob("HEAD", "app/a.py") == b"a = 2\n"
    assert list(repository.read_blobs(["1" * 40])) == [("1" * 40, None)]
    assert ".gitattributes" in list_files(repository.root)
    assert repository.head() is not None
    assert repository.changed_files() == []
    assert not (tmp_path / "sprung").exists()
