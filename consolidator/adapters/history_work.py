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


class Shelf:
    """Blobs in memory: the version that one commit brings is the one that the next changes."""

    def __init__(self, repository: Repository, most: int = _SHELF) -> None:
        self._repository = repository
        self._most = most
        self._held: dict[str, bytes] = {}
        self._size = 0
        self._coming: set[str] = set()
        self._stream: Iterator[tuple[str, bytes | None]] = iter(())
        self._absent: set[str] = set()

    def expect(self, blobs: Iterable[str]) -> None:
        """What will be wanted, about in this order: one process of git reads it, ahead of the work."""
        ordered = dict.fromkeys(blobs)
        self._coming = set(ordered)
        self._stream = self._repository.read_blobs(ordered)

    def fill(self, wanted: Iterable[str]) -> None:
        """Holds all that is wanted, as far as the repository has it, and the latest beside it."""
        needed = dict.fromkeys(wanted)
        known = [blob for blob in needed if blob in self._held]
        self._held |= {blob: self._held.pop(blob) for blob in known}
        awaited = self._coming.intersection(needed)
        while awaited:
            blob, content = next(self._stream)
            self._coming.discard(blob)
            awaited.discard(blob)
            self._hold(blob, content)
        missing = [blob for blob in needed if blob not in self._held and blob not in self._absent]
        for blob, content in self._repository.read_blobs(missing):
            self._hold(blob, content)
        if self._size > self._most:
            for blob in [each for each in self._held if each not in needed]:
                self._size -= len(self._held.pop(blob))
                if self._size <= self._most:
                    break

    def content(self, blob: str) -> bytes | None:
        return self._held.get(blob)

    def _hold(self, blob: str, content: bytes | None) -> None:
        if content is None:
            self._absent.add(blob)
        elif blob not in self._held:
            self._held[blob] = content
            self._size += len(content)


@lru_cache(1)
def _editor(scope: Scope, repository: Repository) -> tuple[Editor, Shelf]:
    """Kept from one piece to the next."""
    shelf = Shelf(repository)
    return Editor(scope, shelf.content), shelf


def expect(
    scope: Scope, repository: Repository, work: Sequence[tuple[object, Sequence[Task | Outlined]]]
) -> None:
    """Lets git begin to read what these pieces of work are about."""
    _, shelf = _editor(scope, repository)
    shelf.expect(
        blob for _, questions in work for question in questions for blob in _blobs(question)
    )


def _blobs(question: Task | Outlined) -> Iterator[str]:
    if isinstance(question, Task):
        for change in (*question.family, *question.tests):
            yield from change.blobs
    else:
        yield question[1]


def edits(scope: Scope, repository: Repository, tasks: Sequence[Task]) -> list[Edits]:
    editor, shelf = _editor(scope, repository)
    answers: list[Edits] = []
    for batch in _batches(tasks, shelf, lambda task: (*task.family, *task.tests)):
        answers += [editor.edits(task) for task in batch]
    return answers


def find_crossings(
    scope: Scope, repository: Repository, questions: Sequence[Crossing]
) -> list[tuple[Kin, ...]]:
    shelf = Shelf(repository)
    answers: list[tuple[Kin, ...]] = []
    for batch in _batches(questions, shelf, lambda it: (*it.family, *it.others)):
        answers += [crossings(scope, question, shelf.content) for question in batch]
    return answers


def _batches(
    questions: Sequence[Question],
    shelf: Shelf,
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
    _, shelf = _editor(scope, repository)
    shelf.fill(blob for _, blob, _ in files)
    return [_outline(scope, path, owners, shelf.content(blob)) for path, blob, owners in files]


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
