"""What commits did and what files hold, read from git's objects on every core, each only once.

Answers depend on nothing but the blobs and the question, so they are kept on disk by both: a new commit
costs itself. Work starts when it is asked for; answers may be taken while later ones are still made.
"""

from __future__ import annotations

import gc
import os
import warnings
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from hashlib import blake2b
from itertools import accumulate, pairwise
from typing import Any, Self, TypeVar

import msgspec

from consolidator.adapters.cache import ContentCache
from consolidator.adapters.commit_log import CommitLog
from consolidator.adapters.git import Repository
from consolidator.adapters.processes import workers
from consolidator.analysis.history import (
    cutting,
    delta,
    detectors,
    edits,
    family,
    kin,
    moves,
    outline,
    records,
    statements,
)
from consolidator.analysis.history.cutting import text_of
from consolidator.analysis.history.edits import Editor, units_of
from consolidator.analysis.history.family import Relation, Scope
from consolidator.analysis.history.kin import crossings
from consolidator.analysis.history.outline import FileOutline, outline_of
from consolidator.analysis.history.records import Change, Commit, Crossing, Edits, Kin, Task
from consolidator.analysis.history.statements import UnparsableError

_MAKERS = (cutting, delta, detectors, edits, family, kin, moves, outline, records, statements)
_FEW = 40
"""Blobs; below it, starting processes costs more than it saves."""
_PIECES = 4
"""Per process, so that none is left with a long one at the end; more, and what one piece has read is
read again for the next."""

Contents = dict[str, bytes | None]
Question = TypeVar("Question")
Answer = TypeVar("Answer")
Work = Callable[[Scope, Repository, Sequence[Question]], list[Answer]]


class CommitReader:
    """`jobs` is the number of processes; neither it nor `cache` changes any answer.

    A context manager: leaving it ends the processes.
    """

    def __init__(
        self, repository: Repository, jobs: int | None = None, *, cache: bool = True
    ) -> None:
        self._repository = repository
        self._jobs = jobs or os.cpu_count() or 1
        self._cache = cache
        self._pool: ProcessPoolExecutor | None = None

    def commits(self, revision: str) -> list[Commit]:
        """Every commit that a revision can reach, children before parents."""
        if self._cache:
            return CommitLog().commits(self._repository, revision)
        return list(self._repository.commits(revision))

    def edits(self, scope: Scope, tasks: Sequence[Task]) -> Iterator[Edits]:
        """What each commit did, in the order asked for."""
        return self._answers(scope, tasks, _edits, Edits, lambda answer: answer.complete)

    def crossings(self, scope: Scope, questions: Sequence[Crossing]) -> list[tuple[Kin, ...]]:
        """For each commit the classes that it turned members into, or made members from."""
        found = self._answers(scope, questions, _crossings, tuple[Kin, ...], lambda _: True)
        return list(found)

    def outlines(
        self, scope: Scope, files: Mapping[str, str], kin: Mapping[str, frozenset[str]]
    ) -> Iterator[tuple[str, FileOutline]]:
        """Of each path the outline of a blob; without those that can't be read. Costs least when asked
        for after the edits that lead there."""
        questions = [(path, blob, tuple(sorted(kin.get(path, ())))) for path, blob in files.items()]
        found = self._answers(scope, questions, _outlines, FileOutline | None, lambda _: True)
        pairs = zip(files, found, strict=True)
        return ((path, outline) for path, outline in pairs if outline is not None)

    def relations(self, scope: Scope, blobs: Sequence[str]) -> list[Relation]:
        """Which blobs define a member of the family, and which only speak of it."""
        return list(self._answers(scope, blobs, _relations, Relation, lambda _: True))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the processes; work that nobody waited for is dropped."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def _answers(
        self,
        scope: Scope,
        questions: Sequence[Question],
        work: Work[Question, Answer],
        kind: Any,
        keep: Callable[[Answer], bool],
    ) -> Iterator[Answer]:
        keys = [_key(scope, work.__name__, question) for question in questions]
        known: dict[bytes, Answer] = {}
        cache: ContentCache[Answer] | None = None
        if self._cache:
            cache = ContentCache(f"history{work.__name__}", kind, _MAKERS)
            known = cache.get(keys)
        missing = {
            key: question for key, question in zip(keys, questions, strict=True) if key not in known
        }
        made = zip(missing, self._work(scope, list(missing.values()), work, kind), strict=True)
        return _in_order(keys, known, made, cache, keep)

    def _work(
        self,
        scope: Scope,
        questions: list[Question],
        work: Work[Question, Answer],
        kind: Any,
    ) -> Iterable[Answer]:
        if self._jobs == 1 or len(questions) < _FEW:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about the text of others
                return work(scope, self._repository, questions)
        if self._pool is None:
            self._pool = workers(self._jobs, _start)
        decode = msgspec.msgpack.Decoder(list[kind]).decode
        pending = [
            self._pool.submit(_encoded, work, scope, self._repository, piece)
            for piece in _pieces(questions, self._jobs * _PIECES)
        ]
        made = (future.result() for future in pending)
        return (
            answer
            for piece in made
            for answer in (decode(piece) if isinstance(piece, bytes) else piece)
        )


def _in_order(
    keys: Sequence[bytes],
    known: dict[bytes, Answer],
    made: Iterator[tuple[bytes, Answer]],
    cache: ContentCache[Answer] | None,
    keep: Callable[[Answer], bool],
) -> Iterator[Answer]:
    """`made` comes in the order of `keys`, which may name one twice; it is kept once all is there."""
    fresh: dict[bytes, Answer] = {}
    for key in keys:
        if key not in known:
            name, answer = next(made)
            assert name == key
            known[key] = fresh[key] = answer
        yield known[key]
    if cache is not None:
        cache.put({key: answer for key, answer in fresh.items() if keep(answer)})


def _pieces(questions: Sequence[Question], number: int) -> list[Sequence[Question]]:
    """Neighbours together, about the same number of blobs in each."""
    ends = list(accumulate(map(_weight, questions)))
    limits = [ends[-1] * (piece + 1) / number for piece in range(number)]
    cuts = [0, *(bisect_right(ends, limit) for limit in limits)]
    return [questions[one:other] for one, other in pairwise(cuts) if one < other]


def _weight(question: object) -> int:
    match question:
        case Task(family, tests):
            return 1 + 4 * len(family) + len(tests)
        case Crossing(family, others):
            return 1 + len(family) + len(others)
        case _:
            return 1


def _key(scope: Scope, work: str, question: object) -> bytes:
    text = repr((work, scope, question)).encode("utf-8", "surrogateescape")
    return blake2b(text, digest_size=20).digest()


def _start() -> None:
    gc.disable()  # a worker makes no cycles, and lives only as long as the work
    warnings.simplefilter("ignore")


def _encoded(
    work: Work[Question, Answer],
    scope: Scope,
    repository: Repository,
    questions: Sequence[Question],
) -> bytes | list[Answer]:
    """Encoded, which travels faster, unless a path in it is not UTF-8."""
    answers = work(scope, repository, questions)
    try:
        return msgspec.msgpack.encode(answers)
    except UnicodeEncodeError:
        return answers


_AT_ONCE = 64
"""Commits whose blobs are in memory together."""


def _edits(scope: Scope, repository: Repository, tasks: Sequence[Task]) -> list[Edits]:
    contents: Contents = {}
    editor = Editor(scope, contents.__getitem__)
    answers: list[Edits] = []
    for batch in _batches(repository, tasks, contents, lambda task: (*task.family, *task.tests)):
        answers += [editor.edits(task) for task in batch]
    return answers


def _crossings(
    scope: Scope, repository: Repository, questions: Sequence[Crossing]
) -> list[tuple[Kin, ...]]:
    contents: Contents = {}
    answers: list[tuple[Kin, ...]] = []
    for batch in _batches(repository, questions, contents, lambda it: (*it.family, *it.others)):
        answers += [crossings(scope, question, contents.__getitem__) for question in batch]
    return answers


def _batches(
    repository: Repository,
    questions: Sequence[Question],
    contents: Contents,
    changes: Callable[[Question], tuple[Change, ...]],
) -> Iterator[Sequence[Question]]:
    """Some questions at a time, while `contents` holds what they are about."""
    for start in range(0, len(questions), _AT_ONCE):
        batch = questions[start : start + _AT_ONCE]
        wanted = {blob: None for each in batch for change in changes(each) for blob in change.blobs}
        contents.clear()
        contents.update(repository.read_blobs(wanted))
        yield batch


def _outlines(
    scope: Scope, repository: Repository, files: Sequence[tuple[str, str, tuple[str, ...]]]
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


def _relations(scope: Scope, repository: Repository, blobs: Sequence[str]) -> list[Relation]:
    return [scope.relation(content or b"") for _, content in repository.read_blobs(blobs)]
