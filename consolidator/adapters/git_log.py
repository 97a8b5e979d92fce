"""The format in which git is asked for a history, and its reader."""

from __future__ import annotations

from collections.abc import Iterator
from io import BufferedIOBase

from consolidator.analysis.history.records import Change, Commit

_START = "\x1e"
_CHUNK = 1 << 20
_ABSENT = "000000"
_ABSENT_BEFORE = f":{_ABSENT}"
_FILES = {"100644", "100755", "100664", _ABSENT}
"""Modes of regular files and of what is not there; links and submodules are none."""

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


def parse_names(output: BufferedIOBase, prefix_length: int) -> Iterator[list[str]]:
    """The paths that each commit changed, as git prints them for `NAMES_ARGUMENTS`."""
    paths: list[str] = []
    for token in _tokens(output):
        if token.startswith(_START):
            if paths:
                yield paths
            paths = []
        elif name := token.removeprefix("\n"):
            paths.append(name[prefix_length:])
    if paths:
        yield paths


def parse_log(output: BufferedIOBase, prefix_length: int) -> Iterator[Commit]:
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
            about = token.lstrip("\n")
            if about.startswith(":"):
                change = _change(about, next(tokens), prefix_length)
                if change is not None:
                    changes.append(change)
            token = next(tokens, None)
        yield _commit(header, changes)


def _tokens(output: BufferedIOBase) -> Iterator[str]:
    """Bytes that are not UTF-8 are surrogate escapes. Takes what is there: git goes on meanwhile."""
    pieces: list[bytes] = []
    while chunk := output.read1(_CHUNK):
        whole, end, rest = chunk.rpartition(b"\0")
        if end:
            pieces.append(whole)
            yield from b"".join(pieces).decode("utf-8", "surrogateescape").split("\0")
            pieces.clear()
        pieces.append(rest)
    if left := b"".join(pieces):
        yield left.decode("utf-8", "surrogateescape")


def _change(about: str, path: str, prefix_length: int) -> Change | None:
    if about.startswith("::"):
        return _merged(about, path, prefix_length)
    mode, new_mode, old, new, _ = about.split(" ")
    if mode[1:] not in _FILES or new_mode not in _FILES:
        return None
    return Change(
        path[prefix_length:],
        () if mode == _ABSENT_BEFORE else (old,),
        None if new_mode == _ABSENT else new,
    )


def _merged(about: str, path: str, prefix_length: int) -> Change | None:
    """The change of a merge, with one mode and one blob for each parent."""
    parents = about.count(":")
    fields = about[parents:].split(" ")
    modes, new_mode = fields[:parents], fields[parents]
    if not _FILES.issuperset((*modes, new_mode)):
        return None
    *old, new = fields[parents + 1 : 2 * parents + 2]
    known = tuple(blob for mode, blob in zip(modes, old, strict=True) if mode != _ABSENT)
    return Change(path[prefix_length:], known, None if new_mode == _ABSENT else new)


def _commit(header: list[str], changes: list[Change]) -> Commit:
    commit, parents, author, time, message = map(_shown, header)
    seconds = int(time) if time.lstrip("-").isdigit() else 0
    return Commit(commit, tuple(parents.split()), author, seconds, message, tuple(changes))


def _shown(field: str) -> str:
    if field.isascii():
        return field
    return field.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
