"""A file version cut into units (functions, methods, class bodies) and their statements.

Two versions are compared statement by statement, in a normal form that drops what does not act:
comments, docstrings, annotations, formatting, the position of a line break. A compound statement
counts as its header; what is inside it counts on its own, with the blocks around it as context.
"""

from __future__ import annotations

import ast
import gc
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

MODULE_UNIT = ""
_NESTED_CLASS = re.compile(r"\n\s+class\s")
_LOG_OWNER = re.compile(r"(^|[._])(log|logs|logger|logging|structlog)$", re.IGNORECASE)
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

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        return tuple(_statements(self.nodes, ()))

    @cached_property
    def keys(self) -> frozenset[str]:
        return frozenset(statement.key for statement in self.statements if statement.acts)


Units = dict[str, Unit]


def cut(source: bytes) -> Units | None:
    """The units of a module by name; None where it does not parse."""
    try:
        with warnings.catch_warnings(), _no_collection():
            warnings.simplefilter("ignore")
            module = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    lines = source.decode("utf-8", "replace").splitlines()
    return {unit.name: unit for unit in _cut_body(module.body, "", "", lines)}


@contextmanager
def _no_collection() -> Iterator[None]:
    """Syntax trees hold no cycles: collecting while one is built costs ten times the parse."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _cut_body(body: list[ast.stmt], scope: str, owner: str, lines: list[str]) -> Iterator[Unit]:
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
    yield Unit(scope.rstrip("."), owner, text, tuple(loose))


def _cut_function(node: Definition, scope: str, owner: str, lines: list[str]) -> Iterator[Unit]:
    name = scope + node.name
    text = _text(node, lines)
    yield Unit(name, owner, text, (node,))
    if _NESTED_CLASS.search(text):
        for inner in ast.walk(node):
            if isinstance(inner, ast.ClassDef):
                local = f"{name}.<locals>.{inner.name}"
                yield from _cut_body(inner.body, local + ".", local, lines)


def _text(node: ast.stmt, lines: list[str]) -> str:
    first = min([node.lineno, *(item.lineno for item in getattr(node, "decorator_list", ()))])
    last = first if isinstance(node, ast.ClassDef) else node.end_lineno or first
    return "\n".join(lines[first - 1 : last])


def _statements(
    nodes: tuple[ast.stmt, ...] | list[ast.stmt], context: tuple[str, ...]
) -> Iterator[Statement]:
    for node in nodes:
        if _is_docstring(node):
            continue
        if isinstance(node, ast.ClassDef):
            yield Statement(_class_key(node), ast.Pass(), context, node.lineno)
            if context:
                yield from _statements(node.body, (*context, "class"))
            continue
        key = header(node)
        if key:
            yield Statement(key, node, context, node.lineno)
        yield from _inside(node, context)


def _inside(node: ast.stmt, context: tuple[str, ...]) -> Iterator[Statement]:
    if isinstance(node, Definition):
        yield from _statements(node.body, (*context, "def"))
    elif isinstance(node, ast.Try | ast.TryStar):
        yield from _statements(node.body, (*context, "try"))
        for handler in node.handlers:
            caught = header_of_handler(handler)
            yield Statement(caught, handler, context, handler.lineno)
            yield from _statements(handler.body, (*context, caught))
        yield from _statements(node.orelse, (*context, "else"))
        yield from _statements(node.finalbody, (*context, "finally"))
    elif isinstance(node, ast.Match):
        for case in node.cases:
            yield Statement(f"case {ast.unparse(case.pattern)}", case, context, node.lineno)
            yield from _statements(case.body, (*context, "case"))
    elif isinstance(node, ast.If | ast.For | ast.AsyncFor | ast.While):
        yield from _statements(node.body, (*context, header(node)))
        yield from _statements(node.orelse, (*context, "else"))
    elif isinstance(node, ast.With | ast.AsyncWith):
        yield from _statements(node.body, (*context, header(node)))


def header(node: ast.stmt) -> str:
    """The normal form; empty where a statement only declares a type."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            word = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
            return f"{word} {node.name}({_parameters(node.args)})"
        case ast.AnnAssign(target=target, value=value):
            return "" if value is None else f"{ast.unparse(target)} = {ast.unparse(value)}"
        case ast.If(test=test):
            return f"if {ast.unparse(test)}"
        case ast.While(test=test):
            return f"while {ast.unparse(test)}"
        case ast.For(target=target, iter=items) | ast.AsyncFor(target=target, iter=items):
            return f"for {ast.unparse(target)} in {ast.unparse(items)}"
        case ast.With(items=withs) | ast.AsyncWith(items=withs):
            return "with " + ", ".join(ast.unparse(item) for item in withs)
        case ast.Try() | ast.TryStar():
            return "try"
        case ast.Match(subject=subject):
            return f"match {ast.unparse(subject)}"
        case _:
            return ast.unparse(node)


def header_of_handler(handler: ast.ExceptHandler) -> str:
    return "except" if handler.type is None else f"except {ast.unparse(handler.type)}"


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


def _class_key(node: ast.ClassDef) -> str:
    return f"class {node.name}({', '.join(ast.unparse(base) for base in node.bases)})"


def _parameters(arguments: ast.arguments) -> str:
    bare = [ast.arg(item.arg) for item in arguments.args]
    return ast.unparse(
        ast.arguments(
            posonlyargs=[ast.arg(item.arg) for item in arguments.posonlyargs],
            args=bare,
            vararg=ast.arg(arguments.vararg.arg) if arguments.vararg else None,
            kwonlyargs=[ast.arg(item.arg) for item in arguments.kwonlyargs],
            kw_defaults=arguments.kw_defaults,
            kwarg=ast.arg(arguments.kwarg.arg) if arguments.kwarg else None,
            defaults=arguments.defaults,
        )
    )
