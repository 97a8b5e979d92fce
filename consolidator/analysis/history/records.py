"""What the miner is told about a history: commits and the blobs that they exchanged."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Change:
    """One path that a commit changed. Renames are a deletion and an addition."""

    path: str
    """Relative to ROOT with `/`; bytes that are not UTF-8 are surrogate escapes."""
    old: tuple[str, ...]
    """The blob in each parent that has the path; a merge's change differs from every one of them."""
    new: str | None
    """The blob afterwards; None where the commit removed the path."""


@dataclass(frozen=True, slots=True)
class Commit:
    id: str
    parents: tuple[str, ...]
    author: str
    time: int
    """Author time in seconds since 1970, UTC, as recorded: clocks of authors may be wrong."""
    message: str
    changes: tuple[Change, ...]

    @property
    def subject(self) -> str:
        return self.message.lstrip().partition("\n")[0].rstrip()
