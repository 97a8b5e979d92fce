"""Which names a function binds itself, and where it returns."""

from __future__ import annotations

import ast
from collections.abc import Iterator

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_BODIES = ("body", "orelse", "handlers", "finalbody", "cases")
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def local_names(function: FunctionNode) -> frozenset[str]:
    """Names that are local variables of a function; imports, classes and functions in it left out, and
    names that only `:=` binds."""
    names = {argument.arg for argument in arguments(function.args)}
    elsewhere: set[str] = set()
    body = [] if isinstance(function, ast.Lambda) else function.body
    for statement in _own_statements(body):
        if isinstance(statement, ast.Global | ast.Nonlocal):
            elsewhere.update(statement.names)
        else:
            names.update(_bound_by(statement))
    return frozenset(names - elsewhere)


def assigned_from_inside(function: FunctionNode) -> frozenset[str]:
    """Names that a function inside assigns too, by `nonlocal`."""
    body = [] if isinstance(function, ast.Lambda) else function.body
    inner = list(functions_in(body))
    return frozenset(
        name
        for node in inner
        for statement in _own_statements(node.body)
        if isinstance(statement, ast.Nonlocal)
        for name in statement.names
    )


def _bound_by(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Assign(targets=targets) | ast.Delete(targets=targets):
            for target in targets:
                yield from _target_names(target)
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
            yield from _target_names(target)
        case ast.For(target=target) | ast.AsyncFor(target=target):
            yield from _target_names(target)
        case ast.With(items=items) | ast.AsyncWith(items=items):
            for item in items:
                if item.optional_vars is not None:
                    yield from _target_names(item.optional_vars)
        case ast.ExceptHandler(name=str() as name):
            yield name
        case ast.match_case(pattern=pattern):
            for part in ast.walk(pattern):
                if isinstance(part, ast.MatchAs | ast.MatchStar) and part.name:
                    yield part.name


def _target_names(target: ast.expr) -> Iterator[str]:
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Tuple | ast.List):
        for element in target.elts:
            yield from _target_names(element)
    elif isinstance(target, ast.Starred):
        yield from _target_names(target.value)


def _own_statements(body: list[ast.stmt]) -> Iterator[ast.AST]:
    pending: list[ast.AST] = list(body)
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, _SCOPES):
            for name in _BODIES:
                pending += getattr(node, name, ())


def arguments(args: ast.arguments) -> Iterator[ast.arg]:
    """Every parameter, in the order of a signature."""
    yield from args.posonlyargs
    yield from args.args
    if args.vararg:
        yield args.vararg
    yield from args.kwonlyargs
    if args.kwarg:
        yield args.kwarg


def default_values(args: ast.arguments) -> dict[ast.arg, ast.expr]:
    """Parameters that have a default."""
    positional = [*args.posonlyargs, *args.args]
    found = dict(zip(reversed(positional), reversed(args.defaults), strict=False))
    found |= {a: d for a, d in zip(args.kwonlyargs, args.kw_defaults, strict=True) if d}
    return found


def own_nodes(body: list[ast.stmt] | list[ast.expr]) -> Iterator[ast.AST]:
    """Nodes of a body without those of the functions and classes defined in it."""
    pending: list[ast.AST] = list(reversed(body))
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, _SCOPES):
            continue
        if isinstance(node, _COMPREHENSIONS):
            # Targets of a comprehension are its own, but `:=` in it binds outside.
            pending += (n for n in ast.walk(node) if isinstance(n, ast.NamedExpr))
            continue
        pending += reversed(list(ast.iter_child_nodes(node)))


def functions_in(body: list[ast.stmt]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function below statements, at any depth; expressions are not entered."""
    pending: list[ast.AST] = list(body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
        for name in _BODIES:
            pending += getattr(node, name, ())


def is_generator(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in own_nodes(function.body))
