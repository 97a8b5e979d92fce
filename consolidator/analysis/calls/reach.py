"""Where uses of a plan's classes and functions can be: found by bytes and facts, before any flow.

A receiver has to come from somewhere: the file names the class or factory itself, or it takes the
value from a *carrier*, a function that returns one or an attribute that holds one. Files without either
are not looked at, and in a file only the functions that also name a member.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Set
from functools import cached_property

from consolidator.analysis.calls.carriers import Carriers, carriers
from consolidator.analysis.calls.subjects import CALL, CONSTRUCTOR, Subjects
from consolidator.analysis.flow.world import Class
from consolidator.tree.index import Tree

_WORD = re.compile(r"[A-Za-z_\x80-\xff][\w\x80-\xff]*")
_LINE_END = re.compile(r"\r\n|\r|\n")


class Reach:
    """Files and lines that can hold a use. `distinctive` are members worth a look on any receiver."""

    def __init__(self, subjects: Subjects, distinctive: frozenset[str] = frozenset()) -> None:
        self._subjects = subjects
        self._distinctive = distinctive
        self._tree: Tree = subjects.world.tree
        self.members = self._members()
        self._lines_of: dict[str, dict[str, list[int]]] = {}
        self._kept: frozenset[str] = frozenset()

    @cached_property
    def names(self) -> frozenset[str]:
        """Last names of the plan's classes and functions, of classes that inherit from them, and of
        variables that stand for them."""
        own = {n for s in self._subjects.all for n in (s.legacy_name, s.target_name)}
        self._tree.prefetch()  # names are resolved through files that are not candidates themselves
        known = (self._tree.facts(path) for path in self._tree.paths)
        facts = [one for one in known if one is not None]
        heirs: dict[str, set[str]] = {}
        for cls in (cls for one in facts for cls in one.classes):
            for base in cls.bases:
                heirs.setdefault(base.partition("[")[0].rpartition(".")[2], set()).add(cls.name)
        fresh = set(own)
        while fresh:
            fresh = {heir for name in fresh for heir in heirs.get(name, ())} - own
            own |= fresh
        uncalled = re.compile(rf"(?<![\w'\"])(?:{'|'.join(sorted(own))})(?![\w('\"])")
        own |= {b.name for one in facts for b in one.bindings if uncalled.search(b.value)}
        return frozenset(own)

    def _members(self) -> frozenset[str]:
        found: set[str] = set()
        for subject in self._subjects.all:
            move = subject.move
            found |= {*move.methods, *move.attributes, *move.calls}
            if isinstance(subject.legacy, Class):
                found |= self._subjects.members.of(subject.legacy).keys()
        return frozenset(n for n in found - {CONSTRUCTOR, CALL} if not n.startswith("_"))

    @cached_property
    def naming(self) -> frozenset[str]:
        """Files that hold one of the names."""
        tree = self._tree
        holding = tree.containing(*sorted(self.names))
        return frozenset(path for path in holding if not self.names.isdisjoint(self._words(path)))

    def _words(self, path: str) -> set[str]:
        return set(_WORD.findall(self._text(path)))

    @cached_property
    def _carriers(self) -> Carriers:
        return carriers(self._tree, self.names, sorted(self.naming))

    def files(self, only: frozenset[str] | None = None) -> frozenset[str]:
        """Those among which uses can be; among `only`, where it is given."""
        wanted = frozenset(self._tree.paths) if only is None else only & frozenset(self._tree.paths)
        return frozenset(path for path in wanted if path in self.naming or self._is_using(path))

    def keeping(self, attributes: frozenset[str], methods: Set[str]) -> frozenset[str]:
        """Files that read one of the attributes and name one of the methods; from now on the attributes
        carry one of the plan's objects."""
        self._kept = attributes
        self._lines_of.clear()
        return frozenset(
            path
            for path in self._tree.containing(*sorted(f".{name}" for name in attributes))
            if not methods.isdisjoint(words := self._words(path))
            and not attributes.isdisjoint(words)
        )

    def concerns(self, path: str) -> bool:
        """Whether any code in one of the files can use one of the plan's objects: asked of facts, before
        the file is parsed again."""
        if path in self.naming:
            return True
        facts = self._tree.facts(path)
        if facts is None:
            return False
        matter = self.matters(path)
        ranges = [(f.line, f.end_line) for f in facts.functions]
        if any(matter(first, last) for first, last in ranges):
            return True
        outside = self._lines(path, "members") + self._lines(path, "distinctive")
        return any(not any(a <= line <= b for a, b in ranges) for line in outside)

    def _is_using(self, path: str) -> bool:
        try:
            words = self._words(path)
        except OSError:
            return False
        if not self._distinctive.isdisjoint(words):
            return True
        if self.members.isdisjoint(words):
            return False
        return not self._carriers.telling.isdisjoint(words) or bool(self._imported_carriers(path))

    def _imported_carriers(self, path: str) -> set[str]:
        """Local names of carriers that a file imports, or reads from a module that it imports."""
        facts, every = self._tree.facts(path), self._carriers.imported
        if facts is None:
            return set()
        found = {fact.local for fact in facts.imports if fact.name in every}
        modules = {fact.local for fact in facts.imports}
        read = re.compile(rf"\b(?:{'|'.join(sorted(modules)) or '(?!)'})\.([^\W\d]\w*)")
        short = every - self._carriers.telling
        return found | (short.intersection(read.findall(self._text(path))) if short else set())

    def _text(self, path: str) -> str:
        """The text with one character a byte: offsets stay those of the bytes."""
        return self._tree.read(path).decode("latin-1")

    def matters(
        self, path: str, receiving: frozenset[str] = frozenset()
    ) -> Callable[[int, int], bool]:
        """Whether lines of a file (first, last) can use one of the plan's objects. `receiving` are the
        dotted names of functions to which some are known to be passed."""
        members, makers = self._lines(path, "members"), self._lines(path, "makers")
        names, telling = self._lines(path, "names"), self._lines(path, "distinctive")
        always = [*self._heirs(path), *self._bodies(path, receiving)]

        def matter(first: int, last: int) -> bool:
            if touches(names, first, last) or touches(telling, first, last):
                return True
            if any(a <= last and first <= b for a, b in always):
                return True
            is_made = touches(makers, first, last)
            if path in self.naming:
                return is_made or touches(members, first, last)
            return is_made and touches(members, first, last)

        return matter

    def _bodies(self, path: str, functions: frozenset[str]) -> list[tuple[int, int]]:
        facts, module = self._tree.facts(path), self._tree.module(path)
        if facts is None or not functions:
            return []
        found = [f for f in facts.functions if f"{module}.{f.qualname}" in functions]
        methods = {f.scope for f in found if f.scope and not f.scope.endswith("<locals>")}
        ranges = [(f.line, f.end_line) for f in found]
        # What one method is given, the others of its class may use.
        return ranges + [(c.line, c.end_line) for c in facts.classes if c.qualname in methods]

    def makes(self, path: str, first: int, last: int) -> bool:
        """Whether lines of a file can make or hold one of the plan's objects."""
        return touches(self._lines(path, "makers"), first, last) or any(
            a <= first <= b for a, b in self._heirs(path)
        )

    def _heirs(self, path: str) -> list[tuple[int, int]]:
        """Line ranges of the plan's classes and of those that inherit from them."""
        facts = self._tree.facts(path)
        return (
            [(c.line, c.end_line) for c in facts.classes if c.name in self.names] if facts else []
        )

    def _lines(self, path: str, what: str) -> list[int]:
        if path not in self._lines_of:
            names = self.names | self._local_names(path)
            wanted = {
                "members": self.members,
                "names": names,
                "makers": names
                | self._carriers.telling
                | self._imported_carriers(path)
                | self._kept,
                "distinctive": self._distinctive,
            }
            self._lines_of[path] = self._holding(path, wanted)
        return self._lines_of[path][what]

    def _local_names(self, path: str) -> set[str]:
        facts = self._tree.facts(path)
        return {f.local for f in facts.imports if f.name in self.names} if facts else set()

    def _holding(self, path: str, wanted: Mapping[str, Set[str]]) -> dict[str, list[int]]:
        """Lines that hold a word of each kind, sorted."""
        text = self._text(path)
        every = frozenset().union(*wanted.values())
        places = [(m.start(), m.group()) for m in _WORD.finditer(text) if m.group() in every]
        starts = [match.end() for match in _LINE_END.finditer(text)] if places else []
        found: dict[str, list[int]] = {what: [] for what in wanted}
        for at, word in places:
            line = bisect_right(starts, at) + 1
            for what, words in wanted.items():
                if word in words:
                    found[what].append(line)
        return found


def touches(lines: list[int], first: int, last: int) -> bool:
    """Whether any of the sorted lines lies in a range."""
    at = bisect_left(lines, first)
    return at < len(lines) and lines[at] <= last
