"""Names that are bound behind a reader's back: through `globals()`, by `exec`, from another module."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from consolidator.analysis.mro.nodes import LOCALS
from consolidator.analysis.mro.values import ModuleValue, Place, Space

if TYPE_CHECKING:
    from consolidator.analysis.mro.evaluate import Evaluator

_ASSIGNED = re.compile(
    rb"\.([A-Z]\w*)[ \t]*(?::[^=\n]*)?=(?!=)|\bsetattr\([^,\n]+,[ \t]*[\"']([A-Z]\w*)"
)
_ANY = ""
_SPACES = ("globals", "vars", "locals")


class Tampering:
    """Where a module's names can get other values than its statements give them."""

    def __init__(self, evaluator: Evaluator, *, from_outside: bool) -> None:
        self._evaluator = evaluator
        self._from_outside = from_outside
        self._inside: dict[tuple[Space, str], dict[str, int]] = {}
        self._outside: dict[tuple[str, str], str] | None = None

    def inside(self, space: Space, path: str, name: str) -> str:
        """Why a module's own code may bind the name unseen; empty where it does not."""
        if path == "typing_extensions.py":  # copies names of typing so, none of its own
            return ""
        lines = self._lines(space, path)
        line = lines.get(name) or lines.get(_ANY)
        return f"{name!r} may be set through `globals()` or `exec` in line {line}" if line else ""

    def _lines(self, space: Space, path: str) -> dict[str, int]:
        key = (space, path)
        if key not in self._inside:
            self._inside[key] = {}
            data = space.tree.read(path)
            if any(word in data for word in (b"globals()", b"vars()", b"locals()", b"exec(")):
                syntax = space.tree.syntax(path)
                if isinstance(syntax, ast.Module):
                    self._inside[key] = dict(_bound_unseen(syntax))
        return self._inside[key]

    def outside(self, module: ModuleValue, name: str) -> str:
        """Why another module of ROOT may have replaced a module's name; empty where none does.

        Only names that begin with a capital are looked for, as classes have them.
        """
        if not self._from_outside or module.space is not self._evaluator.world.project:
            return ""
        if self._outside is None:
            self._outside = {}
            for where, target, attribute in self._assignments(module.space):
                self._outside.setdefault((target, attribute), where)
        where = self._outside.get((module.path, name), "")
        return f"{name!r} of {module.dotted} is replaced in {where}" if where else ""

    def _assignments(self, space: Space) -> Iterator[tuple[str, str, str]]:
        # An evaluator of its own: this one may be in the middle of an answer, and remembers circles.
        plain = type(self._evaluator)(self._evaluator.world, from_outside=False)
        for path in space.tree.paths:
            try:
                found = _ASSIGNED.search(space.tree.read(path))
            except OSError:
                continue
            syntax = space.tree.syntax(path) if found else None
            stores = _stores(syntax, "") if isinstance(syntax, ast.Module) else ()
            for owner, name, line, scope in stores:
                value = plain.expression(owner, Place(space, path, scope))
                if isinstance(value, ModuleValue) and value.space is space:
                    yield f"{path}:{line}", value.path, name


def _stores(node: ast.AST, scope: str) -> Iterator[tuple[ast.expr, str, int, str]]:
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.Attribute(value=owner, attr=name, ctx=ast.Store()):
                yield owner, name, child.lineno, scope
            case ast.Call(
                func=ast.Name(id="setattr"), args=[owner, ast.Constant(value=str(name)), _]
            ):
                yield owner, name, child.lineno, scope
        inner = scope
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            inner = f"{scope}.{child.name}{LOCALS}".lstrip(".")
        elif isinstance(child, ast.ClassDef):
            inner = f"{scope}.{child.name}".lstrip(".")
        yield from _stores(child, inner)


def _bound_unseen(syntax: ast.Module) -> Iterator[tuple[str, int]]:
    """Names and lines; an empty name where any name may be meant."""
    for node in ast.walk(syntax):
        match node:
            case ast.Subscript(
                value=ast.Call(func=ast.Name(id=space)), slice=key, ctx=ast.Store()
            ) if space in _SPACES:
                yield _named(key), node.lineno
            case ast.Call(
                func=ast.Attribute(
                    value=ast.Call(func=ast.Name(id=space)), attr="update" | "setdefault"
                ),
                args=arguments,
            ) if space in _SPACES and not _are_members(arguments):
                yield _ANY, node.lineno
            case ast.Call(func=ast.Name(id="exec"), args=[ast.Constant(value=str(code))]):
                yield from ((name, node.lineno) for name in _bound_by(code))
            case ast.Call(func=ast.Name(id="exec"), args=[_]):
                yield _ANY, node.lineno


def _are_members(arguments: list[ast.expr]) -> bool:
    """Whether they are the members of an enumeration, which are no classes."""
    return all(isinstance(a, ast.Attribute) and a.attr == "__members__" for a in arguments)


def _named(key: ast.expr) -> str:
    is_name = isinstance(key, ast.Constant) and isinstance(key.value, str)
    return key.value if is_name else _ANY  # type: ignore[attr-defined]


def _bound_by(code: str) -> Iterator[str]:
    try:
        syntax = ast.parse(code)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(syntax):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                yield name
            case ast.alias():
                yield node.asname or node.name.partition(".")[0] if node.name != "*" else _ANY
