"""Running git so that a repository stays data.

A repository's own configuration can name programs: hooks, filters, file system monitors, external
diffs, text converters, pagers, credential and transport helpers. Everything here is started with
those switched off, without the user's and the machine's configuration (so that the same repository
gives the same answer everywhere), and without network: an object that the repository lacks is
reported as missing and never fetched.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import IO

from consolidator.errors import ToolError

_OVERRIDES = (
    "core.fsmonitor=false",
    "core.hooksPath=" + os.devnull,
    "core.pager=cat",
    "core.untrackedCache=false",
    "core.quotePath=false",
    "core.commitGraph=true",
    "credential.helper=",
    "diff.external=",
    "diff.ignoreSubmodules=all",
    "gc.auto=0",
    "log.showSignature=false",
    "maintenance.auto=false",
    "protocol.allow=never",
    "safe.directory=*",
    "submodule.recurse=false",
)

_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_ASKPASS": "",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
_NO_WORK_TREE = (b"not a git repository", b"must be run in a work tree")


def environment(git_dir: Path | None, work_tree: Path | None) -> dict[str, str]:
    """The environment of a git process that reads exactly this repository; without a `git_dir`, the
    one that its working directory is in.

    `GIT_*` variables of the caller are dropped: inside a hook they name another repository.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    chosen = {} if git_dir is None else {"GIT_DIR": str(git_dir)}
    if work_tree is not None:
        chosen["GIT_WORK_TREE"] = str(work_tree)
    return kept | _ENVIRONMENT | chosen


def list_files_around(folder: Path) -> bytes | None:
    """What `git ls-files -z` names below a folder: tracked files, deleted ones among them, and new ones
    that are not ignored. None where the folder is in no work tree, or there is no git.

    git looks for the repository itself: importing GitPython takes longer than the whole listing.
    """
    arguments = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    try:
        done = _start(arguments, (), folder, environment(None, None))
    except FileNotFoundError:
        return None
    if done.returncode == 0:
        return done.stdout
    if any(words in done.stderr for words in _NO_WORK_TREE):
        return None
    raise ToolError(_failure(arguments, done.stderr))


class GitCommand:
    """Starts git for one repository. `ToolError` carries git's own last words."""

    def __init__(self, git_dir: Path, work_tree: Path | None) -> None:
        self.directory = work_tree or git_dir
        self._environment = environment(git_dir, work_tree)

    def run(self, *arguments: str, overrides: tuple[str, ...] = ()) -> bytes:
        done = self._start(arguments, overrides)
        if done.returncode:
            raise ToolError(_failure(arguments, done.stderr))
        return done.stdout

    def answer(self, *arguments: str) -> str | None:
        """The first line of the output; None where git says no (exit 1)."""
        done = self._start(arguments, ())
        if done.returncode > 1:
            raise ToolError(_failure(arguments, done.stderr))
        return None if done.returncode else os.fsdecode(done.stdout.partition(b"\n")[0])

    @contextmanager
    def stream(self, *arguments: str, stdin: IO[bytes] | None = None) -> Iterator[BufferedReader]:
        """The output as it comes. Leaving early ends the process; a failure is raised at the end."""
        with subprocess.Popen(
            _line(arguments, ()),
            cwd=self.directory,
            env=self._environment,
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert isinstance(process.stdout, BufferedReader)
            assert process.stderr is not None
            try:
                yield process.stdout
            except BaseException:
                process.kill()
                raise
            complaint = process.stderr.read()
            if process.wait():
                raise ToolError(_failure(arguments, complaint))

    def _start(
        self, arguments: tuple[str, ...], overrides: tuple[str, ...]
    ) -> subprocess.CompletedProcess[bytes]:
        return _start(arguments, overrides, self.directory, self._environment)


def _start(
    arguments: tuple[str, ...],
    overrides: tuple[str, ...],
    folder: Path,
    variables: dict[str, str],
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        _line(arguments, overrides),
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )


def _line(arguments: tuple[str, ...], overrides: tuple[str, ...]) -> list[str]:
    settings = [part for item in (*_OVERRIDES, *overrides) for part in ("-c", item)]
    return ["git", "--no-pager", "--literal-pathspecs", *settings, *arguments]


def _failure(arguments: tuple[str, ...], complaint: bytes) -> str:
    words = complaint.decode("utf-8", "replace").strip().splitlines()
    return f"git {arguments[0]} failed: {words[-1] if words else 'it gave no reason'}"
