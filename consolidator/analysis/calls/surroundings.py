"""Where an expression stands in its file: what holds it, and whether an `await` may be written there."""

from __future__ import annotations

import ast

from consolidator.analysis.flow.file_flow import Matters, everything
from consolidator.analysis.flow.wellknown import last_name

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_SCHEDULING = {
    *("gather", "create_task", "ensure_future", "wait_for", "shield", "start_soon", "wait"),
    *("run_until_complete", "run_coroutine_threadsafe"),
}
_SHARED = (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)
"""Nodes that CPython makes once and uses everywhere; they have no one parent."""


class Surroundings:
    """Parents of every node of a file."""

    def __init__(self, syntax: ast.Module, matters: Matters = everything) -> None:
        """`matters` is asked for the first and last line of functions and classes; the bodies of those
        that it denies are left out."""
        self._matters = matters
        self._parents: dict[ast.AST, ast.AST] = {}
        self.nodes: list[ast.AST] = [syntax]
        """Every node, parents before children."""
        for node in self.nodes:
            self._enter(node)

    def _enter(self, node: ast.AST) -> None:
        parents, nodes = self._parents, self.nodes
        for name in node._fields:
            if name == "body" and self._is_left_out(node):
                continue
            child = getattr(node, name, None)
            if isinstance(child, list):
                for item in child:
                    if isinstance(item, ast.AST):
                        parents[item] = node
                        nodes.append(item)
            elif isinstance(child, ast.AST) and not isinstance(child, _SHARED):
                parents[child] = node
                nodes.append(child)

    def _is_left_out(self, node: ast.AST) -> bool:
        return isinstance(node, _DEFINITIONS) and not self._matters(
            node.lineno, node.end_lineno or node.lineno
        )

    def parent(self, node: ast.AST) -> ast.AST | None:
        return self._parents.get(node)

    def awaited_by(self, node: ast.expr) -> ast.Await | None:
        parent = self.parent(node)
        return parent if isinstance(parent, ast.Await) else None

    def is_head(self, node: ast.expr) -> bool:
        """Whether an `await` in front of the expression would take in more than it."""
        parent = self.parent(node)
        if isinstance(parent, ast.Call):
            return parent.func is node
        if isinstance(parent, ast.Attribute | ast.Subscript):
            return parent.value is node
        if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Pow):
            return True
        return isinstance(parent, ast.Await)

    def can_await(self, node: ast.expr) -> bool:
        """Whether the innermost function around the expression is async and evaluates it itself."""
        child: ast.AST = node
        while (parent := self.parent(child)) is not None:
            if isinstance(parent, ast.GeneratorExp):
                return parent.generators[0].iter is child and self.can_await(parent)
            if isinstance(parent, ast.Lambda):
                if child is parent.body:
                    return False
            elif isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                if child in parent.body:
                    return isinstance(parent, ast.AsyncFunctionDef)
            elif isinstance(parent, ast.arg | ast.AnnAssign) and parent.annotation is child:
                return False
            child = parent
        return False

    def assigned_to(self, target: ast.expr) -> ast.expr | None:
        """What a statement assigns to the expression; None where that is not one expression."""
        parent = self.parent(target)
        if isinstance(parent, ast.Assign | ast.AnnAssign):
            return parent.value
        return None

    def is_scheduled(self, node: ast.expr) -> bool:
        """Whether something else awaits what the expression gives: `gather(…)`, `create_task(…)`."""
        parent = self.parent(node)
        if isinstance(parent, ast.Starred):
            parent = self.parent(parent)
        return isinstance(parent, ast.Call) and last_name(parent.func) in _SCHEDULING

    def is_enter(self, node: ast.expr) -> bool:
        """Whether the expression is what a `with` statement enters."""
        return isinstance(self.parent(node), ast.withitem)
