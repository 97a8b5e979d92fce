"""Statements on paper: what a function's body can return."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from consolidator.analysis.mro.handing.expressions import Expressions
from consolidator.analysis.mro.handing.items import (
    ANYTHING,
    CLASS,
    NONE,
    Closure,
    Item,
    Object,
    Scopes,
    Several,
)
from consolidator.analysis.mro.values import Place
from consolidator.tree.literals import swallows_errors

if TYPE_CHECKING:
    from consolidator.analysis.mro.handing.calls import Handing


@dataclass(frozen=True, slots=True)
class _Outcome:
    results: tuple[Item, ...] = ()
    ended: bool = False
    """Whether every way returns or raises."""


class Walk:
    """The statements of one call."""

    def __init__(
        self,
        handing: Handing,
        place: Place,
        scopes: Scopes,
        shared: frozenset[str],
    ) -> None:
        self._handing = handing
        self._expressions = Expressions(handing, place, scopes)
        self._place = place
        self._scopes = scopes
        self._shared = shared
        for name in shared:
            scopes[0][name] = ANYTHING

    def body(self, statements: Sequence[ast.stmt]) -> _Outcome:
        results: list[Item] = []
        for statement in statements:
            outcome = self._statement(statement)
            results += outcome.results
            if outcome.ended:
                return _Outcome(tuple(results), ended=True)
        return _Outcome(tuple(results))

    def _statement(self, node: ast.stmt) -> _Outcome:
        match node:
            case ast.Return(value=value):
                made = self._expressions.value(value) if value else NONE
                return _Outcome((made,), ended=True)
            case ast.Raise():
                return _Outcome(ended=True)
            case ast.If():
                return self._if(node)
            case ast.Assign(targets=targets, value=value):
                made = self._expressions.value(value)
                for target in targets:
                    self._bind(target, made)
            case ast.AnnAssign(target=target, value=value) if value:
                self._bind(target, self._expressions.value(value))
            case ast.FunctionDef(name=name):
                closure = Closure(node, self._place, self._scopes)
                self._set(name, self._handing.decorated(closure, node.decorator_list))
            case ast.Expr(value=ast.Call() as call):
                if _exchanges_bases(call):
                    return _Outcome((ANYTHING,))
                self._expressions.value(call)
            case ast.With(body=body):
                self._forget([node])
                outcome = self.body(body)
                swallows = any(swallows_errors(item.context_expr) for item in node.items)
                return _Outcome(outcome.results, outcome.ended and not swallows)
            case ast.Try():
                return self._try(node)
            case ast.For() | ast.While() | ast.Match():
                self._forget([node])
                blocks = (
                    [case.body for case in node.cases]
                    if isinstance(node, ast.Match)
                    else [node.body, node.orelse]
                )
                found = [self._apart(block) for block in blocks]
                return _Outcome(tuple(r for outcome in found for r in outcome.results))
            case _:
                self._forget([node])
        return _Outcome()

    def _if(self, node: ast.If) -> _Outcome:
        truth = self._expressions.truth(node.test)
        if truth is not None:
            return self.body(node.body if truth else node.orelse)
        before = dict(self._scopes[0])
        then = self.body(node.body)
        after = dict(self._scopes[0])
        self._restore(before)
        other = self.body(node.orelse)
        if other.ended:
            self._restore(after)
        elif not then.ended:
            for name in after.keys() | self._scopes[0].keys():
                if after.get(name, ANYTHING) != self._scopes[0].get(name, ANYTHING):
                    self._scopes[0][name] = ANYTHING
        return _Outcome(then.results + other.results, then.ended and other.ended)

    def _try(self, node: ast.Try) -> _Outcome:
        self._forget([node])
        tried = self.body([*node.body, *node.orelse])
        self._forget([node])
        handled = [self._apart(handler.body) for handler in node.handlers]
        last = self.body(node.finalbody)
        ended = last.ended or (tried.ended and all(outcome.ended for outcome in handled))
        results = [r for outcome in (tried, *handled, last) for r in outcome.results]
        return _Outcome(tuple(results), ended)

    def _apart(self, body: Sequence[ast.stmt]) -> _Outcome:
        """A body that may not run: what it binds is not believed afterwards."""
        outcome = self.body(body)
        self._forget(body)
        return outcome

    def _restore(self, names: Mapping[str, Item]) -> None:
        self._scopes[0].clear()
        self._scopes[0].update(names)

    def _forget(self, nodes: Sequence[ast.AST]) -> None:
        for node in nodes:
            for name in _assigned(node):
                self._set(name, ANYTHING)

    def _bind(self, target: ast.expr, made: Item) -> None:
        match target:
            case ast.Name(id=name):
                self._set(name, made)
            case ast.Attribute(value=owner, attr=name):
                held = self._expressions.value(owner)
                if isinstance(held, Object):
                    held.attributes[name] = made
                elif held is CLASS and name == "__bases__":
                    self._lose_class()
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                items = made.items if isinstance(made, Several) else ()
                if len(items) != len(parts) or any(isinstance(p, ast.Starred) for p in parts):
                    items = (ANYTHING,) * len(parts)
                for part, item in zip(parts, items, strict=True):
                    self._bind(part.value if isinstance(part, ast.Starred) else part, item)

    def _lose_class(self) -> None:
        for scope in self._scopes:
            scope.update({name: ANYTHING for name, item in scope.items() if item is CLASS})

    def _set(self, name: str, item: Item) -> None:
        self._scopes[0][name] = ANYTHING if name in self._shared else item


def _exchanges_bases(call: ast.Call) -> bool:
    match call:
        case ast.Call(func=ast.Name(id="setattr"), args=[_, ast.Constant(value="__bases__"), _]):
            return True
    return False


def is_generator(node: ast.FunctionDef) -> bool:
    pending: list[ast.AST] = list(node.body)
    while pending:
        part = pending.pop()
        if isinstance(part, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            pending += ast.iter_child_nodes(part)
    return False


def shared(node: ast.FunctionDef) -> frozenset[str]:
    """Names of a function that functions inside it bind, or that belong to another scope."""
    return frozenset(
        name
        for part in ast.walk(node)
        if isinstance(part, ast.Nonlocal | ast.Global)
        for name in part.names
    )


def _assigned(node: ast.AST) -> set[str]:
    """Every name that a statement binds, those inside its blocks included."""
    names = set()
    for part in ast.walk(node):
        match part:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                names.add(name)
            case (
                ast.ClassDef(name=name)
                | ast.FunctionDef(name=name)
                | ast.ExceptHandler(name=str(name))
            ):
                names.add(name)
            case ast.AsyncFunctionDef(name=name) | ast.MatchAs(name=str(name)):
                names.add(name)
            case ast.alias():
                names.add(part.asname or part.name.partition(".")[0])
    return names
