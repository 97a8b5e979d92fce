"""`super()` calls that reach nothing: no class behind the caller has the method."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from consolidator.analysis.mro.linear import Linear
from consolidator.analysis.mro.members import Members
from consolidator.analysis.mro.values import ClassRef


@dataclass(frozen=True, slots=True)
class DeadSuper:
    """A call that raises AttributeError in the class and in all of its heirs in ROOT."""

    method: str
    line: int


def dead_supers(
    ref: ClassRef, linear: Linear, members: Members, heirs: Callable[[], Iterable[Linear]]
) -> list[DeadSuper]:
    """The calls in a class body, by line; none where an order has a gap or a `__getattr__`.

    What `super()` of a mixin reaches stands in the orders of its `heirs`, which are asked for only
    where the class itself has nothing.
    """
    if ref.space is None or b"super()" not in ref.space.tree.read(ref.path):
        return []
    behind = _behind(ref, linear, members)
    if behind is None:
        return []
    dead = [call for call in _calls(ref) if call.method not in behind]
    for heir in heirs() if dead else ():
        behind = _behind(ref, heir, members)
        if behind is None:
            return []
        dead = [call for call in dead if call.method not in behind]
    return dead


def _behind(ref: ClassRef, linear: Linear, members: Members) -> set[str] | None:
    """The names of the classes behind one in an order; None where they are not all known."""
    if linear.certainty != "exact":
        return None
    behind: set[str] = set()
    for entry in linear.order[linear.order.index(ref) + 1 :]:
        if entry is not None:
            behind |= members.own(entry)[1]
    return None if "__getattr__" in behind else behind


def _calls(ref: ClassRef) -> list[DeadSuper]:
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
    found = []
    for function in body:
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for node in _own_nodes(function):
            match node:
                case ast.Call(
                    func=ast.Attribute(
                        value=ast.Call(func=ast.Name(id="super"), args=[]), attr=name
                    )
                ):
                    found.append((node.lineno, node.col_offset, name))
    return [DeadSuper(name, line) for line, _, name in sorted(found)]


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """What a method holds, without the classes in it: their `super()` is another one."""
    pending = [node]
    while pending:
        node = pending.pop()
        yield node
        pending += (n for n in ast.iter_child_nodes(node) if not isinstance(n, ast.ClassDef))
