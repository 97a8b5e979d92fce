"""What can be told of a value or a statement from its syntax alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Literal


def value_form(
    value: ast.expr | None, annotation: str
) -> Literal["name", "call", "literal", "annotation", "other"]:
    """What kind of thing an assignment binds a name to."""
    if value is None:
        return "annotation" if annotation else "other"
    if isinstance(value, ast.Call):
        return "call"
    if isinstance(value, ast.Constant | ast.List | ast.Tuple | ast.Set | ast.Dict | ast.JoinedStr):
        return "literal"
    return "name" if _is_dotted(value) else "other"


def _is_dotted(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def literal_names(value: ast.expr) -> list[str] | None:
    """Names in a literal list, tuple or concatenation of them; None where a part isn't literal."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        left, right = literal_names(value.left), literal_names(value.right)
        return None if left is None or right is None else left + right
    if not isinstance(value, ast.List | ast.Tuple | ast.Set):
        return None
    names = [
        e.value for e in value.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)
    ]
    # What is no identifier (a lone surrogate, say) names nothing that could be exported.
    return names if len(names) == len(value.elts) and all(map(str.isidentifier, names)) else None


def swallows_errors(manager: ast.expr) -> bool:
    """Whether a `with` goes on after it when its body fails: `contextlib.suppress(…)` and its like."""
    function = manager.func if isinstance(manager, ast.Call) else manager
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return any(word in name.lower() for word in ("suppress", "ignor", "raises", "swallow"))


_BODIES = ("body", "orelse", "finalbody", "handlers", "cases")


def walrus(statement: ast.stmt) -> Iterator[ast.NamedExpr]:
    """The `:=` in a statement's own expressions that bind a name of its scope: not those of the
    statements and functions inside it."""
    pending = [
        child
        for field, value in ast.iter_fields(statement)
        if field not in _BODIES
        for child in (value if isinstance(value, list) else [value])
        if isinstance(child, ast.AST)
    ]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.NamedExpr):
            yield node
        if not isinstance(node, ast.Lambda):
            pending += ast.iter_child_nodes(node)
