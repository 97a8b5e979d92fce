"""The statements of a unit in a normal form, so that two versions can be compared one by one.

The normal form drops what does not act: comments, docstrings, annotations, formatting, the position of a
line break. A compound statement counts as its header; what is inside it counts on its own, with the
blocks around it as context.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

_LOG_OWNER = re.compile(r"(^|_)(log|logs|logger|logging|structlog)$", re.IGNORECASE)
_LOG_CALLS = {"debug", "info", "warning", "warn", "error", "exception", "critical", "log"}

_TYPE_MAKERS = {"TypeVar", "ParamSpec", "TypeVarTuple", "NewType"}
_GENERICS = {
    *("Annotated", "AsyncIterable", "AsyncIterator", "Awaitable", "Callable", "Coroutine", "Dict"),
    *("FrozenSet", "Generator", "Iterable", "Iterator", "List", "Literal", "Mapping", "Optional"),
    *("MutableMapping", "Sequence", "Set", "Tuple", "Type", "Union"),
}

PLAIN = frozenset(
    {
        *("try", "finally", "except Exception", "except Exception as e", "except", "else"),
        *("return", "return None", "return True", "return False", "continue", "break", "raise"),
    }
)
"""Normal forms that stand everywhere: only what is next to them says where they belong."""

Definition = ast.FunctionDef | ast.AsyncFunctionDef


class UnparsableError(Exception):
    """A text that is no Python, or not where it was cut."""


@dataclass(eq=False, slots=True)
class Statement:
    """Not to be changed."""

    key: str
    """The normal form of the statement, of a compound one its header."""
    node: ast.AST
    context: tuple[str, ...]
    """Blocks around it inside its unit, outermost first: `try`, `except Exception`, `with lock`."""

    acts: bool = field(init=False)
    """Whether it can change behaviour: not an import or export, a log line, a placeholder or the name
    of a type."""

    def __post_init__(self) -> None:
        self.acts = not (
            isinstance(self.node, ast.Import | ast.ImportFrom | ast.Pass)
            or self.key.startswith("__all__")
            or is_log(self.node)
            or _names_type(self.node)
        )


def statements_of(text: str, body: bool) -> tuple[Statement, ...]:
    """Of a block of any indentation: functions, or with `body` what stands loose in a class or module."""
    nodes, source = parse_block(text)
    if not body and not all(isinstance(node, Definition) for node in nodes):
        raise UnparsableError
    return tuple(_statements(nodes, (), source))


def parse_block(text: str) -> tuple[list[ast.stmt], Source]:
    """The statements of a block of any indentation, and the source that their positions are in.

    CPython may warn of what it reads: silencing that costs as much as parsing, so callers do it.
    """
    indented = text[:1] in (" ", "\t")
    whole = f"if 1:\n{text}" if indented else text
    try:
        nodes = ast.parse(whole).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UnparsableError from None
    if indented:
        block = nodes[0]
        if len(nodes) != 1 or not isinstance(block, ast.If) or block.orelse:
            raise UnparsableError
        nodes = block.body
    return nodes, Source(whole.encode("utf-8", "surrogatepass"))


def _statements(
    nodes: Iterable[ast.stmt], context: tuple[str, ...], source: Source
) -> Iterator[Statement]:
    for node in nodes:
        if _is_docstring(node):
            continue
        if isinstance(node, ast.ClassDef):
            yield Statement(_class_key(node, source), ast.Pass(), context)
            continue
        if isinstance(node, Definition):
            for decorator in node.decorator_list:
                yield Statement(f"@{source.of(decorator)}", ast.Expr(decorator), context)
        key = source.header(node)
        if key:
            yield Statement(key, node, context)
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
                yield Statement(caught, handler, context)
                yield from _statements(handler.body, (*context, caught), source)
            yield from _statements(node.orelse, (*context, "else"), source)
            yield from _finally(node.finalbody, context, source)
        case ast.Match():
            for case in node.cases:
                yield Statement(f"case {source.of(case.pattern)}", case, context)
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
_OPTIONAL_SPACE = re.compile(r"(?<=[^\w\s])\s+|\s+(?=[^\w\s])")
_SPACE = re.compile(r"\s\s+|[^\S ]")
_LAST_COMMA = re.compile(r",(?=[)\]}])")


@lru_cache(1 << 15)
def _squeeze(text: str) -> str:
    packed = text.replace("'", '"')
    if " " in packed or not packed.isprintable():
        packed = _SPACE.sub(" ", _OPTIONAL_SPACE.sub("", packed))
    if ",)" in packed or ",]" in packed or ",}" in packed:
        packed = _LAST_COMMA.sub("", packed)
    return packed


def readable(key: str) -> str:
    """A normal form with some of its spaces back."""
    return _ASSIGNED.sub(r"\1 = ", key.replace(",", ", "), count=1)


_ASSIGNED = re.compile(r"^([^=(\"]*[^=!<>(\"+*/|&-])=(?!=)")


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
            return _LOG_OWNER.search(_last_name(owner)) is not None
        case _:
            return False


def _names_type(node: ast.AST) -> bool:
    """A type alias or variable; what annotations say does not act either."""
    match node:
        case ast.AnnAssign(annotation=annotation):
            return _last_name(annotation) == "TypeAlias"
        case ast.Assign(value=ast.Call(func=maker)):
            return _last_name(maker) in _TYPE_MAKERS
        case ast.Assign(targets=[ast.Name()], value=ast.Subscript(value=generic)):
            return _last_name(generic) in _GENERICS
        case _:
            return type(node).__name__ == "TypeAlias"


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _class_key(node: ast.ClassDef, source: Source) -> str:
    return f"class {node.name}({','.join(source.of(base) for base in node.bases)})"
