"""A git repository, read only: its files, revisions, blobs and history. Paths are ROOT's, with `/`.

Bytes of paths that are not UTF-8 appear as surrogate escapes, as everywhere in Python.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

from consolidator.adapters.git_command import GitCommand, list_files_around
from consolidator.adapters.git_log import LOG_ARGUMENTS, NAMES_ARGUMENTS, parse_log, parse_names
from consolidator.analysis.history.records import Commit
from consolidator.errors import ToolError, UsageError

_REGULAR_MODES = {"100644", "100755", "100664"}


def open_repository(root: Path) -> Repository | None:
    """The repository that holds `root`, which may be a folder inside its work tree or be bare.

    None where there is none; `ToolError` where there is one that can't be read.
    """
    from git import exc, repo  # noqa: PLC0415 - GitPython looks for git when it is imported

    try:
        found = repo.Repo(root.resolve(), search_parent_directories=True, expand_vars=False)
    except (exc.InvalidGitRepositoryError, exc.NoSuchPathError):
        return None
    except (exc.GitError, OSError, ValueError) as error:
        raise ToolError(f"{root}: the git repository can't be opened: {error}") from error
    with found:
        git_dir = Path(found.git_dir).resolve()
        inside = root.resolve().is_relative_to(git_dir)  # then GitPython may take bare for not bare
        top = None if found.bare or inside else found.working_tree_dir
        repository = Repository(root.resolve(), git_dir, Path(top).resolve() if top else None)
    repository.head()  # GitPython opens what git itself refuses
    return repository


def tracked_and_untracked_files(root: Path) -> list[str] | None:
    """Files in ROOT that are not ignored, sorted, tracked ones that were deleted among them; submodules
    and nested repositories are not entered. None where `root` is in no work tree."""
    listed = list_files_around(root)
    if listed is None:
        return None
    return sorted({os.fsdecode(name) for name in listed.split(b"\0") if name})


class Repository:
    def __init__(self, root: Path, git_dir: Path, work_tree: Path | None) -> None:
        if shutil.which("git") is None:
            raise ToolError("git is not installed, or not on PATH")
        self.root = root
        self.git_dir = git_dir
        self.work_tree = work_tree
        """The top of the work tree; None for a bare repository."""
        inside = root.relative_to(work_tree).as_posix() if work_tree else "."
        self.prefix = "" if inside == "." else inside + "/"
        """Where ROOT lies below the top of the work tree: empty, or ending in `/`."""
        self._git = GitCommand(git_dir, work_tree)

    def head(self) -> str | None:
        """The id of the checked-out commit; None in a repository without commits."""
        return self._git.answer("rev-parse", "--verify", "--quiet", "HEAD^{commit}")

    def resolve(self, revision: str) -> str:
        """The id of the commit that `revision` names; `UsageError` where it names none."""
        found = None
        if revision and not revision.startswith("-") and "\0" not in revision:
            found = self._git.answer("rev-parse", "--verify", "--quiet", revision + "^{commit}")
        if found is None:
            raise UsageError(f"{revision!r} names no commit in {self.root}")
        return found

    @property
    def identity(self) -> str:
        """Which folder of which repository on this machine it is."""
        return f"{self.git_dir}:{self.prefix}"

    @property
    def shallow(self) -> bool:
        """Whether the history was cut off when it was cloned."""
        return bool(self.boundaries[0])

    @cached_property
    def boundaries(self) -> tuple[bytes, bytes]:
        """The files in which a repository says that commits have other parents than they name: where
        a shallow clone ends, and grafts."""
        named = self._git.run("rev-parse", "--git-path", "shallow", "--git-path", "info/grafts")
        shallow, grafts = (self._git.directory / os.fsdecode(each) for each in named.splitlines())
        return _content(shallow), _content(grafts)

    def changed_files(self) -> list[str]:
        """Tracked files in ROOT that differ from the last commit, staged or not, sorted.

        No filter is run, so a file whose filter would make it equal counts as changed.
        """
        status = self._git.run(
            *("status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=no"),
            "--ignore-submodules=all",
            *self._below_root(),
            overrides=self._without_filters(),
        )
        names = [os.fsdecode(entry[3:]) for entry in status.split(b"\0") if entry]
        return sorted(name[len(self.prefix) :] for name in names)

    def tree_at(self, revision: str) -> dict[str, str]:
        """Path and blob id of every regular file in ROOT at a revision."""
        listed = self._git.run(
            "ls-tree", "-r", "-z", "--full-tree", self.resolve(revision), *self._below_root()
        )
        tree: dict[str, str] = {}
        for entry in listed.split(b"\0")[:-1]:
            about, _, path = entry.partition(b"\t")
            mode, _, blob = about.decode().split(" ")
            if mode in _REGULAR_MODES:
                tree[os.fsdecode(path)[len(self.prefix) :]] = blob
        return tree

    def read_blob(self, revision: str, path: str) -> bytes | None:
        """The file as committed; None where the revision has no such file or its blob is absent."""
        blob = self.tree_at(revision).get(path)
        return None if blob is None else next(self.read_blobs([blob]))[1]

    def read_blobs(self, ids: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
        """Each blob in the order asked for, in one process; None for one that the repository lacks."""
        pending = list(ids)
        while pending:
            served = 0
            try:
                for answer in self._serve(pending):
                    served += 1
                    yield answer
            except ToolError:
                # Before git 2.45 one absent object of a partial clone ends the whole process.
                if served == len(pending):
                    raise
                yield pending[served], None
                served += 1
            pending = pending[served:]

    def commits(self, revision: str, beyond: str | None = None) -> Iterator[Commit]:
        """Every commit that `revision` can reach, and `beyond` can't, children before parents, with its
        changes in ROOT; where ROOT is not the top, only those that have some.

        A merge carries only what differs from all of its parents.
        """
        limit = () if beyond is None else (f"^{beyond}",)
        arguments = (*LOG_ARGUMENTS, self.resolve(revision), *limit, *self._below_root())
        with self._git.stream(*arguments) as output:
            for commit in parse_log(output, len(self.prefix)):
                if commit.changes or not self.prefix:
                    yield commit

    def ancestry(self, revision: str) -> list[str]:
        """The id of every commit that `revision` can reach, in the order of `commits`."""
        listed = self._git.run("rev-list", "--topo-order", self.resolve(revision))
        return listed.decode().split()

    def has_commit(self, name: str) -> bool:
        return self._git.answer("rev-parse", "--verify", "--quiet", name + "^{commit}") is not None

    def changed_paths(self, revision: str, limit: int) -> Iterator[list[str]]:
        """The paths in ROOT that each of the last `limit` commits changed, newest first.

        Merges are left out and renames are two paths, so no blob is read: a repository that lacks
        blobs answers as well as a whole one.
        """
        arguments = (*NAMES_ARGUMENTS, f"--max-count={limit}", self.resolve(revision))
        with self._git.stream(*arguments, *self._below_root()) as output:
            yield from parse_names(output, len(self.prefix))

    def _serve(self, ids: list[str]) -> Iterator[tuple[str, bytes | None]]:
        with tempfile.TemporaryFile() as requests:
            requests.write("".join(f"{blob}\n" for blob in ids).encode())
            requests.seek(0)
            with self._git.stream("cat-file", "--batch", "--buffer", stdin=requests) as output:
                for blob in ids:
                    header = output.readline().split()
                    if not header:
                        raise ToolError(f"git cat-file ended before {blob}")
                    if header[-1] == b"missing":
                        yield blob, None
                        continue
                    content = output.read(int(header[2]) + 1)[:-1]
                    yield blob, content if header[1] == b"blob" else None

    def _below_root(self) -> tuple[str, ...]:
        return ("--", self.prefix) if self.prefix else ("--",)

    def _without_filters(self) -> tuple[str, ...]:
        named = self._git.run("config", "-z", "--name-only", "--list")
        keys = {key for key in os.fsdecode(named).split("\0") if key.startswith("filter.")}
        drivers = {key[len("filter.") :].rpartition(".")[0] for key in keys}
        return tuple(
            f"filter.{driver}.{setting}"
            for driver in sorted(drivers)
            for setting in ("clean=", "smudge=", "process=", "required=false")
        )


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
