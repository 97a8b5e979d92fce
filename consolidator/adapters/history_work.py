"""What is read from git's objects in one process, for some questions at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TypeVar

from consolidator.adapters.git import Repository
from consolidator.analysis.history.cutting import text_of
from consolidator.analysis.history.edits import Editor, units_of
from consolidator.analysis.history.family import Relation, Scope
from consolidator.analysis.history.kin import crossings
from consolidator.analysis.history.outline import FileOutline, outline_of
from consolidator.analysis.history.records import Change, Crossing, Edits, Kin, Task
from consolidator.analysis.history.statements import UnparsableError

_AT_ONCE = 64
"""Commits whose blobs are in memory together."""
_SHELF = 64 << 20
"""Bytes of blobs that a process holds beyond them."""

Question = TypeVar("Question")
Outlined = tuple[str, str, tuple[str, ...]]
"""A path, a blob, and the classes in it that belong to the family whatever they are called."""


class _Shelf:
    """Blobs in memory: the version that one commit brings is the one that the next changes."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._held: dict[str, bytes] = {}
        self._size = 0

    def fill(self, wanted: Iterable[str]) -> None:
        """Holds all that is wanted, as far as the repository has it, and the latest beside it."""
        needed = dict.fromkeys(wanted)
        known = [blob for blob in needed if blob in self._held]
        self._held |= {blob: self._held.pop(blob) for blob in known}
        missing = [blob for blob in needed if blob not in self._held]
        for blob, content in self._repository.read_blobs(missing):
            if content is not None:
                self._held[blob] = content
                self._size += len(content)
        while self._size > _SHELF and len(self._held) > len(needed):
            self._size -= len(self._held.pop(next(iter(self._held))))

    def content(self, blob: str) -> bytes | None:
        return self._held.get(blob)


@lru_cache(1)
def _editor(scope: Scope, repository: Repository) -> tuple[Editor, _Shelf]:
    """Kept from one piece to the next."""
    shelf = _Shelf(repository)
    return Editor(scope, shelf.content), shelf


def edits(scope: Scope, repository: Repository, tasks: Sequence[Task]) -> list[Edits]:
    editor, shelf = _editor(scope, repository)
    answers: list[Edits] = []
    for batch in _batches(tasks, shelf, lambda task: (*task.family, *task.tests)):
        answers += [editor.edits(task) for task in batch]
    return answers


def find_crossings(
    scope: Scope, repository: Repository, questions: Sequence[Crossing]
) -> list[tuple[Kin, ...]]:
    shelf = _Shelf(repository)
    answers: list[tuple[Kin, ...]] = []
    for batch in _batches(questions, shelf, lambda it: (*it.family, *it.others)):
        answers += [crossings(scope, question, shelf.content) for question in batch]
    return answers


def _batches(
    questions: Sequence[Question],
    shelf: _Shelf,
    changes: Callable[[Question], tuple[Change, ...]],
) -> Iterator[Sequence[Question]]:
    """Some questions at a time, while `shelf` holds what they are about."""
    for start in range(0, len(questions), _AT_ONCE):
        batch = questions[start : start + _AT_ONCE]
        shelf.fill(blob for each in batch for change in changes(each) for blob in change.blobs)
        yield batch


def outlines(
    scope: Scope, repository: Repository, files: Sequence[Outlined]
) -> list[FileOutline | None]:
    contents = repository.read_blobs(blob for _, blob, _ in files)
    return [
        _outline(scope, path, owners, content)
        for (path, _, owners), (_, content) in zip(files, contents, strict=True)
    ]


def _outline(
    scope: Scope, path: str, owners: tuple[str, ...], content: bytes | None
) -> FileOutline | None:
    try:
        units = units_of(content or b"")
        return outline_of(units, scope.relevant(path, units, owners), text_of(content or b"") or "")
    except UnparsableError:
        return None


def relations(scope: Scope, repository: Repository, blobs: Sequence[str]) -> list[Relation]:
    return [scope.relation(content or b"") for _, content in repository.read_blobs(blobs)]
