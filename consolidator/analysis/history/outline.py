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


class FileOutline(msgspec.Struct, frozen=True, gc=False, array_like=True):
    units: tuple[UnitOutline, ...] = ()
    wanted: frozenset[str] = frozenset()
    """Units that concern the family."""
    bases: dict[str, tuple[str, ...]] = {}
    """Of each class that has some, as written."""


def outline_of(units: Units, wanted: Units) -> FileOutline:
    """Raises `UnparsableError`."""
    return FileOutline(
        tuple(UnitOutline(unit.name, unit.owner, unit.keys, unit.order) for unit in units.values()),
        frozenset(wanted),
        {name: bases for unit in units.values() if unit.is_body for name, bases in _bases(unit)},
    )


def _bases(unit: Unit) -> Iterator[tuple[str, tuple[str, ...]]]:
    if "class" not in unit.text:
        return
    for statement in unit.statements:
        header = _HEADER.match(statement.key)
        if header:
            prefix = f"{unit.name}." if unit.name else ""
            yield prefix + header[1], tuple(_NAME.findall(header[2]))
