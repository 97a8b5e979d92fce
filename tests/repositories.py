"""Git repositories for tests: real ones, written in one go and the same each time."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

BASE_TIME = 1_735_689_600
DAY = 86_400


def git(directory: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    """Git in `directory`, deaf to the configuration of the machine that runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(
        ["git", *arguments],
        cwd=directory,
        env=kept | quiet,
        input=stdin,
        capture_output=True,
        check=True,
    ).stdout


class RepositoryBuilder:
    """Collects commits, then writes them with `git fast-import`. Commits are named by marks 1, 2 …"""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._stream: list[bytes] = []
        self._count = 0

    def commit(
        self,
        message: str | bytes,
        files: Mapping[str, str | bytes | None],
        *,
        parents: tuple[int, ...] | None = None,
        author: bytes = b"Ada <ada@example.org>",
        time: int | None = None,
        branch: str = "main",
    ) -> int:
        """A commit that writes `files` (None removes one) on top of `parents`, else of the last."""
        self._count += 1
        when = BASE_TIME + self._count * DAY if time is None else time
        parents = (
            parents if parents is not None else ((self._count - 1,) if self._count > 1 else ())
        )
        text = message.encode() if isinstance(message, str) else message
        self._stream += [
            b"commit refs/heads/%s\nmark :%d\n" % (branch.encode(), self._count),
            b"author %s %d +0000\n" % (author, when),
            b"committer %s %d +0000\n" % (author, when),
            b"data %d\n%s\n" % (len(text), text),
            *(
                b"%s :%d\n" % (b"merge" if place else b"from", parent)
                for place, parent in enumerate(parents)
            ),
            *(_file(path, content) for path, content in files.items()),
            b"\n",
        ]
        return self._count

    def write_empty(self) -> None:
        """Creates the repository without any commit."""
        git(self.directory, "init", "--quiet", "--initial-branch=main")

    def write(self, *, bare: bool = False) -> dict[int, str]:
        """Creates the repository, checks `main` out, and gives the id of each mark."""
        self.directory.mkdir(parents=True, exist_ok=True)
        git(self.directory, "init", "--quiet", "--initial-branch=main", *(["--bare"] * bare))
        git_dir = self.directory if bare else self.directory / ".git"
        marks = git_dir / "marks"
        git(
            self.directory,
            *("fast-import", "--quiet", "--date-format=raw-permissive", "--force"),
            f"--export-marks={marks}",
            stdin=b"".join(self._stream),
        )
        if not bare:
            git(self.directory, "reset", "--quiet", "--hard", "main")
        lines = (line.split() for line in marks.read_text().splitlines())
        return {int(mark[1:]): commit for mark, commit in lines}


def _file(path: str, content: str | bytes | None) -> bytes:
    name = os.fsencode(path)
    if content is None:
        return b"D %s\n" % name
    data = content.encode() if isinstance(content, str) else content
    return b"M 100644 inline %s\ndata %d\n%s\n" % (name, len(data), data)
