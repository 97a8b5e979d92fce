"""Finding scopes, parameters and tables in the syntax of a file."""

from __future__ import annotations

import ast
from collections.abc import Iterator

LOCALS = ".<locals>"

Scope = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def scope_node(syntax: ast.Module, scope: str, line: int | None) -> Scope | None:
    """The node of a scope; of several of one name, the one that holds the line, else the last."""
    found: list[Scope] = [syntax]
    for part in scope.replace(LOCALS, "").split(".") if scope else []:
        found = [child for node in found for child in _definitions(node.body) if child.name == part]
    if line is not None:
        found = [
            node
            for node in found
            if isinstance(node, ast.Module) or node.lineno <= line <= (node.end_lineno or line)
        ]
    return found[-1] if found else None


def _definitions(
    body: list[ast.stmt],
) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
        else:
            for field in ("body", "orelse", "finalbody"):
                yield from _definitions(getattr(node, field, []))
            for handler in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
                yield from _definitions(handler.body)


def arguments_of(arguments: ast.arguments) -> Iterator[ast.arg]:
    yield from (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    yield from (argument for argument in (arguments.vararg, arguments.kwarg) if argument)


def table_says(syntax: ast.Module, name: str, source: str) -> bool:
    """Whether a dict at module level maps the name to this module, alone or in a tuple."""
    for node in syntax.body:
        value = getattr(node, "value", None)
        if not isinstance(value, ast.Dict):
            continue
        for key, entry in zip(value.keys, value.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == name:
                parts = entry.elts if isinstance(entry, ast.Tuple) else [entry]
                return any(isinstance(p, ast.Constant) and p.value == source for p in parts)
    return False


def rebound_inside(scope: Scope, name: str) -> bool:
    """Whether a function inside another one sets its name by `nonlocal`."""
    return any(isinstance(node, ast.Nonlocal) and name in node.names for node in ast.walk(scope))
