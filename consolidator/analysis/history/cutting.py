"""A module's text cut into units (functions, methods, class bodies) without parsing all of it.

Most units of a file are the same before and after a commit. Units are found by their indentation, with
strings over several lines masked, and only those that differ are parsed. A text that such a cut can't be
trusted with (`UnparsableError`) is cut by its syntax tree instead.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from consolidator.analysis.history.statements import (
    Definition,
    Statement,
    UnparsableError,
    parse_block,
    statements_of,
)
from consolidator.tree.facts import Unreadable
from consolidator.tree.source import decode

_STRING = r'"(?!"")(?:\\.|[^"\\\n])*+"|\'(?!\'\')(?:\\.|[^\'\\\n])*+\''
_TRIPLE = r'"""(?:\\.|[^\\])*?"""|\'\'\'(?:\\.|[^\\])*?\'\'\''
_LONG_STRING = re.compile(rf"(?:[^\"'#]++|#[^\n]*+|{_STRING})*+({_TRIPLE}|\Z|.)", re.S)
_KIND = re.compile(r"(?:async[ \t]+)?(def|class)[ \t]+(\w+)|(@)")
_CLASS = re.compile(
    r"class\s+\w+\s*(?:\[[^\]]*\]\s*)?(?:\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\s*)?:[ \t]*"
    r"(?:(#[^\n]*)?\r?\n((?:[ \t\r]*(?:#[^\n]*)?\n)*)([ \t]+)(?=\S))?"
)
_NESTED_CLASS = re.compile(r"\n([ \t]+)class[ \t]")
_KEPT_PARSES = 1 << 14


@dataclass(eq=False)
class Unit:
    """Not to be changed."""

    name: str
    """Qualified inside the module; empty for the code at module level."""
    owner: str
    """The class whose body or method it is; empty outside classes."""
    text: str

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """`UnparsableError` where it can't be read on its own."""
        return _parsed(self.text, self.is_body)

    @cached_property
    def keys(self) -> frozenset[str]:
        return frozenset(self.order)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The statements that act, as they follow one another."""
        return tuple(statement.key for statement in self.statements if statement.acts)

    @property
    def is_body(self) -> bool:
        """Whether it is what stands loose in a class or module."""
        return self.name == self.owner


Units = dict[str, Unit]

_parsed = lru_cache(_KEPT_PARSES)(statements_of)


def text_of(source: bytes) -> str | None:
    """None where the bytes are not text."""
    try:
        text = source.decode()
    except UnicodeDecodeError:
        decoded = decode(source)
        return None if isinstance(decoded, Unreadable) else decoded.text
    return text.removeprefix("\ufeff")


def cut(text: str) -> Units:
    """The units of a module by name; raises `UnparsableError` where indentation does not tell."""
    units: Units = {}
    masked = _masked(text)
    for unit in _Cutter(text, masked).block(0, len(text), "", "", ""):
        known = units.get(unit.name)  # a property and its setter
        units[unit.name] = Unit(unit.name, unit.owner, known.text + unit.text) if known else unit
    return units


def cut_by_tree(text: str) -> Units:
    """The same from the syntax tree; raises `UnparsableError` for what is no Python."""
    nodes, _ = parse_block(text)
    units: Units = {}
    for unit in _of_tree(nodes, "", "", text.splitlines(keepends=True)):
        known = units.get(unit.name)
        units[unit.name] = Unit(unit.name, unit.owner, known.text + unit.text) if known else unit
    return units


def _of_tree(nodes: list[ast.stmt], scope: str, owner: str, lines: list[str]) -> Iterator[Unit]:
    loose: list[str] = []
    for node in nodes:
        first = _first_line(node) - 1
        text = "".join(lines[first : node.end_lineno])
        if isinstance(node, Definition):
            yield Unit(scope + node.name, owner, text)
            for local in ast.walk(node) if "class" in text else ():
                if isinstance(local, ast.ClassDef):
                    name = f"{scope}{node.name}.<locals>.{local.name}"
                    yield from _of_tree(local.body, f"{name}.", name, lines)
        elif isinstance(node, ast.ClassDef) and node.body[0].lineno > node.lineno:
            header = "".join(lines[first : _first_line(node.body[0]) - 1])
            loose.append(f"{header}{' ' * node.body[0].col_offset}pass\n")
            yield from _of_tree(node.body, f"{scope}{node.name}.", scope + node.name, lines)
        else:
            loose.append(text)
    yield Unit(scope.rstrip("."), owner, "".join(loose))


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(item.lineno for item in decorators)])


def _masked(text: str) -> str:
    """The same with no line starting inside a string."""
    if '"""' not in text and "'''" not in text:
        return text
    plain = _plainly_masked(text)
    if plain is not None:
        return plain
    pieces: list[str] = []
    end = 0
    for match in _LONG_STRING.finditer(text):
        first, last = match.span(1)
        pieces += (text[end:first], match[1].replace("\n", "\0"))
        end = last
    return "".join((*pieces, text[end:]))


def _plainly_masked(text: str) -> str | None:
    """The same for the usual text, in a third of the time; None where more has to be looked at."""
    if "'''" in text or "\\\n" in text:
        return None
    pieces = text.split('"""')
    for place in range(1, len(pieces), 2):
        line = pieces[place - 1].rpartition("\n")[2]
        if '"' in line or "'" in line or "#" in line or "\\" in pieces[place]:
            return None
        pieces[place] = pieces[place].replace("\n", "\0")
    return '"""'.join(pieces) if len(pieces) % 2 else None


@lru_cache(64)
def _line_at(indent: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Where statements of a block start: at its indentation, not on with the one above. Without and
    with the line break before it."""
    line = rf"{re.escape(indent)}(?=[^\s#)\]}}\0])"
    return re.compile(line), re.compile(rf"\n{line}")


class _Cutter:
    def __init__(self, text: str, masked: str) -> None:
        self._text = text
        self._masked = masked

    def block(self, start: int, end: int, indent: str, scope: str, owner: str) -> Iterator[Unit]:
        """Every unit of the block between two offsets, where lines start; it is the body of `scope`."""
        loose: list[str] = []
        for kind, name, first, last in self._pieces(start, end, indent):
            if kind == "def":
                yield from self._function(scope + name, owner, first, last)
            elif kind == "class":
                body = self._class_body(first, last, indent)
                loose.append(self._text[first : body[0]] if body else self._text[first:last])
                if body:
                    loose.append(f"{body[1]}pass\n")
                    yield from self.block(body[0], last, body[1], f"{scope}{name}.", scope + name)
            else:
                loose.append(self._text[first:last])
        yield Unit(scope.rstrip("."), owner, "".join(loose))

    def _pieces(self, start: int, end: int, indent: str) -> Iterator[tuple[str, str, int, int]]:
        here, later = _line_at(indent)
        marks = [start] if here.match(self._masked, start, end) else []
        marks += [match.start() + 1 for match in later.finditer(self._masked, start, end)]
        decorated: int | None = None
        for place, mark in enumerate(marks):
            last = marks[place + 1] if place + 1 < len(marks) else end
            found = _KIND.match(self._masked, mark + len(indent))
            if found and found[3]:
                decorated = mark if decorated is None else decorated
                continue
            first = mark if decorated is None else decorated
            decorated = None
            yield (found[1], found[2], first, last) if found else ("", "", first, last)

    def _class_body(self, first: int, last: int, indent: str) -> tuple[int, str] | None:
        """Where it starts and its indentation; None for a class on one line."""
        head = re.compile(rf"^{indent}class\b", re.M).search(self._masked, first, last)
        header = _CLASS.match(self._masked, head.end() - 5, last) if head else None
        if header is None:
            raise UnparsableError
        if header[3] is None:
            return None
        if not header[3].startswith(indent) or len(header[3]) <= len(indent):
            raise UnparsableError
        return header.start(2), header[3]

    def _function(self, name: str, owner: str, first: int, last: int) -> Iterator[Unit]:
        yield Unit(name, owner, self._text[first:last])
        if self._masked.find("class", first, last) < 0:
            return
        end = first
        for match in _NESTED_CLASS.finditer(self._masked, first, last):
            start = match.start() + 1
            if start < end:
                continue
            later = _line_up_to(match[1]).search(self._masked, match.end(), last)
            end = later.start() if later else last
            inner = _Cutter(self._text, self._masked).block(
                start, end, match[1], f"{name}.<locals>.", ""
            )
            yield from (unit for unit in inner if unit.owner)


@lru_cache(64)
def _line_up_to(indent: str) -> re.Pattern[str]:
    return re.compile(rf"^[ \t]{{0,{len(indent)}}}(?=[^\s#)\]}}\0])", re.M)
