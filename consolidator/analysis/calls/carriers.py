"""Names by which code gets hold of an object without naming its class: functions that return one,
attributes and variables that keep one. By name alone, so more than there are; flow decides later.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from consolidator.tree.facts import FunctionFact, ModuleFacts
from consolidator.tree.index import Tree

LINE_END = re.compile(rb"\r\n|\r|\n")
_SHORT = 2
"""Names up to this length are too common to say anything where they are not imported."""
_COMMON = {
    "get",
    "pop",
    "run",
    "call",
    "next",
    "copy",
    "result",
    "values",
    "items",
    "main",
    "setup",
}
"""Names of methods that everything has."""
_MAKERS = re.compile(rb"\b(return|yield)\b")
_GIVEN = re.compile(
    rb"(?:^|[:;])[ \t]*(?:return|yield(?:[ \t]+from)?)\b[ \t]*(?:await[ \t]+)?([^\W\d][\w.]*)(\(?)",
    re.MULTILINE,
)
_HEAD = re.compile(r"(?:await\s+)?([^\W\d][\w.]*)(\(?)")


@dataclass
class _Sources:
    """What is made of what: by the name of a function that is called, or of something that is read,
    the names of those that give or keep its value."""

    called: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    read: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    aliases: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Other names under which files import the same."""

    def add(self, head: str, is_call: bool, giver: str) -> None:
        (self.called if is_call else self.read)[head.rpartition(".")[2]].add(giver)


@dataclass(frozen=True, slots=True)
class Carriers:
    """`telling` are names that say something wherever they stand, `imported` all, for files that import
    them."""

    telling: frozenset[str]
    imported: frozenset[str]


def carriers(tree: Tree, names: Iterable[str], naming: Iterable[str]) -> Carriers:
    """Functions, attributes and variables that can hold what a name stands for. `naming` are the files
    that hold any of the names."""
    pattern = words(names)
    kept: set[str] = set()
    made: set[str] = set()
    for path in naming:
        facts = tree.facts(path)
        if facts is not None:
            lines = LINE_END.split(tree.read(path))
            made |= {f.name for f in facts.functions if _gives(f, lines, pattern)}
            kept |= set(_keepers(facts, lines, pattern))
    sources = _sources(tree)
    fresh = made | kept
    found: set[str] = set()
    while fresh:
        found |= fresh
        telling = {name for name in fresh if _says_something(name)}
        given = {giver for name in telling for giver in sources.called.get(name, ())}
        given |= {giver for name in telling & kept for giver in sources.read.get(name, ())}
        aliases = {alias for name in fresh for alias in sources.aliases.get(name, ())}
        kept |= {alias for name in fresh & kept for alias in sources.aliases.get(name, ())}
        fresh = (given | aliases) - found
    return Carriers(frozenset(filter(_says_something, found)), frozenset(found))


def words(names: Iterable[str]) -> re.Pattern[bytes]:
    """Matches any of the names as a whole word."""
    listed = "|".join(re.escape(name) for name in sorted(names)) or "(?!)"
    return re.compile(rf"(?<!\w)(?:{listed})(?!\w)".encode())


def _says_something(name: str) -> bool:
    return len(name) > _SHORT and not name.startswith("__") and name not in _COMMON


def _gives(function: FunctionFact, lines: list[bytes], pattern: re.Pattern[bytes]) -> bool:
    """Whether a function may return what a name stands for: by annotation, else by its body."""
    if _is_declared(function):
        return bool(pattern.search(function.returns.encode()))
    body = b"\n".join(lines[function.line - 1 : function.end_line])
    return bool(_MAKERS.search(body)) and bool(pattern.search(body))


def _is_declared(function: FunctionFact) -> bool:
    return bool(function.returns) and function.returns not in ("Any", "object")


def _keepers(facts: ModuleFacts, lines: list[bytes], pattern: re.Pattern[bytes]) -> Iterator[str]:
    def says(text: str) -> bool:
        return bool(pattern.search(text.encode()))

    yield from (b.name for b in facts.bindings if says(b.annotation) or says(b.value))
    methods = [f for f in facts.functions if f.scope]
    for cls in facts.classes:
        for name, line, value in cls.self_attributes:
            given = (p for m in methods if m.line <= line <= m.end_line for p in m.parameters)
            if (
                says(value)
                or any(pattern.search(text) for text in lines[line - 1 : line])
                or any(p.name == value and says(p.annotation) for p in given)
            ):
                yield name


def _sources(tree: Tree) -> _Sources:
    found = _Sources()
    for path in tree.paths:
        facts = tree.facts(path)
        if facts is None:
            continue
        for imported in facts.imports:
            if imported.name and imported.asname not in ("", imported.name):
                found.aliases[imported.name].add(imported.asname)
        for function, head, is_call in _returns(facts, tree.read(path)):
            found.add(head, is_call, function.name)
        kept = [(b.name, b.value) for b in facts.bindings]
        kept += [(name, value) for cls in facts.classes for name, _, value in cls.self_attributes]
        for name, value in kept:
            if head_of := _HEAD.match(value):
                found.add(head_of.group(1), bool(head_of.group(2)), name)
    return found


def _returns(facts: ModuleFacts, data: bytes) -> Iterator[tuple[FunctionFact, str, bool]]:
    """What functions without annotation return: the dotted name it begins with, and whether that is
    called."""
    functions = sorted(facts.functions, key=lambda f: f.line)
    if all(map(_is_declared, functions)):
        return
    first_lines = [f.line for f in functions]
    starts = [0, *(match.end() for match in LINE_END.finditer(data))]
    for match in _GIVEN.finditer(data):
        line = bisect_right(starts, match.start(1))
        at = bisect_right(first_lines, line) - 1
        while at >= 0 and functions[at].end_line < line:
            at -= 1
        if at < 0 or _is_declared(functions[at]):
            continue
        function = functions[at]
        head = match.group(1).decode()
        if head in function.locals:
            body = data[starts[function.line - 1] : match.start()]
            yield from ((function, *made) for made in _assigned(head, body))
        else:
            yield function, head, bool(match.group(2))


def _assigned(name: str, body: bytes) -> Iterator[tuple[str, bool]]:
    pattern = rf"^[ \t]*{name}[ \t]*(?::[^=\n]+)?=[ \t]*(?:await[ \t]+)?([^\W\d][\w.]*)(\(?)"
    for match in re.finditer(pattern.encode(), body, re.MULTILINE):
        yield match.group(1).decode(), bool(match.group(2))
