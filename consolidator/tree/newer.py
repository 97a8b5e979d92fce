"""Syntax newer than the running interpreter: read by LibCST, lowered in place, parsed by CPython.

Each newer construct is replaced by older text of the same length on the same lines, so that every
position stays true: f-strings of PEP 701 and t-strings by tuples of the expressions in them, type
parameters (PEP 695) by blanks, a `type X = …` statement by an assignment, `except A, B:` by a tuple.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from consolidator.tree.source import SourceText

if TYPE_CHECKING:
    import libcst
    from libcst.metadata import CodeRange

LARGEST = 2 * 1024 * 1024
"""Characters; LibCST takes about ten times as long as CPython, and more memory."""
_DEEPEST = 100  # brackets in brackets; CPython takes 200
_LONGEST = 1000  # operators in a row; LibCST is known to take 3,000 and not 60,000

_Edit = tuple[int, int, str]


def parse_newer(text: str) -> ast.Module | None:
    """The syntax tree of a text that CPython here refuses; None where LibCST refuses it as well.

    Classes with type parameters get a `type_params` list, as newer interpreters give them.
    """
    if len(text) > LARGEST or _is_too_deep(text):
        return None
    import libcst  # noqa: PLC0415 - slow to import, and few trees hold such a file
    from libcst.metadata import MetadataWrapper, PositionProvider  # noqa: PLC0415

    try:
        module = libcst.parse_module(text)
    except libcst.ParserSyntaxError:
        return None
    source = SourceText(text)
    wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
    try:
        positions = wrapper.resolve(PositionProvider)
    except KeyError:  # how LibCST's provider ends where it runs into the limit of recursion
        return None
    lowering = _Lowering(source, positions)
    for node in positions:
        lowering.read(node)
    if not lowering.is_placed():
        return None
    lowered = _parsed(lowering.text()) or _parsed(lowering.text(plain=True))
    if lowered is None:
        return None
    for found in ast.walk(lowered):
        if isinstance(found, ast.ExceptHandler):
            _restore_tuple(found)
        if not isinstance(found, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if (found.lineno, found.name) in lowering.generic:
            setattr(found, "type_params", [ast.Name("T", ast.Load())])  # noqa: B010 - 3.12's field
    return lowered


def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _restore_tuple(handler: ast.ExceptHandler) -> None:
    """`except A | B:` stands for `except A, B:`; nothing else lowers to it, and no code means it."""
    names, node = [], handler.type
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        names.append(node.right)
        node = node.left
    if names and node is not None:
        parts = [node, *reversed(names)]
        handler.type = ast.copy_location(ast.Tuple(parts, ast.Load()), parts[0])
        handler.type.end_col_offset = parts[-1].end_col_offset


class _Lowering:
    def __init__(self, source: SourceText, positions: object) -> None:
        self._source = source
        self._positions = positions
        self._edits: list[_Edit] = []
        self._strings: dict[tuple[int, int], list[tuple[int, int]]] = {}
        self.generic: set[tuple[int, str]] = set()
        """Line and name of the definitions that had type parameters."""

    def read(self, node: object) -> None:
        import libcst as cst  # noqa: PLC0415

        match node:
            case cst.FormattedString() | cst.TemplatedString():
                self._string(node)
            case cst.ConcatenatedString():
                self._concatenation(node)
            case cst.ExceptHandler(type=cst.Tuple(elements=elements, lpar=[])):
                self._handler(elements)
            case cst.ClassDef(type_parameters=cst.TypeParameters() as parameters):
                self._definition(node.name, parameters)
            case cst.FunctionDef(type_parameters=cst.TypeParameters() as parameters):
                self._definition(node.name, parameters)
            case cst.TypeAlias():
                self._alias(node)

    def _span(self, node: object) -> tuple[int, int]:
        where: CodeRange = self._positions[node]  # type: ignore[index]
        starts = self._source.line_starts
        return (
            starts[where.start.line - 1] + where.start.column,
            starts[where.end.line - 1] + where.end.column,
        )

    def _string(self, node: libcst.CSTNode) -> None:
        start, end = self._span(node)
        if _parsed(f"({self._source.text[start:end]})") is None:
            self._strings[start, end] = list(self._expressions([node]))

    def _concatenation(self, node: libcst.ConcatenatedString) -> None:
        self._string(node)
        for part in (node.left, node.right):  # comes after its parts, and takes their place
            self._strings.pop(self._span(part), None)

    def _expressions(self, nodes: Iterable[libcst.CSTNode]) -> Iterator[tuple[int, int]]:
        """Where the expressions in a string stand, those in format specifications included."""
        import libcst as cst  # noqa: PLC0415

        for node in nodes:
            if isinstance(node, cst.FormattedStringExpression | cst.TemplatedStringExpression):
                yield self._with_parentheses(*self._span(node.expression))
                yield from self._expressions(node.format_spec or ())
            else:
                yield from self._expressions(node.children)

    def _with_parentheses(self, start: int, end: int) -> tuple[int, int]:
        text = self._source.text
        while text[start - 1] == "(" and text[end] == ")":
            start, end = start - 1, end + 1
        return start, end

    def _handler(self, elements: Sequence[libcst.BaseElement]) -> None:
        for before, after in pairwise(elements):
            (_, start), (end, _) = self._span(before.value), self._span(after.value)
            between = self._source.text[start:end]
            self._edits.append((start, end, between.replace(",", "|", 1)))

    def _definition(self, name: libcst.Name, parameters: libcst.TypeParameters) -> None:
        where: CodeRange = self._positions[name]  # type: ignore[index]
        self.generic.add((where.start.line, name.value))
        self._blank(parameters)

    def _blank(self, node: object) -> None:
        start, end = self._span(node)
        self._edits.append((start, end, _blanks(self._source.text[start:end])))

    def _alias(self, node: libcst.TypeAlias) -> None:
        start, _ = self._span(node)
        _, name_end = self._span(node.name)
        moved = node.name.value.ljust(name_end - start)
        self._edits.append((start, name_end, moved))
        if node.type_parameters is not None:
            self._blank(node.type_parameters)

    def is_placed(self) -> bool:
        """Whether strings stand where LibCST says; some within strings of several lines don't."""
        for (start, end), expressions in self._strings.items():
            inside = all(start < first < last < end for first, last in expressions)
            if not inside or not _STRING.fullmatch(self._source.text, start, end):
                return False
        return True

    def text(self, *, plain: bool = False) -> str:
        """The lowered text; `plain` drops the expressions in strings."""
        chars = list(self._source.text)
        # Outer strings before those inside them, whose place they keep.
        for start, end in sorted(self._strings, key=lambda span: (span[0], -span[1])):
            expressions = self._strings[start, end]
            text = self._source.text[start:end]
            lowered = _plain_string(text) if plain else _tuple(text, start, expressions)
            chars[start:end] = lowered
        for start, end, replacement in self._edits:
            chars[start:end] = replacement
        return "".join(chars)


def _tuple(text: str, start: int, expressions: Iterable[tuple[int, int]]) -> list[str]:
    """`f"a {x} b {y}"` as a tuple of x and y, each where it was; one entry per character."""
    chars = [char if char in "\r\n" else " " * len(char.encode()) for char in text]
    chars[0], chars[-1] = "(", ")"
    for first, last in expressions:
        chars[first - start : last - start] = text[first - start : last - start]
        chars[last - start] = ","
    return chars


def _plain_string(text: str) -> list[str]:
    """A plain string that takes up the same lines and byte columns; one entry per character."""
    quote = '"' if "\n" not in text and "\r" not in text else '"""'
    body = text[len(quote) : -len(quote)]
    filled = (char if char in "\r\n" else "x" * len(char.encode()) for char in body)
    return [*quote, *filled, *quote]


def _blanks(text: str) -> str:
    """Blanks of the same shape; line breaks are joined by backslashes."""
    lines = text.split("\n")
    joined = [" " * (len(line) - 1) + "\\" for line in lines[:-1]]
    return "\n".join([*joined, " " * len(lines[-1])])


_STRING = re.compile(r"""(?s:[A-Za-z]{0,2}["'].*["'])""")
_TOKEN = re.compile(
    r"""(?s:(?:[A-Za-z]{0,2})(\'\'\'|\"\"\").*?(?<!\\)\1)"""  # a string of several lines
    r"""|[A-Za-z]{0,2}"(?:\\.|[^"\\\n])*"|[A-Za-z]{0,2}'(?:\\.|[^'\\\n])*'|\#[^\n]*"""
    r"""|(?P<elif>\belif\b)|\b(?:not|lambda|await|if|and|or)\b|[-+~*/%@&|^<>.]|[(\[{]|[)\]}]|[,;=\n]"""
)


def _is_too_deep(text: str) -> bool:
    """Whether LibCST's native parser might run out of stack: it has no limit of its own, and would end
    the process. Brackets, operators in a row and `elif` are counted: an upper bound."""
    counts = [0]
    branches = 0
    for match in _TOKEN.finditer(text):
        mark = match.group()
        if mark in ("(", "[", "{"):
            counts[-1] += 1
            counts.append(0)
            if len(counts) > _DEEPEST:
                return True
        elif mark in (")", "]", "}"):
            if len(counts) > 1:
                counts.pop()
        elif mark in (",", ";", "="):
            counts[-1] = 0
        elif mark == "\n":
            if len(counts) == 1:
                counts[-1] = 0
        elif match.group("elif"):
            branches += 1
        elif not mark.startswith("#"):
            counts[-1] += 1
        if counts[-1] > _LONGEST or branches > _LONGEST:
            return True
    return False
