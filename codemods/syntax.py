"""Small questions about `ast` nodes that the scope analysis asks."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass

from codemods.lazy import last_name


def parameters(args: ast.arguments) -> list[ast.arg]:
    """All parameters of a signature, in order."""
    every = [*args.posonlyargs, *args.args, args.vararg, *args.kwonlyargs, args.kwarg]
    return [arg for arg in every if arg is not None]


_COMPOUND = frozenset(
    {ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar}
    | {ast.Match}
)
"""Statements with others in the same scope inside of them."""


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of one scope, without those of the functions and classes in it."""
    for statement in body:
        yield statement
        if type(statement) not in _COMPOUND:
            continue
        for name in ("body", "orelse", "finalbody"):
            yield from statements(getattr(statement, name, []))
        for handler in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
            yield from statements(handler.body)


def messages(nodes: Iterable[ast.AST]) -> Iterator[ast.expr]:
    """What people are to read: what an exception is raised with, what `warn` and loggers are told."""
    for node in nodes:
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            yield from node.exc.args
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            called = node.value.func
            if isinstance(called, ast.Attribute) and called.attr in _TELLERS:
                yield from node.value.args


_TELLERS = frozenset(
    {"critical", "debug", "error", "exception", "fatal", "info", "log", "warn", "warning"}
)


def forward_references(call: ast.Call) -> Set[ast.expr]:
    """Arguments that are read as types, or evaluated with the names of the file: `cast`'s first,
    bounds of `TypeVar`, fields of `TypedDict`, the text of `eval`."""
    name = last_name(call.func)
    if name not in _TAKES_TYPES:
        return frozenset()
    if name == "eval":
        return set(call.args[:1])
    if name in ("TypedDict", "NamedTuple"):
        return set(call.args[1:2])
    if name in ("cast", "assert_type"):
        return set(call.args[:1] if name == "cast" else call.args[1:2])
    if name == "TypeVar":
        bounds = [keyword.value for keyword in call.keywords if keyword.arg == "bound"]
        return {*call.args[1:], *bounds}
    if name == "NewType":
        return set(call.args[1:2])
    return frozenset()


_TAKES_TYPES = frozenset(
    {"eval", "TypedDict", "NamedTuple", "cast", "assert_type", "TypeVar", "NewType"}
)


_TYPES = (
    frozenset({"Annotated", "Callable", "ClassVar", "Final", "Generic", "Optional", "Protocol"})
    | {"Awaitable", "AsyncGenerator", "AsyncIterable", "AsyncIterator", "Coroutine", "Generator"}
    | {"Collection", "DefaultDict", "Deque", "Dict", "FrozenSet", "Iterable", "Iterator", "List"}
    | {"Mapping", "MutableMapping", "Sequence", "Set", "Tuple", "Type", "Union"}
    | {"dict", "frozenset", "list", "set", "tuple", "type"}
)
"""What is indexed with types wherever it stands; a string in there is a name of the file."""


def takes_types(node: ast.expr) -> bool:
    """Whether indexing this makes a type."""
    return last_name(node) in _TYPES


def is_type_alias(node: ast.AnnAssign) -> bool:
    """Whether `Name: TypeAlias = …` declares a type."""
    return last_name(node.annotation) == "TypeAlias"


def docstring(
    node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef,
) -> set[ast.Constant]:
    """The string that documents a definition, where it has one."""
    first = node.body[0] if node.body else None
    value = first.value if isinstance(first, ast.Expr) else None
    is_text = isinstance(value, ast.Constant) and isinstance(value.value, str)
    return {value} if is_text and isinstance(value, ast.Constant) else set()


def first_statement(function: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.stmt:
    """The first statement of a body, after its docstring where more follows."""
    body = function.body
    return body[1] if docstring(function) and len(body) > 1 else body[0]


_HARMLESS_DECORATORS = frozenset(
    {
        "asynccontextmanager",
        "cache",
        "cached_property",
        "classmethod",
        "contextmanager",
        "dataclass",
    }
    | {"abstractmethod", "final", "lru_cache", "override", "overload", "property", "staticmethod"}
)
_HARMLESS_BASES = frozenset({"ABC", "Generic", "Protocol", "object"})
"""Nothing of these evaluates annotations."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """A whole annotation. `reader` is what may evaluate it at run time; empty where nothing does."""

    node: ast.expr
    reader: str


def find_annotations(tree: ast.Module) -> Iterator[tuple[ast.expr, Annotation]]:
    """Every expression that is part of an annotation, with the annotation."""
    for node in ast.walk(tree):
        for annotation in _annotations(node):
            yield from (
                (part, annotation)
                for part in ast.walk(annotation.node)
                if isinstance(part, ast.expr)
            )


def _annotations(node: ast.AST) -> Iterator[Annotation]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        reader = _reader(node.decorator_list)
        every = [arg.annotation for arg in parameters(node.args)] + [node.returns]
        yield from (Annotation(one, reader) for one in every if one is not None)
    elif isinstance(node, ast.ClassDef):
        reader = _reader([*node.decorator_list, *node.bases, *(k.value for k in node.keywords)])
        for statement in statements(node.body):
            if isinstance(statement, ast.AnnAssign):
                yield Annotation(statement.annotation, reader)
    elif isinstance(node, ast.Module):
        for statement in statements(node.body):
            if isinstance(statement, ast.AnnAssign):
                yield Annotation(statement.annotation, "")


def _reader(nodes: list[ast.expr]) -> str:
    for node in nodes:
        bare = node.func if isinstance(node, ast.Call) else node
        bare = bare.value if isinstance(bare, ast.Subscript) else bare
        if last_name(bare) not in _HARMLESS_DECORATORS | _HARMLESS_BASES:
            return last_name(bare) or "a decorator"
    return ""
