"""A file version cut into units (functions, methods, class bodies) and their statements.

Two versions are compared statement by statement, in a normal form that drops what does not act:
comments, docstrings, annotations, formatting, the position of a line break. A compound statement
counts as its header; what is inside it counts on its own, with the blocks around it as context.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

MODULE_UNIT = ""
_NESTED_CLASS = re.compile(r"\n\s+class\s")
_LOG_OWNER = re.compile(r"(^|[._])(log|logs|logger|logging|structlog)$", re.IGNORECASE)
_COMPOUND = {"if", "for", "while", "with", "def", "async", "match"}
_LOG_CALLS = {"debug", "info", "warning", "warn", "error", "exception", "critical", "log"}

Definition = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Statement:
    key: str
    """The normal form of the statement, of a compound one its header."""
    node: ast.AST
    context: tuple[str, ...]
    """Blocks around it inside its unit, outermost first: `try`, `except Exception`, `with lock`."""
    line: int

    @property
    def acts(self) -> bool:
        """Whether it can change behaviour: not an import, a log line or a placeholder."""
        return not (
            isinstance(self.node, ast.Import | ast.ImportFrom | ast.Pass) or is_log(self.node)
        )


@dataclass(frozen=True)
class Unit:
    name: str
    """Qualified inside the module; empty for the code at module level."""
    owner: str
    """The class whose body or method it is; empty outside classes."""
    text: str
    nodes: tuple[ast.stmt, ...]
    source: Source = field(repr=False)

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        return tuple(_statements(self.nodes, (), self.source))

    @cached_property
    def keys(self) -> frozenset[str]:
        return frozenset(statement.key for statement in self.statements if statement.acts)


Units = dict[str, Unit]


def cut(source: bytes) -> Units | None:
    """The units of a module by name; None where it does not parse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    lines = Source(source)
    return {unit.name: unit for unit in _cut_body(module.body, "", "", lines)}


def _cut_body(body: list[ast.stmt], scope: str, owner: str, lines: Source) -> Iterator[Unit]:
    loose: list[ast.stmt] = []
    for node in body:
        if isinstance(node, Definition):
            yield from _cut_function(node, scope, owner, lines)
        elif isinstance(node, ast.ClassDef):
            loose.append(node)
            name = scope + node.name
            yield from _cut_body(node.body, name + ".", name, lines)
        else:
            loose.append(node)
    text = "\n".join(_text(node, lines) for node in loose)
    yield Unit(scope.rstrip("."), owner, text, tuple(loose), lines)


def _cut_function(node: Definition, scope: str, owner: str, lines: Source) -> Iterator[Unit]:
    name = scope + node.name
    text = _text(node, lines)
    yield Unit(name, owner, text, (node,), lines)
    if _NESTED_CLASS.search(text):
        for inner in ast.walk(node):
            if isinstance(inner, ast.ClassDef):
                local = f"{name}.<locals>.{inner.name}"
                yield from _cut_body(inner.body, local + ".", local, lines)


def _text(node: ast.stmt, lines: Source) -> str:
    first = min([node.lineno, *(item.lineno for item in getattr(node, "decorator_list", ()))])
    last = first if isinstance(node, ast.ClassDef) else node.end_lineno or first
    return lines.between(first, last)


def _statements(
    nodes: Iterable[ast.stmt], context: tuple[str, ...], source: Source
) -> Iterator[Statement]:
    for node in nodes:
        if _is_docstring(node):
            continue
        if isinstance(node, ast.ClassDef):
            yield Statement(_class_key(node, source), ast.Pass(), context, node.lineno)
            continue
        key = source.header(node)
        if key:
            yield Statement(key, node, context, node.lineno)
        yield from _inside(node, key, context, source)


def _inside(
    node: ast.stmt, key: str, context: tuple[str, ...], source: Source
) -> Iterator[Statement]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield from _statements(node.body, (*context, "def"), source)
        case ast.Try() | ast.TryStar():
            yield from _statements(node.body, (*context, "try"), source)
            for handler in node.handlers:
                caught = "except" if handler.type is None else f"except {source.of(handler.type)}"
                yield Statement(caught, handler, context, handler.lineno)
                yield from _statements(handler.body, (*context, caught), source)
            yield from _statements(node.orelse, (*context, "else"), source)
            yield from _finally(node.finalbody, context, source)
        case ast.Match():
            for case in node.cases:
                yield Statement(f"case {source.of(case.pattern)}", case, context, node.lineno)
                yield from _statements(case.body, (*context, "case"), source)
        case ast.If() | ast.For() | ast.AsyncFor() | ast.While():
            yield from _statements(node.body, (*context, key), source)
            yield from _statements(node.orelse, (*context, "else"), source)
        case ast.With() | ast.AsyncWith():
            yield from _statements(node.body, (*context, key), source)


def _finally(body: list[ast.stmt], context: tuple[str, ...], source: Source) -> Iterator[Statement]:
    """What is done whatever fails differs from the same done only when nothing does."""
    for statement in _statements(body, (*context, "finally"), source):
        yield replace(statement, key=f"finally {statement.key}")


class Source:
    """The bytes of one file version, and the normal form of what stands in them."""

    def __init__(self, content: bytes) -> None:
        self._lines = content.splitlines()

    def between(self, first: int, last: int) -> str:
        return b"\n".join(self._lines[first - 1 : last]).decode("utf-8", "replace")

    def of(self, node: ast.expr | ast.stmt | ast.pattern) -> str:
        """Without comments, line breaks, optional spaces, optional commas, kinds of quotes."""
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        if first == last:
            text = self._lines[first][node.col_offset : node.end_col_offset]
            return _squeeze(text.decode("utf-8", "replace"))
        middle = self._lines[first + 1 : last]
        pieces = [self._lines[first][node.col_offset :], *middle]
        pieces.append(self._lines[last][: node.end_col_offset])
        return _squeeze(_COMMENT.sub("", b"\n".join(pieces).decode("utf-8", "replace")))

    def header(self, node: ast.stmt) -> str:
        """The normal form of a statement; empty where it only declares a type."""
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                word = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
                return f"{word} {node.name}({self._parameters(node.args)})"
            case ast.AnnAssign(target=target, value=value):
                return "" if value is None else f"{self.of(target)}={self.of(value)}"
            case ast.If(test=test):
                return f"if {self.of(test)}"
            case ast.While(test=test):
                return f"while {self.of(test)}"
            case ast.For(target=target, iter=items) | ast.AsyncFor(target=target, iter=items):
                return f"for {self.of(target)} in {self.of(items)}"
            case ast.With(items=withs) | ast.AsyncWith(items=withs):
                return "with " + ",".join(self._item(item) for item in withs)
            case ast.Try() | ast.TryStar():
                return "try"
            case ast.Match(subject=subject):
                return f"match {self.of(subject)}"
            case _:
                return self.of(node)

    def _item(self, item: ast.withitem) -> str:
        name = f" as {self.of(item.optional_vars)}" if item.optional_vars else ""
        return self.of(item.context_expr) + name

    def _parameters(self, arguments: ast.arguments) -> str:
        plain = [*arguments.posonlyargs, *arguments.args]
        defaults = [None] * (len(plain) - len(arguments.defaults)) + arguments.defaults
        names = [self._parameter(*pair) for pair in zip(plain, defaults, strict=True)]
        if arguments.vararg or arguments.kwonlyargs:
            names.append("*" + (arguments.vararg.arg if arguments.vararg else ""))
        keywords = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        names += [self._parameter(*pair) for pair in keywords]
        if arguments.kwarg:
            names.append("**" + arguments.kwarg.arg)
        return ",".join(names)

    def _parameter(self, parameter: ast.arg, default: ast.expr | None) -> str:
        return parameter.arg if default is None else f"{parameter.arg}={self.of(default)}"


_COMMENT = re.compile(r"#[^\n\"']*$", re.M)
_OPTIONAL_SPACE = re.compile(r"\s*([^\w\s])\s*")
_SPACE = re.compile(r"\s+")
_LAST_COMMA = re.compile(r",([)\]}])")


def _squeeze(text: str) -> str:
    packed = _OPTIONAL_SPACE.sub(r"\1", text.replace("'", '"'))
    return _LAST_COMMA.sub(r"\1", _SPACE.sub(" ", packed))


def readable(key: str) -> str:
    """A normal form as people write it; as it is where it can't stand alone."""
    word = key.removeprefix("finally ")
    head = word.partition(" ")[0]
    text = f"{word}:\n pass" if head in _COMPOUND else word
    try:
        shown = ast.unparse(ast.parse(text)).partition(":\n")[0]
    except (SyntaxError, ValueError):
        return key.replace(",", ", ")
    return f"finally: {shown}" if word != key else shown


def expressions(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a statement's own header, without the statements inside it."""
    if not isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
        return
    pending: list[ast.AST] = [node]
    while pending:
        current = pending.pop()
        yield current
        pending += (
            child
            for child in ast.iter_child_nodes(current)
            if not isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case)
        )


def is_log(node: ast.AST) -> bool:
    """A statement that only writes a log line or prints."""
    if not isinstance(node, ast.Expr):
        return False
    call = node.value.value if isinstance(node.value, ast.Await) else node.value
    if not isinstance(call, ast.Call):
        return False
    match call.func:
        case ast.Name(id="print"):
            return True
        case ast.Attribute(value=owner, attr=attr) if attr in _LOG_CALLS:
            return _LOG_OWNER.search(ast.unparse(owner)) is not None
        case _:
            return False


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _class_key(node: ast.ClassDef, source: Source) -> str:
    return f"class {node.name}({','.join(source.of(base) for base in node.bases)})"
