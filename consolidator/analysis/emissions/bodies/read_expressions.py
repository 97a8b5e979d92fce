"""Syntax of expressions to `code` records; calls are collected on the way, in the order they run."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from typing import Literal

from consolidator.analysis.emissions.bodies.code import (
    ANYTHING,
    Argument,
    Assignment,
    Call,
    Choice,
    Condition,
    Element,
    Expression,
    Fate,
    Group,
    Item,
    Joined,
    Member,
    Opaque,
    Path,
    Result,
    Test,
    Text,
    Value,
    last_name,
)
from consolidator.analysis.emissions.bodies.places import Places

Operator = Literal["not", "is", "is not", "==", "!=", "in", "not in", "and", "or", "other"]
_OPERATORS: dict[type[ast.cmpop], Operator] = {
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.In: "in",
    ast.NotIn: "not in",
}

STACKED = frozenset({"enter_context", "enter_async_context"})
"""Methods of an exit stack: what they are given is entered as by `with`."""
_PLACEHOLDER = re.compile(r"%[srda]")


_INTEGERS = 2**63
"""Integers from here on have no place in a cached record."""


class ExpressionReader:
    """Reads the expressions of one body; `calls`, `assignments` and `names` grow as it goes."""

    def __init__(self, places: Places, names: set[str]) -> None:
        self.calls: list[Call] = []
        self.assignments: list[Assignment] = []
        self.awaited: set[str] = set()
        self._places = places
        self._names = names

    def read(self, node: ast.expr, fate: Fate = "kept") -> Expression:
        match node:
            case ast.Constant():
                return self._constant(node)
            case ast.Name() | ast.Attribute():
                return self._attribute(node)
            case ast.Call():
                return self._call(node, fate)
            case ast.Await():
                if isinstance(node.value, ast.Name):
                    self.awaited.add(node.value.id)
                return self.read(node.value, "awaited")
            case ast.JoinedStr():
                return Joined(self._each(node.values))
            case ast.FormattedValue():
                return self.read(node.value)
            case ast.Dict():
                keys = tuple(None if key is None else self.read(key) for key in node.keys)
                return Group(self._each(node.values), keys)
            case ast.List() | ast.Tuple() | ast.Set():
                return Group(self._each(node.elts))
            case ast.Starred():
                return Element(self.read(node.value))
            case ast.Subscript():
                return Item(self.read(node.value), self.read(node.slice))
            case ast.Lambda():
                return self._lambda(node)
            case _:
                return self._composed(node, fate)

    def _composed(self, node: ast.expr, fate: Fate) -> Expression:
        match node:
            case ast.IfExp():
                test = self.read(node.test)
                return Choice(
                    (
                        self._under(test, True, node.body, fate),
                        self._under(test, False, node.orelse, fate),
                    )
                )
            case ast.BoolOp():
                return self._bool(node, fate)
            case ast.UnaryOp(op=ast.Not()):
                return Test("not", (self.read(node.operand),))
            case ast.Compare():
                operator = _OPERATORS.get(type(node.ops[0]), "other")
                if len(node.ops) > 1:
                    operator = "other"
                return Test(operator, self._each([node.left, *node.comparators]))
            case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod()):
                return self._percent(text, node.right)
            case ast.BinOp(op=ast.Add() | ast.Mod()):
                return Joined((self.read(node.left), self.read(node.right)))
            case ast.NamedExpr():
                value = self.read(node.value, fate)
                self.assign(node.target, value)
                return value
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
                each: Fate = "dropped" if fate == "dropped" else "kept"
                return self._comprehension(node.generators, lambda: (self.read(node.elt, each),))
            case ast.DictComp():
                return self._comprehension(
                    node.generators, lambda: (self.read(node.key), self.read(node.value))
                )
            case _:
                parts = [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]
                return Opaque(self._each(parts))

    def _lambda(self, node: ast.Lambda) -> Expression:
        """`lambda event: self.forward(event)` stands for `self.forward`."""
        names = [inner.arg for inner in ast.walk(node.args) if isinstance(inner, ast.arg)]
        for name in names:
            self.assign(ast.copy_location(ast.Name(name), node), Opaque())
        value = self.read(node.body)
        passed = node.body.args if isinstance(node.body, ast.Call) else []
        if names and [a.id for a in passed if isinstance(a, ast.Name)] == names:
            return self.calls[-1].callee
        return Opaque((value,))

    def _percent(self, text: str, right: ast.expr) -> Expression:
        """`"tool_%s" % name`, with the values in the places that they get."""
        values = self._each(right.elts if isinstance(right, ast.Tuple) else [right])
        texts = [Text(part) for part in _PLACEHOLDER.split(text)]
        if len(texts) != len(values) + 1:
            return Joined((Text(text), *values))
        parts: list[Expression] = [texts[0]]
        for value, following in zip(values, texts[1:], strict=True):
            parts += [value, following]
        return Joined(tuple(parts))

    def _each(self, nodes: Iterable[ast.expr]) -> tuple[Expression, ...]:
        return tuple(self.read(node) for node in nodes)

    @staticmethod
    def _constant(node: ast.Constant) -> Expression:
        if isinstance(node.value, str):
            # A lone surrogate has no UTF-8 form, so it could not be cached; no event is named with one.
            return Text(node.value.encode("utf-8", "replace").decode())
        if isinstance(node.value, int) and abs(node.value) >= _INTEGERS:
            return Opaque()
        if node.value is None or isinstance(node.value, bool | int | float):
            return Value(node.value)
        return Opaque()

    def _attribute(self, node: ast.expr) -> Expression:
        names: list[str] = []
        inner = node
        while isinstance(inner, ast.Attribute):
            names.append(inner.attr)
            inner = inner.value
        self._names.update(names)
        if isinstance(inner, ast.Name):
            self._names.add(inner.id)
            return Path(".".join([inner.id, *reversed(names)]))
        owner = self.read(inner)
        for name in reversed(names):
            owner = Member(owner, name)
        return owner

    def _call(self, node: ast.Call, fate: Fate) -> Expression:
        callee = self.read(node.func)
        given: Fate = "entered" if last_name(callee) in STACKED else "kept"
        arguments = [
            Argument(
                self.read(a.value if isinstance(a, ast.Starred) else a, given), "", _is_starred(a)
            )
            for a in node.args
        ]
        arguments += [
            Argument(self.read(k.value), k.arg or "", k.arg is None) for k in node.keywords
        ]
        self.calls.append(
            Call(
                callee,
                tuple(arguments),
                node.lineno,
                node.col_offset,
                self._places.current(),
                fate,
            )
        )
        return Result(len(self.calls) - 1)

    def _under(self, test: Expression, holds: bool, node: ast.expr, fate: Fate) -> Expression:
        with self._places.condition(Condition(test, holds, node.lineno)):
            return self.read(node, fate)

    def _bool(self, node: ast.BoolOp, fate: Fate) -> Expression:
        is_and = isinstance(node.op, ast.And)
        operands: list[Expression] = []
        with self._places.nested():
            for operand in node.values:
                operands.append(self.read(operand, fate))
                self._places.require(Condition(operands[-1], is_and, operand.lineno))
        return Choice((*operands, Test("and" if is_and else "or", tuple(operands))))

    def _comprehension(
        self, generators: list[ast.comprehension], read: Callable[[], tuple[Expression, ...]]
    ) -> Expression:
        with self._places.nested():
            for generator in generators:
                source = self.read(generator.iter)
                self.assign(generator.target, Element(source))
                self._places.require(Condition(source, True, generator.iter.lineno))
                for test in generator.ifs:
                    self._places.require(Condition(self.read(test), True, test.lineno))
            # Nobody knows whether anything is left over, so it is not true like another group.
            return Choice((Group(read()), Group(())))

    def assign(self, target: ast.expr, value: Expression, annotation: str = "") -> None:
        """Record what a target is bound to; tuples are taken apart where the value is one."""
        match target:
            case ast.Name() | ast.Attribute():
                bound = self._attribute(target)
                if isinstance(bound, Path):
                    self._bind(target, bound.text, value, annotation)
                elif isinstance(bound, Member):
                    self._bind(target, f"{ANYTHING}.{bound.name}", value, annotation)
            case ast.Subscript():
                owner = self.read(target.value)
                self.read(target.slice)
                if isinstance(owner, Path):
                    self._bind(target, owner.text, value, "", into_item=True)
            case ast.Starred():
                self.assign(target.value, Opaque((value,)))
            case ast.Tuple() | ast.List():
                parts = value.values if isinstance(value, Group) and not value.keys else ()
                for index, element in enumerate(target.elts):
                    known = len(parts) == len(target.elts)
                    self.assign(element, parts[index] if known else Element(value))

    def _bind(
        self,
        node: ast.expr,
        target: str,
        value: Expression,
        annotation: str,
        *,
        into_item: bool = False,
    ) -> None:
        self.assignments.append(
            Assignment(target, value, node.lineno, self._places.current(), into_item, annotation)
        )


def _is_starred(node: ast.expr) -> bool:
    return isinstance(node, ast.Starred)
