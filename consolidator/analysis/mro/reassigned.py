"""Classes whose bases are exchanged after they were made: `C.__bases__ = …`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from consolidator.analysis.mro.values import ClassRef, ClassValue, Place, Space

if TYPE_CHECKING:
    from consolidator.analysis.mro.evaluate import Evaluator


@dataclass(frozen=True, slots=True)
class Exchanged:
    """Where bases are exchanged, as `path:line`."""

    classes: dict[ClassRef, str] = field(default_factory=dict)
    by_methods: dict[tuple[str, str], str] = field(default_factory=dict)
    """By path and qualname of a class: its methods do it to a class that they are given, so a
    metaclass to its instances and `__init_subclass__` to the heirs."""

    def by(self, ref: ClassRef) -> str:
        """Where a class's methods exchange bases; empty where they don't."""
        return self.by_methods.get((ref.path, ref.qualname), "") if ref.space else ""


def reassigned(space: Space, evaluator: Evaluator) -> Exchanged:
    """What the files of this space exchange."""
    found = Exchanged()
    for path in space.tree.containing("__bases__"):
        syntax = space.tree.syntax(path)
        if not isinstance(syntax, ast.Module):
            continue
        for owner, line, holder in _assignments(syntax, "", ""):
            value = evaluator.expression(owner, Place(space, path))
            if isinstance(value, ClassValue):
                found.classes.setdefault(value.ref, f"{path}:{line}")
            elif holder:
                found.by_methods.setdefault((path, holder), f"{path}:{line}")
    return found


def _assignments(node: ast.AST, scope: str, holder: str) -> Iterator[tuple[ast.expr, int, str]]:
    """What is assigned to, the line, and the class in whose method it happens."""
    for child in ast.iter_child_nodes(node):
        inner, within = scope, holder
        match child:
            case ast.Attribute(value=owner, attr="__bases__", ctx=ast.Store()):
                yield owner, child.lineno, holder
            case ast.Call(func=ast.Name(id="setattr"), args=[owner, ast.Constant("__bases__"), _]):
                yield owner, child.lineno, holder
            case ast.ClassDef(name=name):
                inner = f"{scope}.{name}".lstrip(".")
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                within = holder or scope
                inner = f"{scope}.{name}.<locals>".lstrip(".")
        yield from _assignments(child, inner, within)
