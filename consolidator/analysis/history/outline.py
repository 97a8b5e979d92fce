"""A file at the revision asked about, as far as the ledger needs it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from consolidator.analysis.history.cutting import Unit, Units

_HEADER = re.compile(r"class (\w+)\((.*)\)$")
_NAME = re.compile(r"(?<![\w=\[])([\w.]+)")


class UnitOutline(msgspec.Struct, frozen=True, gc=False, array_like=True):
    name: str
    owner: str
    keys: frozenset[str]
    """Its statements in normal form, those that act."""
    order: tuple[str, ...] = ()
    """The same as they follow one another."""
    line: int = 0
    """Where it starts in its file; 0 where that is not one place."""


class FileOutline(msgspec.Struct, frozen=True, gc=False, array_like=True):
    units: tuple[UnitOutline, ...] = ()
    wanted: frozenset[str] = frozenset()
    """Units that concern the family."""
    bases: dict[str, tuple[str, ...]] = {}
    """Of each class that has some, as written."""


def outline_of(units: Units, wanted: Units, text: str) -> FileOutline:
    """`text` is what the units were cut from. Raises `UnparsableError`."""
    return FileOutline(
        tuple(
            UnitOutline(unit.name, unit.owner, unit.keys, unit.order, _line(unit, text))
            for unit in units.values()
        ),
        frozenset(wanted),
        {name: bases for unit in units.values() if unit.is_body for name, bases in _bases(unit)},
    )


def _line(unit: Unit, text: str) -> int:
    start = text.find(unit.text) if unit.name and not unit.is_body else -1
    return text.count("\n", 0, start) + 1 if start >= 0 else 0


def _bases(unit: Unit) -> Iterator[tuple[str, tuple[str, ...]]]:
    if "class" not in unit.text:
        return
    for statement in unit.statements:
        header = _HEADER.match(statement.key)
        if header:
            prefix = f"{unit.name}." if unit.name else ""
            yield prefix + header[1], tuple(_NAME.findall(header[2]))
