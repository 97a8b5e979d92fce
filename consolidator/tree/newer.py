"""Syntax newer than the running interpreter: read by LibCST, lowered in place, parsed by CPython.

Each newer construct is replaced by older text of the same length on the same lines, so that every
position stays true: f-strings of PEP 701 by plain strings, type parameters (PEP 695) by blanks, a
`type X = …` statement by an assignment.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from consolidator.tree.source import SourceText

if TYPE_CHECKING:
    import libcst
    from libcst.metadata import CodeRange

LARGEST = 2 * 1024 * 1024
"""Characters; LibCST takes about ten times as long as CPython, and more memory."""
_DEEPEST = 100  # nested brackets; LibCST's native parser has no limit of its own and can overflow

_Edit = tuple[int, int, str]


def parse_newer(text: str) -> ast.Module | None:
    """The syntax tree of a text that CPython here refuses; None where LibCST refuses it as well.

    Classes with type parameters get a `type_params` list, as newer interpreters give them.
    """
    if len(text) > LARGEST or _depth(text) > _DEEPEST:
        return None
    import libcst  # noqa: PLC0415 - slow to import, and few trees hold such a file
    from libcst.metadata import MetadataWrapper, PositionProvider  # noqa: PLC0415

    try:
        module = libcst.parse_module(text)
    except libcst.ParserSyntaxError:
        return None
    source = SourceText(text)
    wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
    positions = wrapper.resolve(PositionProvider)
    lowering = _Lowering(source, positions)
    for node in positions:
        lowering.read(node)
    try:
        lowered = ast.parse(lowering.text())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    for found in ast.walk(lowered):
        if not isinstance(found, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if (found.lineno, found.name) in lowering.generic:
            setattr(found, "type_params", [ast.Name("T", ast.Load())])  # noqa: B010 - 3.12's field
    return lowered


class _Lowering:
    def __init__(self, source: SourceText, positions: object) -> None:
        self._source = source
        self._positions = positions
        self._edits: list[_Edit] = []
        self.generic: set[tuple[int, str]] = set()
        """Line and name of the definitions that had type parameters."""

    def read(self, node: object) -> None:
        import libcst as cst  # noqa: PLC0415

        match node:
            case cst.FormattedString():
                self._string(node)
            case cst.ClassDef(type_parameters=cst.TypeParameters() as parameters):
                self._definition(node.name, parameters)
            case cst.FunctionDef(type_parameters=cst.TypeParameters() as parameters):
                self._definition(node.name, parameters)
            case cst.TypeAlias():
                self._alias(node)
        if type(node).__name__ == "TemplatedString":
            self._string(node)

    def _span(self, node: object) -> tuple[int, int]:
        where: CodeRange = self._positions[node]  # type: ignore[index]
        starts = self._source.line_starts
        return (
            starts[where.start.line - 1] + where.start.column,
            starts[where.end.line - 1] + where.end.column,
        )

    def _string(self, node: object) -> None:
        start, end = self._span(node)
        text = self._source.text[start:end]
        try:
            ast.parse(f"({text})", mode="eval")
        except SyntaxError:
            self._edits.append((start, end, _plain_string(text)))

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

    def text(self) -> str:
        """The lowered text. Edits inside another one (nested f-strings) fall away."""
        parts, done = [], 0
        for start, end, replacement in sorted(self._edits, key=lambda e: (e[0], -e[1])):
            if start >= done:
                parts += [self._source.text[done:start], replacement]
                done = end
        return "".join([*parts, self._source.text[done:]])


def _plain_string(text: str) -> str:
    """A plain string that takes up the same lines and columns."""
    if "\n" not in text and "\r" not in text:
        return '"' + "x" * (len(text) - 2) + '"'
    body = "".join(char if char in "\r\n" else "x" for char in text[3:-3])
    return '"""' + body + '"""'


def _blanks(text: str) -> str:
    """Blanks of the same shape; line breaks are joined by backslashes."""
    lines = text.split("\n")
    joined = [" " * (len(line) - 1) + "\\" for line in lines[:-1]]
    return "\n".join([*joined, " " * len(lines[-1])])


def _depth(text: str) -> int:
    """The deepest nesting of brackets, strings and comments counted as code: an upper bound."""
    return max(_depths(text), default=0)


def _depths(text: str) -> Iterator[int]:
    depth = 0
    for char in text:
        if char in "([{":
            depth += 1
            yield depth
        elif char in ")]}":
            depth = max(depth - 1, 0)
