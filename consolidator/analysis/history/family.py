"""Whose history is asked for: the classes of the plan, or those that a text matches."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from fnmatch import translate
from functools import cached_property, lru_cache
from itertools import combinations, pairwise
from typing import Literal, NamedTuple

from consolidator.analysis.history.cutting import Unit, Units
from consolidator.analysis.history.outline import FileOutline, UnitOutline
from consolidator.tree.modules import Layout

_TEST = re.compile(
    r"(?:^|/)(?:(?ai:tests?|testing|e2e|test_framework)/|test_[^/]*\Z|conftest\.py\Z)|_test\.py\Z"
)
_DOCUMENTS = (".md", ".rst", ".txt", ".xml")
_DOCS_SETTINGS = re.compile(r"(^|/)docs?/(.*/)?conf\.py$")
_DEFINITION = rb"^[ \t]*(?:class|(?:async[ \t]+)?def)[ \t]+"
_CLASS = rb"^[ \t]*class[ \t]+"
_SAME_NAME_SHARE = 0.15
_OTHER_NAME_SHARE = 0.4
"""Share of the smaller class's statements at which two classes count as copies of one another."""
Relation = Literal["defines", "mentions", "none"]
_FEWEST = 2
_TELLING = 16
"""Characters of a statement that is not said everywhere."""
_COMMONPLACE = 30
"""Statements that more members hold than this relate nobody."""
_USED = re.compile(r"\b([^\W\d]\w*)[(.]")
_SETS = re.compile(r"self\.(\w+)=")
_DECLARES = ("def ", "async def ", "class ", "@")


@lru_cache(1 << 17)
def is_test(path: str) -> bool:
    """By the habits of pytest: folders and files that a release does not need."""
    return _TEST.search(path) is not None


class Role(NamedTuple):
    """What a path is to a family."""

    admitted: bool
    """Whether it may hold a member."""
    named: bool
    """Whether it is named after it, inside the globs, whatever it holds."""
    test: bool
    test_module: bool
    document: bool


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
    _wanted: re.Pattern[str] = field(init=False, repr=False, compare=False)
    _unwanted: re.Pattern[str] = field(init=False, repr=False, compare=False)
    _roles: dict[str, Role] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        wanted = [_DEFINITION + re.escape(name.encode()) + rb"\b" for name in sorted(self.names)]
        if self.match:
            wanted.append(_CLASS + rb"\w*" + re.escape(self.match.encode()))
        pattern = re.compile(b"|".join(wanted) or b"(?!)", re.M | re.I)
        object.__setattr__(self, "_pattern", pattern)
        object.__setattr__(self, "_wanted", _globbed(self.globs))
        object.__setattr__(self, "_unwanted", _globbed(self.exclude))

    def __reduce__(self) -> tuple[type[Scope], tuple[object, ...]]:
        """Other processes get the question only, not what was found out about paths."""
        return Scope, (self.match, self.names, self.globs, self.exclude)

    def admits(self, path: str) -> bool:
        """Whether a path is looked at: production Python inside the globs and not excluded."""
        known = self._roles.get(path)
        return self._admits(path) if known is None else known.admitted

    def _admits(self, path: str) -> bool:
        code = path.endswith(".py") and self.includes(path)
        return code and not is_test(path) and not _DOCS_SETTINGS.search(path)

    def role(self, path: str) -> Role:
        known = self._roles.get(path)
        if known is None:
            known = self._roles[path] = self._role(path)
        return known

    def _role(self, path: str) -> Role:
        test = is_test(path)
        return Role(
            self._admits(path),
            self.names_path(path) and self.includes(path),
            test,
            test and path.endswith(".py"),
            path.endswith(_DOCUMENTS),
        )

    def includes(self, path: str) -> bool:
        """Whether a path of any kind is inside the globs and not excluded."""
        if self.globs and not self._wanted.match(path):
            return False
        return not (self.exclude and self._unwanted.match(path))

    def names_path(self, path: str) -> bool:
        return bool(self.match) and self.match.lower() in path.lower()

    def defines(self, source: bytes) -> bool:
        """Whether a file may define a member; decided on bytes, without parsing."""
        return self._pattern.search(source) is not None

    def relation(self, source: bytes) -> Relation:
        """Whether a file may define a member, or only speaks of the family."""
        if self.defines(source):
            return "defines"
        return "mentions" if self.mentions(source) else "none"

    def mentions(self, source: bytes) -> bool:
        """Whether a file speaks of what is matched: its callers and what serves it."""
        return bool(self.match) and self.match.lower().encode() in source.lower()

    def covers(self, name: str) -> bool:
        """Whether a class or function is wanted for its own name."""
        return name in self.names or bool(self.match and self.match.lower() in name.lower())

    def relevant(self, path: str, units: Units, kin: Collection[str] = ()) -> Units:
        """The units of a file that concern the family: other classes of the same file do not.

        `kin` are classes and functions of the file that belong to it whatever they are called."""
        if self.names_path(path):
            return units
        speaks = self._speaks if self.match else self._named
        told = {unit.owner or unit.name for unit in units.values() if speaks(unit)} | set(kin)
        return {name: unit for name, unit in units.items() if (unit.owner or name) in told}

    def members(self, path: str, units: Units, kin: Collection[str]) -> frozenset[str]:
        """The classes and functions of a file that belong to the family, not only speak of it."""
        every = self.names_path(path)
        owners = {
            unit.owner or unit.name
            for unit in units.values()
            if every or (unit.name and self._named(unit))
        }
        return frozenset(owners | set(kin)) - {""}

    def _named(self, unit: Unit) -> bool:
        if unit.owner:
            return any(self.covers(part) for part in unit.owner.split("."))
        return not unit.name or self.covers(unit.name)

    def _speaks(self, unit: Unit) -> bool:
        return self._named(unit) or self.match.lower() in unit.text.lower()


def _globbed(globs: Iterable[str]) -> re.Pattern[str]:
    """What a glob matches, or lies in a folder that it matches."""
    each = [text for glob in globs for text in (glob, f"{glob.rstrip('/')}/*")]
    return re.compile("|".join(map(translate, each)))


@dataclass(frozen=True)
class Member:
    """A class or function of the family at the revision asked about."""

    qualname: str
    path: str
    name: str
    units: dict[str, UnitOutline]
    """By the name of the method; the class body is `""`. A function is its own only unit."""
    bases: tuple[str, ...] = ()
    """As written."""

    @property
    def protocol(self) -> bool:
        return any(base.rpartition(".")[2] == "Protocol" for base in self.bases)

    @cached_property
    def methods(self) -> frozenset[str]:
        return frozenset(name for name in self.units if name and not name.startswith("__"))

    @cached_property
    def wrapper(self) -> bool:
        """Whether at least half of its methods hand the call on to a method of their own name."""
        passed = [
            name
            for name in self.methods
            if any(f".{name}(" in key for key in self.units[name].keys)
        ]
        return len(self.methods) > 1 and len(passed) * 2 >= len(self.methods)

    @property
    def is_function(self) -> bool:
        return set(self.units) == {self.name}

    def used_by(self, unit: UnitOutline) -> frozenset[str]:
        """Names that a unit calls or reads attributes of; those of the methods of its own that it
        calls, and of what sets the fields that it uses, count too."""
        found: set[str] = set()
        pending = [unit]
        seen = {unit.name}
        while pending:
            for name in {n for key in pending.pop().keys for n in _USED.findall(key)} - found:
                found.add(name)
                own = self.units.get(name)
                if own is not None and own.name not in seen:
                    seen.add(own.name)
                    pending.append(own)
                found |= self._set_from.get(name, set())
        return frozenset(found)

    @cached_property
    def _set_from(self) -> dict[str, set[str]]:
        """For each field the names that statements which set it call or read attributes of."""
        used: dict[str, set[str]] = {}
        for key in self.keys:
            for name in _SETS.findall(key):
                used.setdefault(name, set()).update(_USED.findall(key))
        return used

    @cached_property
    def acts(self) -> frozenset[str]:
        """Its statements without what any class may say, and without what only declares: two that
        implement one interface share that."""
        return frozenset(
            key for key in self.keys if len(key) >= _TELLING and not key.startswith(_DECLARES)
        )

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


def members_of(path: str, outline: FileOutline, layout: Layout) -> list[Member]:
    """Every class of a file, nested and local ones too, and every function outside classes."""
    module = (layout.names(path) or [path])[0]
    owners = sorted({unit.owner for unit in outline.units if unit.owner})
    functions = [unit for unit in outline.units if unit.name and not unit.owner]
    return [
        Member(f"{module}.{unit.name}", path, unit.name, {unit.name: unit}) for unit in functions
    ] + [
        Member(
            f"{module}.{owner}",
            path,
            owner.rpartition(".")[2],
            {unit.name[len(owner) + 1 :]: unit for unit in outline.units if unit.owner == owner},
            outline.bases.get(owner, ()),
        )
        for owner in owners
    ]


def groups(
    members: Iterable[Member], merged: Iterable[frozenset[str]]
) -> dict[str, frozenset[str]]:
    """For each member the qualnames of its group, itself included.

    One group are: what the plan moves to one place (`merged`), functions of one name, and classes
    that share statements. A common name alone is no proof, a different name no disproof.
    """
    known = {
        member.qualname: member for member in members if not (member.protocol or member.wrapper)
    }
    related = [pair for names in merged for pair in pairwise(sorted(names & known.keys()))]
    shared = _shared_statements(known.values())
    for (one, other), count in shared.items():
        smaller = min(len(known[one].acts), len(known[other].acts))
        same = known[one].name == known[other].name
        if count >= max(_FEWEST, smaller * (_SAME_NAME_SHARE if same else _OTHER_NAME_SHARE)):
            related.append((one, other))
    return _connected(known, related)


def _connected(
    names: Iterable[str], related: Iterable[tuple[str, str]]
) -> dict[str, frozenset[str]]:
    """For each name all that it is related to, directly or through others."""
    parts = {name: {name} for name in names}
    for one, other in related:
        less, more = sorted((parts[one], parts[other]), key=len)
        if less is not more:
            more |= less
            parts.update(dict.fromkeys(less, more))
    frozen = {id(part): frozenset(part) for part in parts.values()}
    return {name: frozen[id(part)] for name, part in parts.items()}


def _shared_statements(members: Iterable[Member]) -> Counter[tuple[str, str]]:
    holders: dict[str, list[str]] = {}
    for member in members:
        for key in member.acts:
            holders.setdefault(key, []).append(member.qualname)
    shared: Counter[tuple[str, str]] = Counter()
    for names in holders.values():
        if len(names) <= _COMMONPLACE:
            shared.update(combinations(sorted(names), 2))
    return shared
