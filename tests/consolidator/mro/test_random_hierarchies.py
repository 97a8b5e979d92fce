"""Random hierarchies, written as packages, against the classes that CPython makes of them."""

from __future__ import annotations

import importlib
import sys
import tempfile
import types
import typing
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from orders import report_of
from trees import tree_of, write_tree

T = typing.TypeVar("T")
OUTSIDE: dict[str, Any] = {
    "dict": dict,
    "Exception": Exception,
    "OrderedDict": OrderedDict,
    "Counter": Counter,
    "Generic[T]": typing.Generic[T],
    "Protocol": typing.Protocol,
    "Protocol[T]": typing.Protocol[T],
    "List[int]": typing.List[int],  # noqa: UP006 - the alias is the point
    "Mapping[str, T]": typing.Mapping[str, T],
    "Sized": typing.Sized,
}
HEADER = """
from collections import Counter, OrderedDict
from typing import Generic, List, Mapping, Protocol, Sized, TypeVar
T = TypeVar("T")
"""
WAYS = ("plain", "alias", "module", "hub", "star", "assigned", "subscript")
_numbers = count()


@dataclass
class Project:
    """Modules of a package under construction, and the classes that they hold so far."""

    package: str
    modules: int
    files: dict[str, list[str]] = field(default_factory=dict)
    made: list[tuple[int, str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def reference(way: str, module: int, base: tuple[int, str, Any], lines: list[str]) -> str:
    """An expression for a class that was made before; imports it as the way asks."""
    home, name, cls = base
    if way == "subscript" and is_open(cls):
        name += "[int]"
    if home == module:
        if way in ("assigned", "alias"):
            lines.append(f"{base[1]}_also = {base[1]}")
            return name.replace(base[1], f"{base[1]}_also")
        return name
    match way:
        case "alias":
            lines.append(f"from .m{home} import {base[1]} as Other{base[1]}")
            return f"Other{name}"
        case "module":
            lines.append(f"from . import m{home}")
            return f"m{home}.{name}"
        case "hub":
            lines.append(f"from .hub{home} import {base[1]}")
        case "star":
            lines.append(f"from .hub{home} import *")
        case "assigned":
            lines.append(f"from . import m{home} as source")
            lines.append(f"{base[1]}_here = source.{base[1]}")
            return name.replace(base[1], f"{base[1]}_here")
        case _:
            lines.append(f"from .m{home} import {base[1]}")
    return name


@st.composite
def projects(draw: st.DrawFn) -> Project:
    project = Project(f"random_{next(_numbers)}", draw(st.integers(1, 4)))
    module = 0
    for number in range(draw(st.integers(2, 10))):
        module = draw(st.integers(module, project.modules - 1))
        known = st.sampled_from(range(len(project.made))) if project.made else st.nothing()
        outside = st.sampled_from(sorted(OUTSIDE))
        choices = draw(st.lists(st.tuples(known | outside, st.sampled_from(WAYS)), max_size=3))
        add(project, module, f"C{number}", choices)
    return project


def add(project: Project, module: int, name: str, choices: list[tuple[int | str, str]]) -> None:
    """Write a class; one that CPython refuses goes into a module that nobody imports."""
    bases = [value(project, choice, way) for choice, way in choices]
    try:
        made = types.new_class(name, tuple(bases))
    except TypeError:
        home, file = -1, f"refused_{name}"
        project.refused.append(f"{project.package}.{file}.{name}")
    else:
        home, file = module, f"m{module}"
    lines: list[str] = []
    texts = [
        choice if isinstance(choice, str) else reference(way, home, project.made[choice], lines)
        for choice, way in choices
    ]
    lines.append(f"class {name}({', '.join(texts)}): ...")
    project.files.setdefault(file, [HEADER]).extend(lines)
    if home >= 0:
        project.made.append((module, name, made))


def value(project: Project, choice: int | str, way: str) -> Any:
    if isinstance(choice, str):
        return OUTSIDE[choice]
    cls = project.made[choice][2]
    return cls[int] if way == "subscript" and is_open(cls) else cls


def is_open(cls: Any) -> bool:
    """Whether a class still takes a type parameter."""
    return bool(getattr(cls, "__parameters__", ()))


def write(project: Project, folder: Path) -> Path:
    files: dict[str, str | bytes] = {f"{project.package}/__init__.py": ""}
    for name, lines in project.files.items():
        files[f"{project.package}/{name}.py"] = "\n".join(lines).encode()
    for module in range(project.modules):
        files.setdefault(f"{project.package}/m{module}.py", b"")
        hub = f"from .m{module} import *\n"
        files[f"{project.package}/hub{module}.py"] = hub.encode()
    return write_tree(folder, files)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(projects())
def test_orders_and_refusals_are_cpythons(project: Project) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = write(project, Path(folder))
        report = report_of(tree_of(root))
        found = {entry.qualname: entry for entry in report.classes}
        sys.path.insert(0, str(root))
        importlib.invalidate_caches()
        try:
            for module, name, _ in project.made:
                real = getattr(importlib.import_module(f"{project.package}.m{module}"), name)
                order = [f"{c.__module__}.{c.__qualname__}" for c in real.__mro__]
                entry = found[f"{project.package}.m{module}.{name}"]
                assert (entry.certainty, list(entry.order)) == ("exact", order), entry.reasons
        finally:
            sys.path.remove(str(root))
            for name in [n for n in sys.modules if n.partition(".")[0] == project.package]:
                del sys.modules[name]
    assert {error.qualname for error in report.errors} == set(project.refused)
