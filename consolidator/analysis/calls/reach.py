"""Where uses of a plan's classes and functions can be: found by bytes and facts, before any flow.

A receiver has to come from somewhere: the file names the class or factory itself, or it takes the
value from a *carrier*, a function that returns one or an attribute that holds one. Files without either
are not looked at, and in a file only the functions that also name a member.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property

from consolidator.analysis.calls.subjects import CALL, CONSTRUCTOR, Subjects
from consolidator.analysis.flow.world import Class
from consolidator.tree.facts import FunctionFact, ModuleFacts
from consolidator.tree.index import Tree

_FACTORY = re.compile(r"^_*(get|create|make|build|new|init|acquire|obtain|provide|default)_?")
_SHORT = 2
"""Names up to this length carry anything."""
_LINE_END = re.compile(rb"\r\n|\r|\n")
_WORD = re.compile(rb"\w")
_MAKERS = re.compile(rb"\b(return|yield)\b")


class Reach:
    """Files and lines that can hold a use."""

    def __init__(self, subjects: Subjects) -> None:
        self._subjects = subjects
        self._tree: Tree = subjects.world.tree
        self.names = self._own_names()
        self.members = self._members()
        self._making: dict[str, list[int]] = {}

    def _own_names(self) -> frozenset[str]:
        every = self._subjects.all
        return frozenset({s.legacy_name for s in every} | {s.target_name for s in every})

    def _members(self) -> frozenset[str]:
        found: set[str] = set()
        for subject in self._subjects.all:
            move = subject.move
            found |= {*move.methods, *move.attributes, *move.calls}
            if isinstance(subject.legacy, Class):
                found |= self._subjects.members.of(subject.legacy).keys()
        return frozenset(n for n in found - {CONSTRUCTOR, CALL} if not n.startswith("_"))

    @cached_property
    def _naming(self) -> list[str]:
        tree = self._tree
        return [p for p in tree.containing(*sorted(self.names)) if _has(tree.read(p), self.names)]

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Sorted."""
        if not self.names:
            return ()
        tree = self._tree
        naming = self._naming
        tree.prefetch()  # names are resolved through files that are not candidates themselves
        carriers = self._carriers
        left = sorted(set(tree.paths) - set(naming))
        holding = tree.containing(*sorted(carriers), paths=left) if carriers else []
        using = tree.containing(*(f".{name}" for name in sorted(self.members)), paths=holding)
        found = [
            path
            for path in using
            if _has(tree.read(path), carriers) and _has(tree.read(path), self.members)
        ]
        return tuple(sorted({*naming, *found}))

    def lines(self, path: str) -> list[int]:
        """Lines of a file that name a member, a class or what the file calls the class."""
        return self._lines(path, self.members | self.names | self._local_names(path))

    def makes(self, path: str, first: int, last: int) -> bool:
        """Whether lines of a file can make or hold one of the plan's objects."""
        if path not in self._making:
            wanted = self.names | self._carriers | self._local_names(path)
            self._making[path] = self._lines(path, wanted)
        return touches(self._making[path], first, last)

    def _local_names(self, path: str) -> set[str]:
        facts = self._tree.facts(path)
        return {f.local for f in facts.imports if f.name in self.names} if facts else set()

    def _lines(self, path: str, wanted: Iterable[str]) -> list[int]:
        data = self._tree.read(path)
        places = {at for name in wanted for at in _places(data, name)}
        starts = [match.end() for match in _LINE_END.finditer(data)] if places else []
        return sorted({bisect_right(starts, at) + 1 for at in places})

    @cached_property
    def _carriers(self) -> frozenset[str]:
        pattern = _words(self.names)
        found: set[str] = set()
        for path in self._naming:
            facts = self._tree.facts(path)
            if facts is not None:
                found |= _carriers(facts, _LINE_END.split(self._tree.read(path)), pattern)
        return frozenset(n for n in found if len(n) > _SHORT and not n.startswith("__"))


def touches(lines: list[int], first: int, last: int) -> bool:
    """Whether any of the sorted lines lies in a range."""
    at = bisect_left(lines, first)
    return at < len(lines) and lines[at] <= last


def _carriers(facts: ModuleFacts, lines: list[bytes], pattern: re.Pattern[bytes]) -> set[str]:
    def says(text: str) -> bool:
        return bool(pattern.search(text.encode()))

    found = {f.name for f in facts.functions if _gives(f, lines, pattern)}
    found |= {b.name for b in facts.bindings if says(b.annotation) or says(b.value)}
    methods = [f for f in facts.functions if f.scope]
    for cls in facts.classes:
        for name, line, value in cls.self_attributes:
            if says(value) or any(pattern.search(text) for text in lines[line - 1 : line]):
                found.add(name)
            else:
                found |= {
                    name
                    for method in methods
                    if method.line <= line <= method.end_line
                    if any(p.name == value and says(p.annotation) for p in method.parameters)
                }
    return found


def _gives(function: FunctionFact, lines: list[bytes], pattern: re.Pattern[bytes]) -> bool:
    """Whether a function may return what a name stands for: by annotation, else by its body."""
    if function.returns and function.returns not in ("Any", "object"):
        return bool(pattern.search(function.returns.encode()))
    is_fixture = any("fixture" in text for text in function.decorators)
    if not is_fixture and not _FACTORY.match(function.name):
        return False
    body = b"\n".join(lines[function.line - 1 : function.end_line])
    return bool(_MAKERS.search(body)) and bool(pattern.search(body))


def _words(names: Iterable[str]) -> re.Pattern[bytes]:
    listed = "|".join(re.escape(name) for name in sorted(names)) or "(?!)"
    return re.compile(rf"(?<!\w)(?:{listed})(?!\w)".encode())


def _has(data: bytes, names: Iterable[str]) -> bool:
    return any(next(_places(data, name), -1) >= 0 for name in names)


def _places(data: bytes, name: str) -> Iterator[int]:
    """Offsets at which a name stands as a whole word."""
    needle = name.encode()
    at = data.find(needle)
    while at >= 0:
        end = at + len(needle)
        if not _WORD.match(data[at - 1 : at]) and not _WORD.match(data[end : end + 1]):
            yield at
        at = data.find(needle, end)
