"""The shape of a generated table. Classes are numbered; `mro` and the other references are numbers."""

from __future__ import annotations

import msgspec

FORMAT = 1


class TableClass(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One class as the interpreter reported it."""

    module: str
    """Its `__module__`, which may differ from every module that exports it (`_io`, `builtins`)."""
    qualname: str
    mro: tuple[int, ...]
    metaclass: int
    layout: int
    """The class in its order that fixes the memory layout of instances; two of them can't be mixed."""
    final: bool
    """CPython refuses subclasses (`bool`, `NoneType`, an enumeration that has members)."""
    methods: tuple[str, ...]
    """Names in its own namespace that are functions or descriptors, sorted."""
    attributes: tuple[str, ...]
    """The other names in its own namespace, sorted."""

    @property
    def dotted(self) -> str:
        return f"{self.module}.{self.qualname}"


class TableName(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a module-level name holds.

    `alias` is a `typing` alias of a class (`typing.List`), whose subclasses get `Generic` as well;
    `plain-alias` a `types.GenericAlias`; `special` an object with rules of its own (`NamedTuple`).
    `exports` is the module's `__all__`.
    """

    kind: str
    number: int = -1
    """The class itself, an alias's origin, or the class of a value."""
    target: str = ""
    """The dotted name of a module; of `exports` the names, separated by spaces."""


class Table(msgspec.Struct, frozen=True, array_like=True):
    format: int
    version: str
    platform: str
    classes: tuple[TableClass, ...]
    modules: dict[str, dict[str, TableName]]
