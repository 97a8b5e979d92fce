"""One file as the integration points look at it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from consolidator.analysis.audit.report import Evidence, Verdict
from consolidator.analysis.calls.surroundings import Surroundings

FunctionDef = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, eq=False)
class CodeFile:
    path: str
    module: str
    text: str
    syntax: ast.Module
    is_test: bool

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        return tuple(self.around.nodes)

    @cached_property
    def around(self) -> Surroundings:
        return Surroundings(self.syntax)

    @cached_property
    def calls(self) -> tuple[ast.Call, ...]:
        return tuple(node for node in self.nodes if isinstance(node, ast.Call))

    @cached_property
    def classes(self) -> tuple[ast.ClassDef, ...]:
        return tuple(node for node in self.nodes if isinstance(node, ast.ClassDef))

    @cached_property
    def functions(self) -> tuple[FunctionDef, ...]:
        return tuple(n for n in self.nodes if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    def enclosing(self, node: ast.AST) -> FunctionDef | None:
        """The function that a node stands in; None at module and class level."""
        parent = self.around.parent(node)
        while parent is not None and not isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef):
            parent = self.around.parent(parent)
        return parent

    def evidence(self, node: ast.AST, verdict: Verdict = "ok", why: str = "") -> Evidence:
        line = getattr(node, "lineno", 1)
        text = self.lines[line - 1].strip() if line <= len(self.lines) else ""
        return Evidence(self.path, line, text[:160], verdict, why)


def called_name(call: ast.Call) -> str:
    """Last name of what is called; empty where it has none."""
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def last_name(node: ast.AST | None) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Call):
        return called_name(node)
    return node.id if isinstance(node, ast.Name) else ""


def is_none(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def arguments_of(call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    """Every argument with its keyword (empty for a positional one)."""
    yield from (("", argument) for argument in call.args)
    yield from ((keyword.arg or "", keyword.value) for keyword in call.keywords)


def body_does_nothing(function: FunctionDef) -> bool:
    """Whether the body is a docstring, `pass`, `...` or a constant result alone."""
    for statement in function.body:
        if isinstance(statement, ast.Pass):
            continue
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        if isinstance(statement, ast.Return) and (
            statement.value is None or isinstance(statement.value, ast.Constant)
        ):
            continue
        return False
    return True


def is_abstract(function: FunctionDef) -> bool:
    return any(last_name(d) in ("abstractmethod", "overload") for d in function.decorator_list)
