"""Marks that give a test's parameters values of their own, whatever fixtures there are."""

from __future__ import annotations

import ast
from collections.abc import Collection

_PARAMETRIZE = "parametrize"


def may_parametrize(mark: str, name: str) -> bool:
    """Whether a mark, or a list of marks, as source, gives a parameter its values directly. With `indirect`
    the fixture of its name makes something of them."""
    if _PARAMETRIZE not in mark:
        return False
    try:
        tree = ast.parse(mark, mode="eval")
    except SyntaxError:
        return True
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return any(
        _takes(call, name)
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == _PARAMETRIZE
    )


def _takes(call: ast.Call, name: str) -> bool:
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    given = dict(zip(("argnames", "argvalues", "indirect"), call.args, strict=False))
    names = _texts(given.get("argnames") or keywords.get("argnames"))
    if names is not None and name not in names:
        return False
    indirect = given.get("indirect") or keywords.get("indirect")
    if isinstance(indirect, ast.Constant):
        return indirect.value is not True
    return name not in (_texts(indirect) or ())


def _texts(node: ast.expr | None) -> Collection[str] | None:
    """The names that an expression lists; None where that can't be read."""
    match node:
        case ast.Constant(value=str(text)):
            return [part.strip() for part in text.split(",")]
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            values = [element.value for element in elements if isinstance(element, ast.Constant)]
            return [str(value) for value in values] if len(values) == len(elements) else None
        case _:
            return None
