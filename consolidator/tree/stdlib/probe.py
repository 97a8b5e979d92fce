"""Runs alone inside any CPython from 3.10 on: imports its standard library, prints the table as JSON.

Needs nothing but the interpreter, so it must not import this package.
"""

import importlib
import inspect
import json
import os
import pkgutil
import sys
import types
from collections.abc import Iterator
from typing import Any

NOT_IMPORTED = ("test", "idlelib", "turtledemo", "antigravity", "this", "lib2to3.tests", "__main__")
"""Modules that act when imported (a browser, a poem, a window), or are tests of the interpreter."""
INVISIBLE = {"__module__", "__qualname__", "__doc__", "__dict__", "__weakref__", "__annotations__"}
BASE_TYPE = 1 << 10  # Py_TPFLAGS_BASETYPE


def module_names() -> Iterator[str]:
    for name in sorted(sys.stdlib_module_names):
        if name in NOT_IMPORTED:
            continue
        yield name
        module = importable(name)
        for found in pkgutil.walk_packages(
            getattr(module, "__path__", ()), f"{name}.", lambda _: None
        ):
            parts = found.name.split(".")
            if not {"tests", "test", "__main__"} & set(parts):
                yield found.name


def importable(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit):  # noqa: BLE001 - absent on this platform, or refuses to be imported
        return None


class Probe:
    def __init__(self) -> None:
        self.numbers: dict[type, int] = {}
        self.classes: list[Any] = []
        self.modules: dict[str, dict[str, Any]] = {}

    def number(self, cls: Any) -> int:
        """The number of a class; its row follows when it is first met."""
        if cls not in self.numbers:
            self.numbers[cls] = len(self.classes)
            self.classes.append(None)
            self.classes[self.numbers[cls]] = self.row(cls)
        return self.numbers[cls]

    def row(self, cls: type) -> list[Any]:
        own = {name: value for name, value in vars(cls).items() if name not in INVISIBLE}
        methods = sorted(name for name, value in own.items() if is_method(value))
        for value in own.values():
            if isinstance(value, type):
                self.number(value)
        return [
            str(cls.__module__),
            cls.__qualname__,
            [self.number(entry) for entry in cls.__mro__],
            self.number(type(cls)),
            self.number(layout(cls)),
            is_final(cls),
            methods,
            sorted(own.keys() - set(methods)),
        ]

    def module(self, name: str, module: Any) -> None:
        names = {}
        for key, value in sorted(vars(module).items()):
            if isinstance(key, str):
                names[key] = self.name(value)
        exported = getattr(module, "__all__", None)
        for key in exported or ():  # `unittest` serves some of them through `__getattr__`
            if key not in names and (value := getattr(module, key, None)) is not None:
                names[key] = self.name(value)
        if exported is not None:
            names["__all__"] = ["exports", -1, " ".join(exported)]
        self.modules[name] = names

    def name(self, value: Any) -> list[Any]:
        if isinstance(value, types.GenericAlias):  # also says that it is a type
            return ["plain-alias", self.number(value.__origin__)]
        if isinstance(value, type):
            return ["class", self.number(value)]
        if isinstance(value, types.ModuleType):
            return ["module", -1, value.__name__]
        if hasattr(type(value), "__mro_entries__") or hasattr(value, "__mro_entries__"):
            origin = getattr(value, "__origin__", None)
            return ["alias", self.number(origin)] if isinstance(origin, type) else ["special"]
        if callable(value) and inspect.isroutine(value):
            return ["function"]
        return ["value", self.number(type(value))]


def is_method(value: object) -> bool:
    return callable(value) or hasattr(type(value), "__get__")


def is_final(cls: type) -> bool:
    members = getattr(cls, "_member_names_", None) or getattr(cls, "_member_map_", None)
    return not cls.__flags__ & BASE_TYPE or bool(members)


def layout(cls: type) -> type:
    """CPython's `solid_base`: the nearest class that adds to the memory layout of its base."""
    base = cls.__base__
    if base is None:
        return cls
    solid = layout(base)
    return cls if adds_state(cls, base) else solid


def adds_state(cls: type, base: type) -> bool:
    if cls.__itemsize__ != base.__itemsize__:
        return True
    size = cls.__basicsize__
    pointer = tuple.__itemsize__
    if (
        cls.__weakrefoffset__
        and not base.__weakrefoffset__
        and cls.__weakrefoffset__ + pointer == size
    ):
        size -= pointer
    if cls.__dictoffset__ > 0 and not base.__dictoffset__ and cls.__dictoffset__ + pointer == size:
        size -= pointer
    return size != base.__basicsize__


def main() -> None:
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what an imported module prints is no part of the answer
    probe = Probe()
    for name in module_names():
        module = importable(name)
        if module is not None:
            probe.module(name, module)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    json.dump([1, version, sys.platform, probe.classes, probe.modules], output)
    output.close()


if __name__ == "__main__":
    main()
