"""Expressions on paper, and the truth of conditions."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from consolidator.analysis.mro.handing.items import (
    ANYTHING,
    BASES,
    CLASS,
    HANDS_ON,
    METACLASS,
    NONE,
    SPREAD,
    Closure,
    Item,
    Object,
    Outside,
    Partial,
    Scopes,
    Several,
)
from consolidator.analysis.mro.values import ClassRef, ClassValue, ConstantValue, ModuleValue, Place

if TYPE_CHECKING:
    from consolidator.analysis.mro.handing.calls import Handing


class Expressions:
    def __init__(self, handing: Handing, place: Place, scopes: Scopes) -> None:
        self._handing = handing
        self._place = place
        self._scopes = scopes

    def value(self, node: ast.expr) -> Item:
        match node:
            case ast.Name(id=name):
                return self._name(name)
            case ast.Constant(value=value):
                return Outside(ConstantValue(value))
            case ast.Lambda():
                return Closure(node, self._place, self._scopes)
            case ast.Attribute(value=owner, attr=name):
                return self._attribute(self.value(owner), name)
            case ast.Call():
                return self._call(node)
            case ast.Tuple(elts=items) | ast.List(elts=items):
                return Several(tuple(self._spread(items)))
            case ast.IfExp(test=test, body=body, orelse=other):
                truth = self.truth(test)
                if truth is not None:
                    return self.value(body if truth else other)
                first, second = self.value(body), self.value(other)
                return first if first == second else ANYTHING
            case ast.BoolOp(op=op, values=[first, *rest]):
                return self._bool(isinstance(op, ast.Or), first, rest)
            case ast.NamedExpr(target=target, value=value):
                self._scopes[0][target.id] = found = self.value(value)
                return found
            case ast.Compare() | ast.UnaryOp(op=ast.Not()):
                truth = self.truth(node)
                return ANYTHING if truth is None else Outside(ConstantValue(truth))
        return ANYTHING

    def _name(self, name: str) -> Item:
        for scope in self._scopes:
            if name in scope:
                return scope[name]
        evaluator = self._handing.evaluator
        return self._handing.of(evaluator.scopes.name(name, self._place))

    def _attribute(self, owner: Item, name: str) -> Item:
        evaluator = self._handing.evaluator
        match owner:
            case Object(ref, attributes):
                if name in attributes:
                    return attributes[name]
                return self._handing.method(owner, ref, name)
            case Outside(ModuleValue() as module):
                return self._handing.of(evaluator.attribute(module, name))
            case Outside(ClassValue(ref)) if name == "register" and self._is_abstract(ref):
                return HANDS_ON
            case Outside(value):
                return self._handing.bound(owner, evaluator.attribute(value, name))
        if owner is CLASS:
            return {"__bases__": BASES, "__class__": METACLASS}.get(name, ANYTHING)
        return ANYTHING

    def _is_abstract(self, ref: ClassRef) -> bool:
        """Whether `register` is that of `abc.ABCMeta`, which gives the class back."""
        classes = self._handing.evaluator.classes
        metaclass = classes.linear(ref).metaclass
        if metaclass is None or not classes.inherits(metaclass, "abc.ABCMeta"):
            return False
        owners = [classes.definer(part, "register") for part in (ref, metaclass)]
        return owners[0] is None and owners[1] is not None and owners[1].dotted == "abc.ABCMeta"

    def _call(self, node: ast.Call) -> Item:
        given = tuple(self._spread(node.args))
        keywords = {
            keyword.arg or "": self.value(keyword.value) if keyword.arg else SPREAD
            for keyword in node.keywords
        }
        return self._handing.call(self.value(node.func), given, keywords)

    def _spread(self, items: Sequence[ast.expr]) -> list[Item]:
        found: list[Item] = []
        for item in items:
            if not isinstance(item, ast.Starred):
                found.append(self.value(item))
            elif isinstance(several := self.value(item.value), Several):
                found += several.items
            else:
                found.append(SPREAD)
        return found

    def _bool(self, wanted: bool, first: ast.expr, rest: Sequence[ast.expr]) -> Item:
        for operand in (first, *rest):
            truth = self.truth(operand)
            if truth is None:
                return ANYTHING
            if truth is wanted:
                break
        return self.value(operand)

    def truth(self, node: ast.expr) -> bool | None:
        """What a condition comes to; None where that can't be told."""
        match node:
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self.truth(operand)
                return None if inner is None else not inner
            case ast.BoolOp(op=op, values=values):
                wanted = isinstance(op, ast.Or)
                truths = [self.truth(value) for value in values]
                if wanted in truths:
                    return wanted
                return None if None in truths else not wanted
            case ast.Compare(left=left, ops=[ast.Is() | ast.Eq() as op], comparators=[right]):
                return self._same(self.value(left), self.value(right))
            case ast.Compare(left=left, ops=[ast.IsNot() | ast.NotEq() as op], comparators=[right]):
                same = self._same(self.value(left), self.value(right))
                return None if same is None else not same
            case ast.Compare():
                return None
        return _truth(self.value(node))

    def _same(self, left: Item, right: Item) -> bool | None:
        if right == NONE:
            match left:
                case Outside(ConstantValue(value)):
                    return value is None
                case Closure() | Partial() | Object() | Several():
                    return False
            return None if left in (ANYTHING, SPREAD) or isinstance(left, Outside) else False
        match left, right:
            case Outside(ConstantValue(one)), Outside(ConstantValue(other)):
                return bool(one == other)
        return None


def _truth(item: Item) -> bool | None:
    match item:
        case Outside(ConstantValue(value)):
            return bool(value)
        case Several(items):
            return None if SPREAD in items else bool(items)
        case Closure() | Partial():
            return True
    return True if item in (CLASS, HANDS_ON) else None
