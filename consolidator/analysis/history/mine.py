"""Commits in, judged commits out. Reads blobs only through what it is given."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from consolidator.analysis.history.delta import FileDelta, compare
from consolidator.analysis.history.family import Scope, is_test
from consolidator.analysis.history.ledger import Part, parts_of
from consolidator.analysis.history.memory import Memory
from consolidator.analysis.history.records import Change, Commit
from consolidator.analysis.history.units import Units, cut
from consolidator.analysis.history.verdict import Judgement, Touched, judge

ReadBlobs = Callable[[Iterable[str]], Iterator[tuple[str, bytes | None]]]

_DOCUMENTS = (".md", ".rst", ".txt", ".xml")
_WHOLE = {"restored", "called-before"}
_TEST_NAME = re.compile(rb"^[ \t]*(?:async[ \t]+)?def[ \t]+(test_\w+)", re.M)
_BATCH = 64
_KEPT_VERSIONS = 256
"""File versions kept in memory: the old side of a change is the new side of an earlier one."""
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


@dataclass(slots=True)
class Trouble:
    """Blobs that could not be used: path, and why."""

    path: str
    reason: str


class Miner:
    """Feeds commits, parents first, through difference, evidence and judgement."""

    def __init__(self, scope: Scope, paths: frozenset[str], read_blobs: ReadBlobs) -> None:
        self.troubles: list[Trouble] = []
        self.incomplete = False
        self._scope = scope
        self._paths = paths
        self._read_blobs = read_blobs
        self._memory = Memory()
        self._versions: OrderedDict[str, Units | None] = OrderedDict()
        self._tests: dict[str, frozenset[str]] = {}

    def mine(self, commits: list[Commit]) -> Iterator[Mined]:
        touching = [commit for commit in commits if self._touches(commit)]
        for start in range(0, len(touching), _BATCH):
            batch = touching[start : start + _BATCH]
            self._fetch(batch)
            for commit in batch:
                yield self._judge(commit)

    def _touches(self, commit: Commit) -> bool:
        return any(
            change.path in self._paths
            or (self._scope.names_path(change.path) and self._scope.includes(change.path))
            for change in commit.changes
        )

    def _family(self, commit: Commit) -> list[Change]:
        return [change for change in commit.changes if change.path in self._paths]

    def _test_changes(self, commit: Commit) -> list[Change]:
        found = [
            change
            for change in commit.changes
            if change.path.endswith(".py") and is_test(change.path)
        ]
        return found if len(found) <= _MOST_TESTS and self._family(commit) else []

    def _fetch(self, batch: list[Commit]) -> None:
        while len(self._versions) > _KEPT_VERSIONS:
            self._versions.popitem(last=False)
        self._tests.clear()
        code: dict[str, str] = {}
        tests: dict[str, None] = {}
        for commit in batch:
            for change in self._family(commit):
                code |= dict.fromkeys(_blobs(change), change.path)
            for change in self._test_changes(commit):
                tests |= dict.fromkeys(_blobs(change))
        for blob, content in self._read_blobs(blob for blob in code if blob not in self._versions):
            self._versions[blob] = self._cut(code[blob], blob, content)
        for blob, content in self._read_blobs(tests):
            self._tests[blob] = frozenset(
                name.decode() for name in _TEST_NAME.findall(content or b"")
            )

    def _cut(self, path: str, blob: str, content: bytes | None) -> Units | None:
        if content is None:
            self.incomplete = True
            self.troubles.append(Trouble(path, f"blob {blob[:10]} is missing from the repository"))
            return None
        units = cut(content)
        if units is None:
            self.troubles.append(Trouble(path, f"version {blob[:10]} does not parse"))
        return units

    def _judge(self, commit: Commit) -> Mined:
        family = self._family(commit)
        files = [delta for change in family if (delta := self._delta(change)) is not None]
        evidence = tuple(item for file in files for item in self._memory.evidence(file))
        touched = Touched(
            commit.message,
            tuple(files),
            self._new_tests(commit),
            sum(is_test(change.path) for change in commit.changes),
            sum(change.path.endswith(_DOCUMENTS) for change in commit.changes),
            evidence,
        )
        judgement = judge(touched)
        for file in files:
            self._memory.learn(file)
        whole = frozenset(name for name, found in evidence if found.signal in _WHOLE)
        after = {change.path: change.new for change in family}
        parts = [
            part
            for file in files
            if judgement.verdict == "fix" and file.status == "changed"
            for part in parts_of(file, self._version(after[file.path]), whole)
        ]
        return Mined(
            commit,
            judgement,
            tuple(change.path for change in family),
            tuple((file.path, unit.name) for file in files for unit in file.units),
            tuple(parts),
            touched.new_tests,
        )

    def _version(self, blob: str | None) -> Units:
        return (self._versions[blob] if blob else None) or {}

    def _delta(self, change: Change) -> FileDelta | None:
        """None where a version of the file is missing or does not parse."""
        before = [self._versions[blob] for blob in change.old]
        after = self._versions[change.new] if change.new else None
        relevant = self._scope.relevant
        known = [relevant(change.path, units) for units in before if units is not None]
        if len(known) < len(before) or (change.new and after is None):
            return None
        fresh = None if after is None else relevant(change.path, after)
        return compare(change.path, known, fresh)

    def _new_tests(self, commit: Commit) -> tuple[str, ...]:
        found = []
        for change in self._test_changes(commit):
            before = frozenset().union(*(self._tests[blob] for blob in change.old))
            after = self._tests[change.new] if change.new else frozenset()
            found += [f"{change.path}::{name}" for name in sorted(after - before)]
        return tuple(found)


def _blobs(change: Change) -> list[str]:
    return [*change.old, *([change.new] if change.new else [])]
