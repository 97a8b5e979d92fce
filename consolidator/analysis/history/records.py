"""What the miner is told about a history, and what it notes down about each commit."""

from __future__ import annotations

from typing import Literal

import msgspec

Status = Literal["added", "removed", "changed"]


class Change(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One path that a commit changed. Renames are a deletion and an addition."""

    path: str
    """Relative to ROOT with `/`; bytes that are not UTF-8 are surrogate escapes."""
    old: tuple[str, ...]
    """The blob in each parent that has the path; a merge's change differs from every one of them."""
    new: str | None
    """The blob afterwards; None where the commit removed the path."""

    @property
    def blobs(self) -> tuple[str, ...]:
        return self.old if self.new is None else (*self.old, self.new)


class Commit(msgspec.Struct, frozen=True, gc=False, array_like=True):
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


class Touch(Commit, frozen=True, gc=False, array_like=True):
    """A commit as far as one question goes: `changes` are those that may concern it."""

    size: int = 0
    """Files of any kind that the commit changed; then how many of them are tests, modules of tests, and
    documents."""
    tests: int = 0
    test_modules: int = 0
    documents: int = 0


class Log(msgspec.Struct, frozen=True):
    """A history as far as one question goes."""

    touches: list[Touch]
    """Commits that may concern it, children before parents."""
    read: int
    """Commits that were looked at."""


class Evidence(msgspec.Struct, frozen=True, gc=False, array_like=True):
    signal: str
    detail: str
    """The statement that shows it, in normal form."""


class UnitEdit(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What a commit did to one unit; statements in normal form, only those that act."""

    name: str
    owner: str
    status: Status
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    rewritten: tuple[tuple[str, str], ...] = ()
    """Before and after."""
    reordered: bool = False
    noise: int = 0
    after: tuple[str, ...] = ()
    """Every statement of a changed unit afterwards, sorted."""
    evidence: tuple[Evidence, ...] = ()
    order: tuple[tuple[str, str], ...] = ()
    """Where no statement of its own came or went, as where places changed or a `try` was put around:
    neighbours that were none before."""

    @property
    def came(self) -> tuple[str, ...]:
        return self.added + tuple(new for _, new in self.rewritten)

    @property
    def went(self) -> tuple[str, ...]:
        return self.removed + tuple(old for old, _ in self.rewritten)


class FileEdit(msgspec.Struct, frozen=True, gc=False, array_like=True):
    path: str
    status: Status
    units: tuple[UnitEdit, ...] = ()
    moved: int = 0
    """Units that only changed their name or their file."""


class Edits(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What a commit did to the family."""

    files: tuple[FileEdit, ...] = ()
    new_tests: tuple[str, ...] = ()
    troubles: tuple[tuple[str, str], ...] = ()
    """Paths of versions that could not be used, and why."""
    complete: bool = True
    """False where blobs are missing from the repository."""


Kin = tuple[str, str]
"""A path, and a class or function in it that belongs to the family whatever it is called."""


class Task(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The changes of one commit that have to be read."""

    family: tuple[Change, ...]
    tests: tuple[Change, ...] = ()
    kin: tuple[Kin, ...] = ()
    """Of the family's paths."""


class Crossing(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The changes of one commit through which a class may have entered or left the known family."""

    family: tuple[Change, ...]
    others: tuple[Change, ...] = ()
    kin: tuple[Kin, ...] = ()
