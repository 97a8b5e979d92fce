"""Expressions to values, as they stand where a class statement runs."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from consolidator.analysis.mro.calls import Calls
from consolidator.analysis.mro.conditions import compare
from consolidator.analysis.mro.decorators import Decorators
from consolidator.analysis.mro.linear import Classes
from consolidator.analysis.mro.scopes import Scopes
from consolidator.analysis.mro.values import (
    AliasValue,
    AnnotatedForm,
    ClassRef,
    ClassValue,
    ConstantValue,
    Either,
    FunctionValue,
    InstanceValue,
    ModuleValue,
    Place,
    SequenceValue,
    Unknown,
    Value,
    either,
    truth,
)
from consolidator.analysis.mro.world import World


class Evaluator:
    """Values of the expressions of one world. `from_outside` asks whether other modules of ROOT
    replace a module's names."""

    def __init__(self, world: World, *, from_outside: bool = True) -> None:
        self.world = world
        self.scopes = Scopes(world, self, from_outside=from_outside)
        self.calls = Calls(self)
        self.decorators = Decorators(self)
        self.classes = Classes(self)

    # expressions

    def text(self, text: str, place: Place) -> Value:
        """The value of an expression as written."""
        try:
            node = ast.parse(f"({text.strip()}\n)", mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return Unknown(f"`{text}` can't be read on its own")
        return self.expression(node, place)

    def expression(self, node: ast.expr, place: Place) -> Value:
        match node:
            case ast.Name(id=name):
                return self.scopes.name(name, place)
            case ast.Attribute(value=owner, attr=attr):
                return self.attribute(self.expression(owner, place), attr)
            case ast.Subscript(value=owner, slice=index):
                return self._subscript(self.expression(owner, place), index, place)
            case ast.Call():
                return self.calls.value(node, place)
            case ast.Constant(value=value):
                return ConstantValue(value)
            case ast.Tuple(elts=items) | ast.List(elts=items):
                return self._sequence(items, place)
            case ast.IfExp(test=test, body=body, orelse=other):
                decided = truth(self.expression(test, place))
                if decided is not None:
                    return self.expression(body if decided else other, place)
                options = [self.expression(body, place), self.expression(other, place)]
                return either(options, f"`{ast.unparse(test)}` can't be decided here")
            case ast.BoolOp():
                return self._bool(node, place)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                decided = truth(self.expression(operand, place))
                return Unknown("a condition") if decided is None else ConstantValue(not decided)
            case ast.Compare():
                return compare(node, lambda part: self.expression(part, place))
            case ast.NamedExpr(value=value):
                return self.expression(value, place)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return _joined(self.expression(left, place), self.expression(right, place))
        return Unknown(f"`{shortened(node)}` is computed")

    def _sequence(self, items: list[ast.expr], place: Place) -> Value:
        values: list[Value] = []
        for item in items:
            if isinstance(item, ast.Starred):
                inner = self.expression(item.value, place)
                if not isinstance(inner, SequenceValue):
                    return Unknown(f"`{shortened(item)}` can't be spread by reading")
                values += inner.items
            else:
                values.append(self.expression(item, place))
        return SequenceValue(tuple(values))

    def _bool(self, node: ast.BoolOp, place: Place) -> Value:
        wanted = isinstance(node.op, ast.Or)
        value: Value = Unknown("an empty condition")
        for operand in node.values:
            value = self.expression(operand, place)
            decided = truth(value)
            if decided is None:
                return Unknown(f"`{shortened(node)}` can't be decided here")
            if decided is wanted:
                return value
        return value

    def _subscript(self, owner: Value, index: ast.expr, place: Place) -> Value:
        match owner:
            case Either(options, why):
                return either([self._subscript(o, index, place) for o in options], why)
            case AnnotatedForm():
                first = index.elts[0] if isinstance(index, ast.Tuple) and index.elts else index
                annotated = self.expression(first, place)
                if isinstance(annotated, ClassValue):
                    return AliasValue(annotated.ref, "generic")
                return Unknown(f"`{shortened(first)}` is annotated, and no plain class")
            case ClassValue(ref):
                return self.calls.subscripted(ref)
            case AliasValue(origin, kind):
                return AliasValue(origin, kind)
            case SequenceValue(items):
                key = self.expression(index, place)
                number = key.value if isinstance(key, ConstantValue) else None
                if isinstance(number, int) and -len(items) <= number < len(items):
                    return items[number]
            case ConstantValue(tuple() | str() as items):
                return _constant_part(items, index)
            case Unknown():
                return owner
        return Unknown("a subscript of something that is no class")

    def attribute(self, owner: Value, name: str) -> Value:
        match owner:
            case ModuleValue():
                return self.scopes.module_attribute(owner, name)
            case ClassValue(ref):
                return self._class_attribute(ref, name)
            case AliasValue(origin=ref):
                return self._class_attribute(ref, name)
            case Either(options, why):
                return self._attribute_of_either(options, name, why)
            case ConstantValue(value=tuple() as info) if name in ("major", "minor", "micro"):
                return ConstantValue(info[("major", "minor", "micro").index(name)])
            case InstanceValue(of=ref) if name == "__class__":
                return self.calls.type_of(owner)
            case InstanceValue(of=ref):
                found = self._class_attribute(ref, name)
                return found if isinstance(found, FunctionValue) else Unknown(_instance(ref, name))
            case Unknown():
                return owner
        return Unknown(f"attribute {name!r} of something that is neither module nor class")

    def _attribute_of_either(self, options: Sequence[Value], name: str, why: str) -> Value:
        """An option that certainly has no such attribute would have ended the module here."""
        found = [(option, self.attribute(option, name)) for option in options]
        kept = [value for option, value in found if not _raises(option, name, value)]
        return either(kept or [value for _, value in found], why)

    def _class_attribute(self, ref: ClassRef, name: str) -> Value:
        """What the first class in the order that binds the name holds for it."""
        linear = self.classes.linear(ref)
        if linear.metaclass is not None and (
            why := self._metaclass_decides(ref, linear.metaclass, name)
        ):
            return Unknown(why)
        for owner in linear.order:
            if owner is None:
                why = f"{ref.dotted} may inherit {name!r} from a base that is not known"
                return Unknown(why)
            found = self._own_attribute(owner, name)
            if found is not None:
                return found
        return Unknown(f"{ref.dotted} has no attribute {name!r} that can be read")

    def _own_attribute(self, ref: ClassRef, name: str) -> Value | None:
        if ref.number >= 0:
            entry = self.world.standard.entry(ref.number)
            nested = self.world.standard.nested(ref.number, name)
            if nested is not None and name in (*entry.methods, *entry.attributes):
                return ClassValue(self.world.table_class(nested))
            if name in entry.methods:
                return FunctionValue(f"{ref.dotted}.{name}")
            if name in entry.attributes:
                return Unknown(f"`{ref.dotted}.{name}` is a value of the standard library")
            return None
        if ref.space is None or ref.made_from is not None:
            return None
        found = self.scopes.in_scope(Place(ref.space, ref.path, ref.qualname), name)
        return None if found is None else self.scopes.replaced_in_class(found, ref, name)

    def _metaclass_decides(self, ref: ClassRef, metaclass: ClassRef, name: str) -> str:
        """Why a metaclass may answer for the class; empty where it does not."""
        for owner in self.classes.linear(metaclass).order:
            if owner is None or owner.number >= 0:
                continue
            names = {getattr(fact, "name", "") for fact in self.classes.own_facts(owner)}
            if names & {name, "__getattribute__"}:
                return f"metaclass {owner.dotted} may answer for {ref.dotted}.{name}"
        return ""


def _raises(owner: Value, name: str, found: Value) -> bool:
    """Whether asking for an attribute certainly fails."""
    if isinstance(owner, ConstantValue):
        return not hasattr(owner.value, name)
    return isinstance(owner, ModuleValue) and isinstance(found, Unknown) and found.missing


def _joined(left: Value, right: Value) -> Value:
    if isinstance(left, SequenceValue) and isinstance(right, SequenceValue):
        return SequenceValue(left.items + right.items)
    return Unknown("a sum that is computed")


def _constant_part(items: tuple[object, ...] | str, index: ast.expr) -> Value:
    try:
        if isinstance(index, ast.Slice):
            bounds = (ast.literal_eval(b) if b else None for b in (index.lower, index.upper))
            return ConstantValue(items[slice(*bounds)])
        return ConstantValue(items[ast.literal_eval(index)])
    except (ValueError, TypeError, IndexError):
        return Unknown("a subscript that is computed")


def _instance(ref: ClassRef, name: str) -> str:
    return f"attribute {name!r} of an instance of {ref.dotted}"


def shortened(node: ast.AST) -> str:
    """Source of an expression, cut to what a reason can hold."""
    text = ast.unparse(node)
    return text if len(text) <= 60 else text[:57] + "..."
