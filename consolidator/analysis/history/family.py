"""Whose history is asked for: the classes of the plan, or those that a text matches."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from posixpath import basename

from consolidator.analysis.history.units import Unit, Units
from consolidator.tree.modules import Layout

_TEST_FOLDERS = {"test", "tests", "testing", "e2e", "test_framework"}
_DEFINITION = rb"^[ \t]*(?:class|(?:async[ \t]+)?def)[ \t]+"
_CLASS = rb"^[ \t]*class[ \t]+"
_ROLE = re.compile(r"[A-Z][a-z0-9]*$")
_SHARED_METHODS = 0.5


def is_test(path: str) -> bool:
    """By the habits of pytest: folders and files that a release does not need."""
    *folders, name = path.split("/")
    named = name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py"
    return named or any(folder.lower() in _TEST_FOLDERS for folder in folders)


@dataclass(frozen=True)
class Scope:
    """Which paths and definitions belong to the family, at any time in the history."""

    match: str = ""
    """Case is ignored. Empty matches nothing: only `names` count."""
    names: frozenset[str] = frozenset()
    """Classes and functions of the plan, without their modules."""
    globs: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    _pattern: re.Pattern[bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        wanted = [_DEFINITION + re.escape(name.encode()) + rb"\b" for name in sorted(self.names)]
        if self.match:
            wanted.append(_CLASS + rb"\w*" + re.escape(self.match.encode()))
        pattern = re.compile(b"|".join(wanted) or b"(?!)", re.M | re.I)
        object.__setattr__(self, "_pattern", pattern)

    def admits(self, path: str) -> bool:
        """Whether a path is looked at: production Python inside the globs and not excluded."""
        if not path.endswith(".py") or is_test(path):
            return False
        if self.globs and not any(_globbed(path, glob) for glob in self.globs):
            return False
        return not any(_globbed(path, glob) for glob in self.exclude)

    def names_path(self, path: str) -> bool:
        return bool(self.match) and self.match.lower() in path.lower()

    def defines(self, source: bytes) -> bool:
        """Whether a file may define a member; decided on bytes, without parsing."""
        return self._pattern.search(source) is not None

    def covers(self, name: str) -> bool:
        """Whether a class or function is wanted for its own name."""
        return name in self.names or bool(self.match and self.match.lower() in name.lower())

    def relevant(self, path: str, unit: str, owner: str) -> bool:
        """Whether a unit of a family file belongs to the family: other classes there do not."""
        if self.names_path(path) or self.covers(basename(path)):
            return True
        if owner:
            return any(self.covers(part) for part in owner.split("."))
        return not self.names or self.covers(unit) or not unit


def _globbed(path: str, glob: str) -> bool:
    return fnmatchcase(path, glob) or fnmatchcase(path, f"{glob.rstrip('/')}/*")


@dataclass(frozen=True)
class Member:
    """A class or function of the family at the revision asked about."""

    qualname: str
    path: str
    name: str
    units: dict[str, Unit]
    """By the name of the method; the class body is `""`. A function is its own only unit."""
    protocol: bool = False

    @cached_property
    def methods(self) -> frozenset[str]:
        return frozenset(name for name in self.units if name and not name.startswith("__"))

    @cached_property
    def keys(self) -> frozenset[str]:
        return frozenset(self.where)

    @cached_property
    def where(self) -> dict[str, list[str]]:
        """For each statement the methods that hold it."""
        places: dict[str, list[str]] = {}
        for name, unit in self.units.items():
            for key in unit.keys:
                places.setdefault(key, []).append(name)
        return places


def members_of(path: str, units: Units, layout: Layout) -> list[Member]:
    """Every class of a file, nested and local ones too, and every function outside classes."""
    module = (layout.names(path) or [path])[0]
    bases = _bases(units)
    owners = sorted({unit.owner for unit in units.values() if unit.owner})
    functions = [unit for unit in units.values() if unit.name and not unit.owner]
    return [
        Member(f"{module}.{unit.name}", path, unit.name, {unit.name: unit}) for unit in functions
    ] + [
        Member(
            f"{module}.{owner}",
            path,
            owner.rpartition(".")[2],
            {unit.name[len(owner) + 1 :]: unit for unit in units.values() if unit.owner == owner},
            any("Protocol" in base for base in bases.get(owner.rpartition(".")[2], ())),
        )
        for owner in owners
    ]


def _bases(units: Units) -> dict[str, list[str]]:
    return {
        node.name: [ast.unparse(base) for base in node.bases]
        for unit in units.values()
        for node in unit.nodes
        if isinstance(node, ast.ClassDef)
    }


def groups(
    members: Iterable[Member], merged: Iterable[frozenset[str]]
) -> dict[str, frozenset[str]]:
    """For each member the qualnames of its group, itself included.

    One group are: what the plan moves to one place (`merged`), classes of one name, and classes of
    one role (the last word of the name) that share at least half of the smaller one's methods.
    """
    known = [member for member in members if not member.protocol]
    leader = {member.qualname: member.qualname for member in known}

    def find(name: str) -> str:
        while leader[name] != name:
            name = leader[name]
        return name

    def join(one: str, other: str) -> None:
        first, second = sorted((find(one), find(other)))
        leader[second] = first

    for names in merged:
        present = sorted(names & leader.keys())
        for name in present[1:]:
            join(present[0], name)
    for relatives in _buckets(known):
        for place, one in enumerate(relatives):
            for other in relatives[place + 1 :]:
                if _alike(one, other):
                    join(one.qualname, other.qualname)
    collected: dict[str, set[str]] = {}
    for name in leader:
        collected.setdefault(find(name), set()).add(name)
    return {name: frozenset(collected[find(name)]) for name in leader}


def _buckets(members: Iterable[Member]) -> Iterable[list[Member]]:
    """Only members of one name or one role are ever compared."""
    buckets: dict[str, list[Member]] = {}
    for member in members:
        role = _ROLE.search(member.name)
        buckets.setdefault(role[0] if role else member.name, []).append(member)
    return buckets.values()


def _alike(one: Member, other: Member) -> bool:
    if one.name == other.name:
        return True
    shared = len(one.methods & other.methods)
    return shared >= 2 and shared >= _SHARED_METHODS * min(len(one.methods), len(other.methods))
