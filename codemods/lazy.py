"""Modules imported by a string: `import_module("a.b")`, `__import__`, `importorskip`, `sys.modules`."""

from __future__ import annotations

import ast

_IMPORTERS = frozenset({"import_module", "__import__", "importorskip", "find_spec"})


def module_literal(node: ast.AST | None) -> ast.Constant | None:
    """The literal that names a module which an expression imports or looks up."""
    if isinstance(node, ast.Call) and last_name(node.func) in _IMPORTERS and node.args:
        return _text(node.args[0])
    if isinstance(node, ast.Subscript) and is_sys_modules(node.value):
        return _text(node.slice)
    return None


def imported_module(node: ast.AST | None) -> str | None:
    """The dotted module that an expression's value is; `__import__("a.b")` alone gives `a`."""
    literal = module_literal(node)
    if literal is None or not isinstance(literal.value, str) or literal.value.startswith("."):
        return None
    if isinstance(node, ast.Call) and last_name(node.func) == "find_spec":
        return None
    if isinstance(node, ast.Call) and last_name(node.func) == "__import__" and not _fromlist(node):
        return literal.value if "." not in literal.value else None
    return literal.value


def is_sys_modules(node: ast.expr) -> bool:
    """Whether an expression is `sys.modules`, or the string that `patch.dict` takes for it."""
    if isinstance(node, ast.Constant):
        return node.value == "sys.modules"
    return (
        isinstance(node, ast.Attribute)
        and node.attr == "modules"
        and last_name(node.value) == "sys"
    )


def last_name(node: ast.expr) -> str:
    """The last part of a dotted expression; empty for any other."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _fromlist(call: ast.Call) -> bool:
    return len(call.args) > 3 or any(keyword.arg == "fromlist" for keyword in call.keywords)


def _text(node: ast.AST) -> ast.Constant | None:
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return node if is_text and isinstance(node, ast.Constant) else None
