"""Small questions about `ast` nodes that the scope analysis asks."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codemods.lazy import last_name


def parameters(args: ast.arguments) -> list[ast.arg]:
    """All parameters of a signature, in order."""
    every = [*args.posonlyargs, *args.args, args.vararg, *args.kwonlyargs, args.kwarg]
    return [arg for arg in every if arg is not None]


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of one scope, without those of the functions and classes in it."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        for name in ("body", "orelse", "finalbody"):
            yield from statements(getattr(statement, name, []))
        for handler in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
            yield from statements(handler.body)


def forward_references(call: ast.Call) -> set[ast.expr]:
    """Arguments that type checkers read as types: `cast`'s first, bounds of `TypeVar` and `NewType`."""
    name = last_name(call.func)
    if name in ("cast", "assert_type"):
        return set(call.args[:1] if name == "cast" else call.args[1:2])
    if name == "TypeVar":
        bounds = [keyword.value for keyword in call.keywords if keyword.arg == "bound"]
        return {*call.args[1:], *bounds}
    if name == "NewType":
        return set(call.args[1:2])
    return set()


def docstring(
    node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef,
) -> set[ast.Constant]:
    """The string that documents a definition, where it has one."""
    first = node.body[0] if node.body else None
    value = first.value if isinstance(first, ast.Expr) else None
    is_text = isinstance(value, ast.Constant) and isinstance(value.value, str)
    return {value} if is_text and isinstance(value, ast.Constant) else set()
