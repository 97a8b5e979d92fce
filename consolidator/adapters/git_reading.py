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
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate, chain, pairwise
from typing import Any, Generic, Self, TypeVar

import msgspec

from consolidator.adapters import history_work
from consolidator.adapters.cache import ContentCache
from consolidator.adapters.commit_log import CommitLog, read_log
from consolidator.adapters.git import Repository
from consolidator.adapters.history_work import Outlined
from consolidator.adapters.lanes import Lanes
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
from consolidator.analysis.history.family import Relation, Scope
from consolidator.analysis.history.outline import FileOutline
from consolidator.analysis.history.records import Crossing, Edits, Kin, Log, Task

_MAKERS = (cutting, delta, detectors, edits, family, kin, moves, outline, records, statements)
_FEW = 40
"""Blobs; below it, starting processes costs more than it saves."""
_PIECES = 24
"""Per process, so that none is left with a long one at the end."""

Question = TypeVar("Question")
Answer = TypeVar("Answer")
Work = Callable[[Scope, Repository, Sequence[Question]], list[Answer]]
Piece = tuple[Work[Any, Any], Sequence[Any]]
Made = bytes | list[Any]
"""Answers, encoded, which travels faster, unless a path in them is not UTF-8."""


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

    def log(self, scope: Scope, revision: str) -> Log:
        """Every commit that a revision can reach, as far as it may concern the family."""
        if self._cache:
            return CommitLog().log(self._repository, scope, revision)
        return read_log(self._repository, scope, revision)

    def crossings(self, scope: Scope, questions: Sequence[Crossing]) -> list[tuple[Kin, ...]]:
        """For each commit the classes that it turned members into, or made members from."""
        return self._answers(scope, questions, history_work.find_crossings, tuple[Kin, ...])

    def relations(self, scope: Scope, blobs: Sequence[str]) -> list[Relation]:
        """Which blobs define a member of the family, and which only speak of it."""
        return self._answers(scope, blobs, history_work.relations, Relation)

    def read(
        self,
        scope: Scope,
        tasks: Sequence[Task],
        files: Mapping[str, str],
        kin: Mapping[str, frozenset[str]],
    ) -> tuple[Iterator[Edits], Iterator[tuple[str, FileOutline]]]:
        """What each commit did, in the order asked for; then of each path the outline of a blob, without
        those that can't be read."""
        outlined: list[Outlined] = [
            (path, blob, tuple(sorted(kin.get(path, ())))) for path, blob in files.items()
        ]
        done = self._ask(scope, tasks, history_work.edits, Edits)
        now = self._ask(scope, outlined, history_work.outlines, FileOutline | None)
        if self._alone(done.missing) and self._alone(now.missing):
            changed, found = self._here(scope, done), self._here(scope, now)
        else:
            changed, found = self._in_lanes(scope, done, now)
        pairs = zip(files, now.in_order(found, lambda _: True), strict=True)
        kept = ((path, each) for path, each in pairs if each is not None)
        return done.in_order(changed, lambda answer: answer.complete), kept

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the processes; work that nobody waited for is dropped."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None

    def _answers(
        self,
        scope: Scope,
        questions: Sequence[Question],
        work: Work[Question, Answer],
        kind: Any,
    ) -> list[Answer]:
        asked: _Asked[Question, Answer] = self._ask(scope, questions, work, kind)
        if self._alone(asked.missing):
            made = self._here(scope, asked)
        else:
            if self._pool is None:
                self._pool = workers(self._jobs, _start)
            pending = [
                self._pool.submit(_encoded, scope, self._repository, piece)
                for piece in asked.pieces(self._jobs * _PIECES)
            ]
            made = asked.decoded(future.result() for future in pending)
        return list(asked.in_order(made, lambda _: True))

    def _ask(
        self,
        scope: Scope,
        questions: Sequence[Question],
        work: Work[Question, Answer],
        kind: Any,
    ) -> _Asked[Question, Answer]:
        keys = [_key(scope, work.__name__, question) for question in questions]
        cache: ContentCache[Answer] | None = None
        if self._cache:
            cache = ContentCache(f"history_{work.__name__}", kind, _MAKERS)
        known = cache.get(keys) if cache else {}
        asked = zip(keys, questions, strict=True)
        missing = {key: question for key, question in asked if key not in known}
        return _Asked(work, kind, keys, missing, known, cache)

    def _alone(self, missing: Mapping[bytes, object]) -> bool:
        return self._jobs == 1 or len(missing) < _FEW

    def _here(self, scope: Scope, asked: _Asked[Question, Answer]) -> Iterator[Answer]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the text of others
            yield from asked.work(scope, self._repository, list(asked.missing.values()))

    def _in_lanes(
        self, scope: Scope, first: _Asked[Any, Any], second: _Asked[Any, Any]
    ) -> tuple[Iterator[Any], Iterator[Any]]:
        """Neighbours are read by the same process, as far as that keeps all of them busy: half of what
        one reads serves for the next, and what there is now (`second`) for the last commits."""
        if self._pool is not None:
            self._pool.shutdown()
        changes, now = first.pieces(self._jobs * _PIECES), second.pieces(self._jobs)
        total = len(changes) + len(now)
        start = min(total * (self._jobs - 1) // self._jobs, len(changes))  # of the last lane
        pieces = [*changes[:start], *now, *changes[start:]]
        lanes = Lanes(pieces, self._jobs)
        self._pool = workers(self._jobs, _start_in_lane, lanes, scope, self._repository)
        pending = as_completed([self._pool.submit(_next_in_lane) for _ in pieces])
        made = _Made(future.result() for future in pending)
        end = start + len(now)
        early, late = range(start), range(end, len(pieces))
        return first.decoded(made.of([*early, *late])), second.decoded(made.of(range(start, end)))


@dataclass
class _Asked(Generic[Question, Answer]):
    """Questions of one kind, of which some were answered in an earlier run."""

    work: Work[Question, Answer]
    kind: Any
    keys: Sequence[bytes]
    """In the order asked for; one may come twice."""
    missing: dict[bytes, Question]
    known: dict[bytes, Answer]
    cache: ContentCache[Answer] | None

    def pieces(self, number: int) -> list[Piece]:
        """What is missing, neighbours together, about the same number of blobs in each."""
        questions = list(self.missing.values())
        ends = list(accumulate(map(_weight, questions), initial=0))
        limits = [ends[-1] * (piece + 1) / number for piece in range(number)]
        cuts = [0, *(bisect_right(ends, limit) - 1 for limit in limits)]
        return [(self.work, questions[one:other]) for one, other in pairwise(cuts) if one < other]

    def decoded(self, made: Iterable[Made]) -> Iterator[Answer]:
        decode = msgspec.msgpack.Decoder(list[self.kind]).decode  # type: ignore[name-defined]
        return chain.from_iterable(
            decode(piece) if isinstance(piece, bytes) else piece for piece in made
        )

    def in_order(self, made: Iterable[Answer], keep: Callable[[Answer], bool]) -> Iterator[Answer]:
        """`made` are the answers to what is missing; they are kept once all of them are there."""
        fresh: dict[bytes, Answer] = {}
        answers = zip(self.missing, made, strict=True)
        for key in self.keys:
            if key not in self.known:
                name, answer = next(answers)
                assert name == key
                self.known[key] = fresh[key] = answer
            yield self.known[key]
        if self.cache is not None:
            self.cache.put({key: answer for key, answer in fresh.items() if keep(answer)})


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


class _Made:
    """What processes made, by the numbers of the pieces; it comes in any order."""

    def __init__(self, made: Iterator[tuple[int, Made]]) -> None:
        self._made = made
        self._early: dict[int, Made] = {}

    def of(self, numbers: Iterable[int]) -> Iterator[Made]:
        for number in numbers:
            while number not in self._early:
                other, answers = next(self._made)
                self._early[other] = answers
            yield self._early.pop(number)


def _start() -> None:
    gc.disable()  # a worker makes no cycles, and lives only as long as the work
    warnings.simplefilter("ignore")


def _encoded(scope: Scope, repository: Repository, piece: Piece) -> Made:
    work, questions = piece
    answers = work(scope, repository, questions)
    try:
        return msgspec.msgpack.encode(answers)
    except UnicodeEncodeError:
        return answers


_lane: tuple[int, Lanes[Piece], Scope, Repository]  # in each process that works in lanes


def _start_in_lane(lanes: Lanes[Piece], scope: Scope, repository: Repository) -> None:
    global _lane  # noqa: PLW0603 - the way a pool hands its workers what they share
    _start()
    own = lanes.join()
    _lane = own, lanes, scope, repository
    history_work.expect(scope, repository, lanes.own(own))


def _next_in_lane() -> tuple[int, Made]:
    own, lanes, scope, repository = _lane
    number = lanes.take(own)
    return number, _encoded(scope, repository, lanes.pieces[number])
