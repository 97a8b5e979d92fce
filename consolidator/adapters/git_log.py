"""The format in which git is asked for a history, and its reader."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import IO

from consolidator.analysis.history.records import Change, Commit

_START = b"\x1e"
_CHUNK = 1 << 20
_SYMLINK, _SUBMODULE = b"120000", b"160000"

LOG_ARGUMENTS = (
    "log",
    "--topo-order",
    "--full-history",
    "--root",
    "--raw",
    "-r",
    "-c",
    "-z",
    "--no-abbrev",
    "--no-renames",
    "--no-ext-diff",
    "--no-textconv",
    "--no-show-signature",
    "--no-notes",
    "--no-color",
    "--encoding=UTF-8",
    "--format=%x00%x1e%H%x00%P%x00%an%x00%at%x00%B%x00",
)

NAMES_ARGUMENTS = (
    "log",
    "--no-merges",
    "--full-history",
    "--root",
    "--name-only",
    "-z",
    "--no-renames",
    "--no-ext-diff",
    "--no-textconv",
    "--no-show-signature",
    "--no-notes",
    "--no-color",
    "--format=%x1e",
)


def parse_names(output: IO[bytes], prefix_length: int) -> Iterator[list[str]]:
    """The paths that each commit changed, as git prints them for `NAMES_ARGUMENTS`."""
    paths: list[str] = []
    for token in _tokens(output):
        if token.startswith(_START):
            if paths:
                yield paths
            paths = []
        elif name := token.removeprefix(b"\n"):
            paths.append(os.fsdecode(name)[prefix_length:])
    if paths:
        yield paths


def parse_log(output: IO[bytes], prefix_length: int) -> Iterator[Commit]:
    """Commits as git prints them for `LOG_ARGUMENTS`; regular files only."""
    tokens = _tokens(output)
    token = next(tokens, None)
    while token is not None:
        if not token.startswith(_START):
            token = next(tokens, None)
            continue
        header = [token[1:], *(next(tokens) for _ in range(4))]
        changes: list[Change] = []
        token = next(tokens, None)
        while token is not None and not token.startswith(_START):
            about = token.lstrip(b"\n")
            if about.startswith(b":"):
                change = _change(about, next(tokens), prefix_length)
                if change is not None:
                    changes.append(change)
            token = next(tokens, None)
        yield _commit(header, changes)


def _tokens(output: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while chunk := output.read(_CHUNK):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
    if rest:
        yield rest


def _change(about: bytes, path: bytes, prefix_length: int) -> Change | None:
    parents = len(about) - len(about.lstrip(b":"))
    fields = about[parents:].split(b" ")
    modes, ids = fields[: parents + 1], fields[parents + 1 : 2 * parents + 2]
    if {*modes} & {_SYMLINK, _SUBMODULE}:
        return None
    *old, new = (None if not blob.strip(b"0") else blob.decode() for blob in ids)
    known = tuple(blob for blob in old if blob is not None)
    return Change(os.fsdecode(path)[prefix_length:], known, new)


def _commit(header: list[bytes], changes: list[Change]) -> Commit:
    commit, parents, author, time, message = (field.decode("utf-8", "replace") for field in header)
    seconds = int(time) if time.lstrip("-").isdigit() else 0
    return Commit(commit, tuple(parents.split()), author, seconds, message, tuple(changes))
