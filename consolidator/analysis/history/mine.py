"""What commits did, in order, to judged commits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from consolidator.analysis.history.family import Scope, is_test
from consolidator.analysis.history.ledger import Part, parts_of
from consolidator.analysis.history.memory import Memory
from consolidator.analysis.history.records import Change, Commit, Edits, Task
from consolidator.analysis.history.verdict import Judgement, Touched, judge, subjects_speak

_DOCUMENTS = (".md", ".rst", ".txt", ".xml")
_WHOLE = {"restored", "called-before"}
_MOST_TESTS = 40
"""Test files of one commit that are read for new tests; a sweep over more says nothing."""


@dataclass(frozen=True, slots=True)
class Mined:
    commit: Commit
    judgement: Judgement
    paths: tuple[str, ...]
    symbols: tuple[tuple[str, str], ...]
    """Path and unit of everything that changed in the family."""
    parts: tuple[Part, ...]
    new_tests: tuple[str, ...]
    parallel: bool = False
    """Whether another branch had brought all of it before."""
    troubles: tuple[tuple[str, str], ...] = ()
    complete: bool = True


def touching(commits: Iterable[Commit], scope: Scope, paths: frozenset[str]) -> list[Commit]:
    """Commits that touch the family, or tests and documents named after it."""
    return [
        commit
        for commit in commits
        if any(
            change.path in paths or (scope.names_path(change.path) and scope.includes(change.path))
            for change in commit.changes
        )
    ]


def task_of(commit: Commit, paths: frozenset[str], kin: Mapping[str, frozenset[str]]) -> Task:
    """What has to be read of a commit. `kin` are the members that have other names, by path."""
    family = tuple(change for change in commit.changes if change.path in paths)
    tests = tuple(change for change in commit.changes if _is_test_module(change) and family)
    owners = ((change.path, owner) for change in family for owner in kin.get(change.path, ()))
    return Task(family, tests if len(tests) <= _MOST_TESTS else (), tuple(sorted(owners)))


def _is_test_module(change: Change) -> bool:
    return change.path.endswith(".py") and is_test(change.path)


def mine(commits: Sequence[Commit], edits: Iterable[Edits]) -> Iterator[Mined]:
    """Judges commits one after another, parents first."""
    memory = Memory()
    spoken = subjects_speak(commit.subject for commit in commits)
    for commit, edit in zip(commits, edits, strict=True):
        yield _mined(commit, edit, memory, spoken=spoken)


def _mined(commit: Commit, edits: Edits, memory: Memory, *, spoken: bool) -> Mined:
    evidence = tuple(item for file in edits.files for item in memory.evidence(file))
    touched = Touched(
        commit.message,
        edits.files,
        len(commit.changes),
        edits.new_tests,
        sum(is_test(change.path) for change in commit.changes),
        sum(change.path.endswith(_DOCUMENTS) for change in commit.changes),
        spoken,
        evidence,
    )
    judgement = judge(touched)
    parallel = memory.holds(edits.files)
    for file in edits.files:
        memory.learn(file)
    whole = frozenset(name for name, found in evidence if found.signal in _WHOLE)
    files = edits.files if judgement.verdict == "fix" else ()
    return Mined(
        commit,
        judgement,
        tuple(file.path for file in edits.files),
        tuple((file.path, unit.name) for file in edits.files for unit in file.units),
        tuple(part for file in files for part in parts_of(file, whole)),
        edits.new_tests,
        parallel,
        edits.troubles,
        edits.complete,
    )
