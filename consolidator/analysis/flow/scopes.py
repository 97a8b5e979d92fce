"""Which names a function binds itself, and where it returns."""

from __future__ import annotations

import ast
from collections.abc import Iterator

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def local_names(function: FunctionNode) -> frozenset[str]:
    """Names that are local variables of a function; imports, classes and functions in it left out."""
    names = {argument.arg for argument in arguments(function.args)}
    elsewhere: set[str] = set()
    body = [function.body] if isinstance(function, ast.Lambda) else function.body
    for node in own_nodes(body):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            names.add(node.id)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            names.add(node.name)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            elsewhere.update(node.names)
    return frozenset(names - elsewhere)


def arguments(args: ast.arguments) -> Iterator[ast.arg]:
    """Every parameter, in the order of a signature."""
    yield from args.posonlyargs
    yield from args.args
    if args.vararg:
        yield args.vararg
    yield from args.kwonlyargs
    if args.kwarg:
        yield args.kwarg


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


def is_generator(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in own_nodes(function.body))
