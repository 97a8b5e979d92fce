"""From the blobs that one commit exchanged to what it did, unit by unit, with the signals seen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from consolidator.analysis.history.cutting import Units, cut, cut_by_tree, text_of
from consolidator.analysis.history.delta import (
    FileDelta,
    UnitDelta,
    compare,
    without_extractions,
    without_renames,
)
from consolidator.analysis.history.detectors import detect
from consolidator.analysis.history.family import Scope
from consolidator.analysis.history.moves import Versions, joined, without_moved
from consolidator.analysis.history.records import Change, Edits, FileEdit, Kin, Task, UnitEdit
from consolidator.analysis.history.statements import Statement, UnparsableError

_TEST_NAME = re.compile(rb"def[ \t]+(test_\w+)")

Content = Callable[[str], bytes | None]
"""The bytes of a blob; None where the repository lacks it."""


class _MissingError(Exception):
    pass


class Editor:
    """Reads commits one after another. Holds the units of versions that are likely to come again."""

    def __init__(self, scope: Scope, content: Content, kept: int = 256) -> None:
        self._scope = scope
        self._content = content
        self._kept = kept
        self._cut: dict[str, Units] = {}
        self._trees: dict[str, Units] = {}
        """Of versions that were cut by their syntax tree, which is seldom and takes long."""
        self._parses: dict[str, bool] = {}

    def edits(self, task: Task) -> Edits:
        """What the commit did to the family; a pure function of the blobs."""
        troubles: list[tuple[str, str]] = []
        complete = True
        versions: list[Versions] = []
        for change in task.family:
            try:
                versions.append(self._versions(change, task.kin, cut))
            except _MissingError as missing:
                complete = False
                troubles.append(
                    (change.path, f"blob {missing!s:.10} is missing from the repository")
                )
            except UnparsableError:
                troubles.append((change.path, self._unparsed(change)))
        if all(len(version.before) < 2 for version in versions):
            without_moved(versions)
        usable, deltas = self._compared(task, versions, troubles)
        if all(len(version.before) < 2 for version in usable):
            deltas = joined(deltas, usable)
        return Edits(_noted(deltas), self._new_tests(task.tests), tuple(troubles), complete)

    def _compared(
        self, task: Task, versions: list[Versions], troubles: list[tuple[str, str]]
    ) -> tuple[list[Versions], list[FileDelta]]:
        changes = {change.path: change for change in task.family}
        usable: list[Versions] = []
        deltas: list[FileDelta] = []
        for version in versions:
            change = changes[version.path]
            for again in (False, True):
                try:
                    chosen = self._versions(change, task.kin, cut_by_tree) if again else version
                    delta = _compared(chosen)
                except UnparsableError:
                    if again:
                        troubles.append((change.path, self._unparsed(change)))
                    continue
                usable.append(chosen)
                deltas.append(delta)
                break
        return usable, deltas

    def _versions(
        self, change: Change, kin: Iterable[Kin], cutter: Callable[[str], Units]
    ) -> Versions:
        path = change.path
        owners = frozenset(owner for place, owner in kin if place == path)
        before = [
            self._scope.relevant(path, self._units(blob, cutter), owners) for blob in change.old
        ]
        after = self._units(change.new, cutter) if change.new else None
        kept = None if after is None else self._scope.relevant(path, after, owners)
        return Versions(path, before, kept)

    def _units(self, blob: str, cutter: Callable[[str], Units]) -> Units:
        units = (self._cut if cutter is cut else self._trees).get(blob)
        if units is None:
            content = self._content(blob)
            if content is None:
                raise _MissingError(blob)
            units = units_of(content, cutter)
            _keep(self._cut, blob, units, self._kept)
            if cutter is cut_by_tree:
                _keep(self._trees, blob, units, self._kept)
        return units

    def _unparsed(self, change: Change) -> str:
        for blob in change.blobs:
            if blob not in self._parses:
                self._parses[blob] = self._reads(blob)
        broken = (blob for blob in change.blobs if not self._parses[blob])
        return f"version {next(broken, change.blobs[0])[:10]} does not parse"

    def _reads(self, blob: str) -> bool:
        try:
            units = self._trees.get(blob) or units_of(self._content(blob) or b"", cut_by_tree)
            return all(unit.statements is not None for unit in units.values())
        except UnparsableError:
            return False

    def _new_tests(self, tests: Iterable[Change]) -> tuple[str, ...]:
        found: list[str] = []
        for change in tests:
            before = {name for blob in change.old for name in self._test_names(blob)}
            after = self._test_names(change.new) if change.new else set()
            found += [f"{change.path}::{name}" for name in sorted(after - before)]
        return tuple(found)

    def _test_names(self, blob: str) -> set[str]:
        return {name.decode() for name in _TEST_NAME.findall(self._content(blob) or b"")}


def units_of(content: bytes, cutter: Callable[[str], Units] = cut) -> Units:
    """Falls back on the syntax tree where indentation does not tell; else raises `UnparsableError`."""
    text = text_of(content)
    if text is None:
        raise UnparsableError
    try:
        return cutter(text)
    except UnparsableError:
        return cut_by_tree(text)


def _keep(kept: dict[str, Units], blob: str, units: Units, most: int) -> None:
    while len(kept) >= most:
        del kept[next(iter(kept))]
    kept[blob] = units


def _compared(version: Versions) -> FileDelta:
    delta = compare(version.path, version.before, version.after)
    return FileDelta(delta.path, delta.status, delta.units, delta.moved + version.moved)


def _noted(deltas: list[FileDelta]) -> tuple[FileEdit, ...]:
    bare = without_renames(deltas)
    files: list[FileEdit] = []
    for delta, shown in zip(deltas, bare, strict=True):
        told = without_extractions(shown.units)
        units = tuple(_note(unit, seen) for unit, seen in zip(delta.units, told, strict=True))
        files.append(FileEdit(delta.path, delta.status, units, delta.moved))
    return tuple(files)


def _note(unit: UnitDelta, told: UnitDelta) -> UnitEdit:
    return UnitEdit(
        unit.name,
        unit.owner,
        unit.status,
        _keys(unit.added),
        _keys(unit.removed),
        tuple((pair.old.key, pair.new.key) for pair in unit.rewritten),
        unit.reordered,
        unit.noise,
        tuple(sorted(unit.after)),
        tuple(detect(told)),
        unit.order,
    )


def _keys(statements: Iterable[Statement]) -> tuple[str, ...]:
    return tuple(statement.key for statement in statements)
