"""Reading a generated table: names of the standard library to its classes."""

from __future__ import annotations

import lzma
import sys
from functools import lru_cache
from pathlib import Path

import msgspec

from consolidator.tree.stdlib.records import Table, TableClass, TableName

_FOLDER = Path(__file__).parent


def table_path(version: str) -> Path:
    return _FOLDER / f"cpython-{version}.msgpack.xz"


def known_versions() -> list[tuple[int, int]]:
    """The Python versions that have a table, oldest first."""
    names = (path.name.split("-")[1].split(".") for path in _FOLDER.glob("cpython-*.msgpack.xz"))
    return sorted((int(major), int(minor)) for major, minor, *_ in names)


class StandardLibrary:
    """The standard library of one Python version, as its interpreter reported it."""

    def __init__(self, table: Table) -> None:
        self.version = tuple(int(part) for part in table.version.split("."))
        self.platform = table.platform
        self._classes = table.classes
        self._modules = table.modules
        self._by_name: dict[str, int] = {}
        for number, entry in enumerate(table.classes):
            self._by_name.setdefault(entry.dotted, number)

    def has_module(self, module: str) -> bool:
        return module in self._modules

    def has_top(self, module: str) -> bool:
        """Whether the top package of a dotted name belongs to the standard library."""
        return module.partition(".")[0] in sys.stdlib_module_names or self.has_module(module)

    def name(self, module: str, name: str) -> TableName | None:
        """What a module-level name holds; None where the module has no such name."""
        return self._modules.get(module, {}).get(name)

    def entry(self, number: int) -> TableClass:
        return self._classes[number]

    def find(self, dotted: str) -> int | None:
        """The number of the class whose `__module__` and `__qualname__` these are."""
        return self._by_name.get(dotted)

    def nested(self, number: int, name: str) -> int | None:
        """The number of a class in another's namespace."""
        return self.find(f"{self._classes[number].dotted}.{name}")


@lru_cache(maxsize=4)
def load_standard_library(version: tuple[int, int]) -> StandardLibrary:
    """The table of a Python version, or of the nearest one that has a table (see `version`)."""
    nearest = min(known_versions(), key=lambda known: (abs(known[1] - version[1]), known))
    data = lzma.decompress(table_path(f"{nearest[0]}.{nearest[1]}").read_bytes())
    return StandardLibrary(msgspec.msgpack.decode(data, type=Table))
