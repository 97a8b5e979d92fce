"""Writes the legacy backend as a git repository, with the same hashes on every machine."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from consolidator.sample.history import FOLDER, HISTORY, Commit
from consolidator.sample.replay import Step, Tree, replay


@dataclass(frozen=True)
class Form:
    """How a file is stored, where that is not UTF-8 with plain line endings."""

    encoding: str = "utf-8"
    newline: str = "\n"

    def encode(self, text: str) -> bytes:
        return text.replace("\n", self.newline).encode(self.encoding)


PLAIN = Form()
FORMS = {
    "chat_backend/legacy/german.py": Form(encoding="latin-1"),
    "chat_backend/legacy/survey.py": Form(encoding="utf-8-sig"),
    "chat_backend/legacy/windows_export.py": Form(newline="\r\n"),
}


class NotEmptyError(FileExistsError):
    """The sample is never written over somebody's files."""

    def __init__(self, directory: Path) -> None:
        super().__init__(f"{directory}: the sample needs a new or an empty folder")


def build(directory: Path) -> str:
    """Returns the hash of HEAD, on branch `main`, checked out and clean.

    Raises NotEmptyError if `directory` holds anything or is a file, FileNotFoundError if there is
    no git, subprocess.CalledProcessError if git fails.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise NotEmptyError(directory)
    directory.mkdir(parents=True, exist_ok=True)
    steps = replay(_texts(FOLDER / "legacy"), _texts(FOLDER / "legacy_removed"), HISTORY)
    _git(directory, "init", "--quiet", "--template=", "--object-format=sha1")
    _git(directory, "symbolic-ref", "HEAD", "refs/heads/main")
    for key, value in (("core.autocrlf", "false"), ("core.fileMode", "false")):
        _git(directory, "config", key, value)
    _git(directory, "fast-import", "--quiet", stdin=_stream(steps))
    _git(directory, "reset", "--quiet", "--hard")
    return _git(directory, "rev-parse", "HEAD").decode("ascii").strip()


def _texts(folder: Path) -> Tree:
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def _stream(steps: list[Step]) -> bytes:
    """The commits in the language of git-fast-import; commit N has mark N, counted from 1."""
    out: list[bytes] = []
    for mark, step in enumerate(steps, 1):
        who = f"{step.commit.author} {_when(step.commit)}"
        out.append(f"commit refs/heads/main\nmark :{mark}\n".encode())
        out.append(f"author {who}\ncommitter {who}\n".encode())
        out.append(_data(_message(step.commit)))
        for word, parent in zip(("from", "merge"), step.parents, strict=False):
            out.append(f"{word} :{parent + 1}\n".encode())
        before = steps[step.parents[0]].tree if step.parents else {}
        out += _files(before, step.tree)
    return b"".join(out)


def _files(before: Mapping[str, str], after: Mapping[str, str]) -> list[bytes]:
    gone = [f"D {path}\n".encode() for path in sorted(before.keys() - after.keys())]
    return gone + [
        f"M 100644 inline {path}\n".encode() + _data(FORMS.get(path, PLAIN).encode(after[path]))
        for path in sorted(after)
        if before.get(path) != after[path]
    ]


def _message(commit: Commit) -> bytes:
    return "\n\n".join(filter(None, (commit.subject, commit.body.strip()))).encode() + b"\n"


def _data(content: bytes) -> bytes:
    return f"data {len(content)}\n".encode() + content + b"\n"


def _when(commit: Commit) -> str:
    return f"{int(commit.date.timestamp())} {commit.date:%z}"


def _git(directory: Path, *arguments: str, stdin: bytes | None = None) -> bytes:
    """Runs git without the user's or the machine's configuration, hooks and variables."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment = {**inherited, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    done = subprocess.run(
        ["git", *arguments],
        cwd=directory,
        env=environment,
        input=stdin,
        capture_output=True,
        check=True,
    )
    return done.stdout
