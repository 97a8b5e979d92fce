"""`super()` calls that reach nothing: no class behind the caller has the method."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from consolidator.analysis.mro.linear import Linear
from consolidator.analysis.mro.members import Members
from consolidator.analysis.mro.values import ClassRef


@dataclass(frozen=True, slots=True)
class DeadSuper:
    """A call that raises AttributeError, unless a subclass mixes in a class that has the method."""

    method: str
    line: int


def dead_supers(ref: ClassRef, linear: Linear, members: Members) -> list[DeadSuper]:
    """The calls in a class body; none where the order has a gap or a `__getattr__`."""
    if linear.certainty != "exact" or ref.space is None:
        return []
    if b"super()" not in ref.space.tree.read(ref.path):
        return []
    behind: set[str] = set()
    for entry in linear.order[1:]:
        if entry is not None:
            behind |= members.own(entry)[1]
    if "__getattr__" in behind:
        return []
    return [DeadSuper(name, line) for name, line in _calls(ref) if name not in behind]


def _calls(ref: ClassRef) -> Iterator[tuple[str, int]]:
    assert ref.space is not None
    syntax = ref.space.tree.syntax(ref.path)
    body = next(
        (
            node.body
            for node in (ast.walk(syntax) if isinstance(syntax, ast.Module) else ())
            if isinstance(node, ast.ClassDef) and node.lineno == ref.line
        ),
        [],
    )
    for function in body:
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for node in ast.walk(function):
            match node:
                case ast.Call(
                    func=ast.Attribute(
                        value=ast.Call(func=ast.Name(id="super"), args=[]), attr=name
                    )
                ):
                    yield name, node.lineno
