"""Units that one commit took out of one file and put into another, edited or not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from consolidator.analysis.history.cutting import Unit, Units
from consolidator.analysis.history.delta import FileDelta, UnitDelta, changed

_SAME_UNIT = 0.6
_SAME_NAME = 0.4
_SAME_PLACE = 0.2
"""Share of statements at which two units are one that moved; less is asked of the same method, still
less where its class has the same name too, or is known from other methods to have got another."""
_FEWEST = 2
_COMMONPLACE = 20


@dataclass(slots=True)
class Versions:
    """The units of one path before (in each parent) and after a commit."""

    path: str
    before: list[Units]
    after: Units | None
    moved: int = 0
    owners: set[tuple[str, str]] = field(default_factory=set)
    """Classes that units left unchanged, and those that they came into."""

    @property
    def gone(self) -> dict[str, Unit]:
        return {name: unit for name, unit in self._old.items() if name not in (self.after or {})}

    @property
    def fresh(self) -> dict[str, Unit]:
        return {name: unit for name, unit in (self.after or {}).items() if name not in self._old}

    @property
    def _old(self) -> Units:
        return self.before[0] if self.before else {}


def without_moved(files: Sequence[Versions]) -> None:
    """Takes away what only changed its file, before anything is parsed."""
    gone: dict[str, list[tuple[Versions, str]]] = {}
    for file in files:
        for name, unit in file.gone.items():
            if name:
                gone.setdefault(unit.text.strip(), []).append((file, name))
    for file in files:
        for name, unit in file.fresh.items():
            sources = gone.get(unit.text.strip())
            if sources and file.after is not None:
                source, old_name = sources.pop()
                file.owners.add((source.before[0][old_name].owner, unit.owner))
                source.before[0] = without(source.before[0], old_name)
                file.after = without(file.after, name)
                file.moved += 1


def without(units: Units, name: str) -> Units:
    return {other: unit for other, unit in units.items() if other != name}


@dataclass
class _Lost:
    owners: frozenset[tuple[str, str]] = frozenset()
    """Which class became which, as far as known."""
    units: dict[tuple[int, str], Unit] = field(default_factory=dict)
    holders: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    def take(self, unit: Unit) -> Unit | None:
        shared = Counter(
            place
            for key in unit.keys
            if len(held := self.holders.get(key, ())) <= _COMMONPLACE
            for place in held
            if place in self.units
        )
        ranked = sorted(shared, key=lambda place: (self._distance(place, unit), place))
        if ranked and self._distance(ranked[0], unit) <= 0:
            return self.units.pop(ranked[0])
        return None

    def _distance(self, place: tuple[int, str], unit: Unit) -> float:
        old = self.units[place]
        same = old.name.rpartition(".")[2] == unit.name.rpartition(".")[2]
        if old.name == unit.name or (same and (old.owner, unit.owner) in self.owners):
            return _SAME_PLACE - _overlap(old, unit)
        return (_SAME_NAME if same else _SAME_UNIT) - _overlap(old, unit)


def joined(files: Sequence[FileDelta], versions: Sequence[Versions]) -> list[FileDelta]:
    """What left one file and came, edited, into another counts as changed, in the other."""
    lost = _Lost(frozenset().union(*(version.owners for version in versions)))
    for number, (file, version) in enumerate(zip(files, versions, strict=True)):
        for delta in file.units:
            unit = version.before[0].get(delta.name) if delta.status == "removed" else None
            if unit is not None and delta.name and len(unit.keys) >= _FEWEST:
                lost.units[number, delta.name] = unit
                for key in unit.keys:
                    lost.holders.setdefault(key, []).append((number, delta.name))
    if not lost.units:
        return list(files)
    known = set(lost.units)
    found = [_joined(file, version, lost) for file, version in zip(files, versions, strict=True)]
    taken = known - lost.units.keys()
    return [
        replace(file, units=tuple(unit for unit in file.units if not _is(unit, number, taken)))
        for number, file in enumerate(found)
    ]


def _is(unit: UnitDelta, number: int, taken: set[tuple[int, str]]) -> bool:
    return unit.status == "removed" and (number, unit.name) in taken


def _joined(file: FileDelta, version: Versions, lost: _Lost) -> FileDelta:
    units: list[UnitDelta] = []
    moved = file.moved
    for delta in file.units:
        new = (version.after or {}).get(delta.name) if delta.status == "added" else None
        old = lost.take(new) if new is not None and delta.name else None
        if new is None or old is None:
            units.append(delta)
            continue
        moved += 1
        edit = changed(old, new)
        units += [edit] if edit else []
    return replace(file, units=tuple(units), moved=moved)


def _overlap(one: Unit, other: Unit) -> float:
    union = len(one.keys | other.keys)
    return len(one.keys & other.keys) / union if union else 0.0
