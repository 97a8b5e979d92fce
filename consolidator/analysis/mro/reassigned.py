"""Classes whose bases are exchanged after they were made: `C.__bases__ = …`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from consolidator.analysis.mro.values import ClassRef, ClassValue, Place, Space

if TYPE_CHECKING:
    from consolidator.analysis.mro.evaluate import Evaluator


def reassigned(space: Space, evaluator: Evaluator) -> dict[ClassRef, str]:
    """The classes whose `__bases__` a file of this space assigns, with the place as `path:line`."""
    found: dict[ClassRef, str] = {}
    for path in space.tree.containing(".__bases__"):
        syntax = space.tree.syntax(path)
        if not isinstance(syntax, ast.Module):
            continue
        for owner, line in _assignments(syntax):
            value = evaluator.expression(owner, Place(space, path))
            if isinstance(value, ClassValue):
                found.setdefault(value.ref, f"{path}:{line}")
    return found


def _assignments(syntax: ast.Module) -> Iterator[tuple[ast.expr, int]]:
    for node in ast.walk(syntax):
        match node:
            case ast.Attribute(value=owner, attr="__bases__", ctx=ast.Store()):
                yield owner, node.lineno
            case ast.Call(func=ast.Name(id="setattr"), args=[owner, ast.Constant("__bases__"), _]):
                yield owner, node.lineno
