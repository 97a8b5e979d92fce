"""Modules imported by a string: `import_module("a.b")`, `__import__`, `importorskip`, `sys.modules`."""

from __future__ import annotations

import ast

IMPORTERS = frozenset({"import_module", "__import__", "importorskip", "find_spec"})
"""Functions that import, or look for, the module that their first argument names."""


def is_importer(call: ast.Call) -> bool:
    """Whether a call imports the module that its first argument names."""
    return last_name(call.func) in IMPORTERS


def name_argument(call: ast.Call) -> ast.expr | None:
    """The argument of an importer that names the module."""
    named = [keyword.value for keyword in call.keywords if keyword.arg in ("name", "modname")]
    return next(iter((*call.args[:1], *named)), None)


def module_literal(node: ast.AST | None) -> ast.Constant | None:
    """The literal that names a module which an expression imports or looks up."""
    if isinstance(node, ast.Call) and is_importer(node):
        asked = name_argument(node)
        return None if asked is None else _text(asked)
    if isinstance(node, ast.Call) and node.args and _is_lookup(node.func):
        return _text(node.args[0])
    if isinstance(node, ast.Subscript) and is_sys_modules(node.value):
        return _text(node.slice)
    return None


def imported_module(node: ast.AST | None, package: str = "") -> str | None:
    """The dotted module that an expression's value is; `__import__("a.b")` alone gives `a`.

    `package` is the package of the file, from which `import_module(".x", __package__)` counts.
    """
    literal = module_literal(node)
    if literal is None or not isinstance(literal.value, str):
        return None
    if isinstance(node, ast.Call) and last_name(node.func) == "find_spec":
        return None
    if isinstance(node, ast.Call) and last_name(node.func) == "__import__" and not fromlist(node):
        return literal.value if "." not in literal.value else None
    return named_module(node, literal.value, package)


def named_module(node: ast.AST | None, name: str, package: str) -> str | None:
    """The absolute module that `name` means in an import by string; None where that is unknown."""
    bare = name.lstrip(".")
    if bare == name:
        return name
    anchor = anchor_of(node, package) if isinstance(node, ast.Call) else ""
    parts, drop = anchor.split("."), len(name) - len(bare) - 1
    if not anchor or drop >= len(parts):
        return None
    return ".".join([*parts[: len(parts) - drop], *([bare] if bare else [])])


def anchor_of(call: ast.Call, package: str, module: str = "") -> str:
    """What a relative name counts from: the second argument of `import_module`. `package` and `module`
    are what the file's own `__package__` and `__name__` are."""
    named = [keyword.value for keyword in call.keywords if keyword.arg == "package"]
    for node in (*call.args[1:2], *named):
        if isinstance(node, ast.Name) and node.id == "__package__":
            return package
        if isinstance(node, ast.Name) and node.id == "__name__":
            return module
        if (text := _text(node)) is not None:
            return str(text.value)
    return ""


def is_sys_modules(node: ast.expr) -> bool:
    """Whether an expression is `sys.modules`, or the string that `patch.dict` takes for it."""
    if isinstance(node, ast.Constant):
        return node.value == "sys.modules"
    return (
        isinstance(node, ast.Attribute)
        and node.attr == "modules"
        and last_name(node.value) == "sys"
    )


def is_loaded_already(node: ast.expr) -> bool:
    """Whether an expression looks a module up among those that were imported before."""
    if isinstance(node, ast.Call):
        return _is_lookup(node.func)
    return isinstance(node, ast.Subscript) and is_sys_modules(node.value)


def _is_lookup(function: ast.expr) -> bool:
    """`sys.modules.get`."""
    is_get = isinstance(function, ast.Attribute) and function.attr == "get"
    return is_get and isinstance(function, ast.Attribute) and is_sys_modules(function.value)


def last_name(node: ast.expr) -> str:
    """The last part of a dotted expression; empty for any other."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def fromlist(call: ast.Call) -> list[ast.expr]:
    """The names asked for by `__import__("a.b", fromlist=[…])`."""
    named = [keyword.value for keyword in call.keywords if keyword.arg == "fromlist"]
    for node in (*call.args[3:4], *named):
        return list(node.elts) if isinstance(node, ast.List | ast.Tuple) else [node]
    return []


def _text(node: ast.AST) -> ast.Constant | None:
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return node if is_text and isinstance(node, ast.Constant) else None
