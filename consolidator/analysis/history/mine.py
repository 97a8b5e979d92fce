"""What commits did, in order, to judged commits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from msgspec import structs

from consolidator.analysis.history.ledger import Part, parts_of
from consolidator.analysis.history.memory import Memory
from consolidator.analysis.history.records import Edits, Touch
from consolidator.analysis.history.verdict import Judgement, Touched, judge

_WHOLE = {"restored", "called-before"}


@dataclass(frozen=True, slots=True)
class Mined:
    commit: Touch
    """Without its changes."""
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


def mine(
    commits: Sequence[Touch], edits: Iterable[Edits], memory: Memory, *, spoken: bool
) -> Iterator[Mined]:
    """Judges commits one after another, parents first, and lets `memory` learn from them. With `spoken`
    their subjects are believed."""
    for commit, edit in zip(commits, edits, strict=True):
        yield _mined(commit, edit, memory, spoken=spoken)


def _mined(commit: Touch, edits: Edits, memory: Memory, *, spoken: bool) -> Mined:
    evidence = tuple(item for file in edits.files for item in memory.evidence(file))
    touched = Touched(
        commit.message,
        edits.files,
        commit.size,
        edits.new_tests,
        commit.tests,
        commit.documents,
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
        structs.replace(commit, changes=()),
        judgement,
        tuple(file.path for file in edits.files),
        tuple((file.path, unit.name) for file in edits.files for unit in file.units),
        tuple(part for file in files for part in parts_of(file, whole)),
        edits.new_tests,
        parallel,
        edits.troubles,
        edits.complete,
    )
