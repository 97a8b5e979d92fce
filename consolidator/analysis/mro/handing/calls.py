"""Calls on paper: which function runs with which arguments, and what comes back."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from consolidator.analysis.mro.handing.expressions import Expressions
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
from consolidator.analysis.mro.handing.statements import Walk, is_generator, shared
from consolidator.analysis.mro.values import (
    ClassRef,
    ClassValue,
    ConstantValue,
    FunctionValue,
    InstanceValue,
    Place,
    Value,
)

if TYPE_CHECKING:
    from consolidator.analysis.mro.evaluate import Evaluator

_HARMLESS = {
    *("classmethod", "staticmethod", "overload", "dataclass_transform", "cache", "lru_cache"),
    *("wraps", "no_type_check", "override", "final"),
}
"""Decorators, by their last name, that leave what a function returns alone."""
_DEEPEST = 12  # calls inside calls; deeper, the answer is ANYTHING


class Handing:
    """Runs decorators on paper. `known` names those that are known to hand their class back."""

    def __init__(self, evaluator: Evaluator, known: frozenset[str]) -> None:
        self.evaluator = evaluator
        self._known = known
        self._depth = 0

    def result(self, decorator: ast.expr, place: Place) -> Item | ClassRef:
        """What `@decorator` makes of a class: CLASS, the class of an object, or ANYTHING."""
        function = self._expression(decorator, place, ())
        made = self.call(function, (CLASS,), {})
        return made.ref if isinstance(made, Object) else made

    # calls

    def call(self, function: Item, given: Sequence[Item], keywords: Mapping[str, Item]) -> Item:
        if self._depth > _DEEPEST:
            return ANYTHING
        self._depth += 1
        try:
            return self._called(function, tuple(given), keywords)
        finally:
            self._depth -= 1

    def _called(
        self, function: Item, given: tuple[Item, ...], keywords: Mapping[str, Item]
    ) -> Item:
        match function:
            case Closure():
                return self._run(function, given, keywords)
            case Partial(inner, before, named):
                return self.call(inner, (*before, *given), {**named, **keywords})
            case Object(ref):
                return self.call(self.method(function, ref, "__call__"), given, keywords)
            case Outside(value):
                return self._outside(value, given, keywords)
        if function is HANDS_ON:
            return given[0] if len(given) == 1 else ANYTHING
        if function is METACLASS:
            return CLASS if len(given) == 3 and given[1] == BASES else ANYTHING
        return ANYTHING

    def _outside(self, value: Value, given: tuple[Item, ...], keywords: Mapping[str, Item]) -> Item:
        match value:
            case FunctionValue(dotted=name) | ClassValue(ref=ClassRef(dotted=name)):
                pass
            case _:
                return ANYTHING
        if name in self._known:
            return CLASS if CLASS in given else HANDS_ON
        if name == "functools.partial" and given:
            return Partial(given[0], given[1:], keywords)
        if name == "functools.wraps":
            return HANDS_ON
        if name == "functools.update_wrapper" and given:
            return given[0]
        if name == "typing.cast" and len(given) == 2:
            return given[1]
        if name == "builtins.type":
            if given == (CLASS,):
                return METACLASS
            return CLASS if len(given) == 3 and given[1] == BASES else ANYTHING
        if given[:1] == (CLASS,) and name in ("builtins.callable", "inspect.isclass"):
            return Outside(ConstantValue(True))
        if given[:1] == (CLASS,) and name == "inspect.isfunction":
            return Outside(ConstantValue(False))
        known = given and (given[0] is CLASS or isinstance(given[0], Closure))
        if name == "builtins.isinstance" and known and self._is_type(given[1:]):
            return Outside(ConstantValue(given[0] is CLASS))
        if isinstance(value, FunctionValue):
            closure = self._closure(value)
            return self.call(closure, given, keywords)
        return self._made(value.ref, given, keywords)

    def _is_type(self, given: tuple[Item, ...]) -> bool:
        return given == (Outside(ClassValue(self.evaluator.world.builtin("builtins.type"))),)

    def _made(self, ref: ClassRef, given: tuple[Item, ...], keywords: Mapping[str, Item]) -> Item:
        """An object of a class of the source."""
        if ref.space is None or ref.made_from is not None:
            return ANYTHING
        metaclass = self.evaluator.classes.linear(ref).metaclass
        if metaclass is None or self.evaluator.classes.defines(metaclass, "__call__"):
            return ANYTHING
        if self.evaluator.classes.defines(ref, "__new__"):
            new = self.method(Outside(ClassValue(ref)), ref, "__new__")
            return self.call(new, (Outside(ClassValue(ref)), *given), keywords)
        made = Object(ref)
        if self.evaluator.classes.defines(ref, "__init__"):
            self.call(self.method(made, ref, "__init__"), given, keywords)
        return made

    def method(self, owner: Item, ref: ClassRef, name: str) -> Item:
        found = self.evaluator.attribute(ClassValue(ref), name)
        return self.bound(owner, found)

    def bound(self, owner: Item, found: Value) -> Item:
        """What asking an object or a class for an attribute gives, by the kind of the attribute."""
        match found:
            case FunctionValue(fact=fact) if fact is not None:
                closure = self._closure(found)
                if not fact.scope or fact.scope.endswith("<locals>"):
                    return closure
                kinds = {decorator.rpartition(".")[2] for decorator in fact.decorators}
                if kinds & {"property", "cached_property"}:
                    return ANYTHING
                is_class = isinstance(owner, Outside)
                if "staticmethod" in kinds or (is_class and "classmethod" not in kinds):
                    return closure
                return Partial(closure, (ANYTHING if "classmethod" in kinds else owner,), {})
            case InstanceValue(of=ref, call=ast.Call() as call, place=Place() as place) if (
                self.evaluator.classes.defines(ref, "__get__") and ref.space is not None
            ):
                made = self._expression(call, place, ())
                if not isinstance(made, Object):
                    return ANYTHING
                given = (NONE, owner) if isinstance(owner, Outside) else (owner, ANYTHING)
                return self.call(self.method(made, ref, "__get__"), given, {})
        return self.of(found)

    def of(self, value: Value) -> Item:
        """The item of a value that was not asked for as an attribute."""
        match value:
            case FunctionValue(dotted=name, fact=fact) if fact is not None:
                return Outside(value) if name in self._known else self._closure(value)
            case InstanceValue(call=ast.Call() as call, place=Place() as place):
                return self._expression(call, place, ())
            case InstanceValue(of=ref):
                return Object(ref) if ref.space is not None else ANYTHING
        return Outside(value)

    def _closure(self, function: FunctionValue) -> Item:
        node = self.evaluator.calls.definition(function)
        if node is None or function.place is None or function.fact is None:
            return ANYTHING
        if isinstance(node, ast.AsyncFunctionDef):
            return ANYTHING
        place = Place(function.place.space, function.place.path, function.fact.scope)
        return self.decorated(Closure(node, place, ()), node.decorator_list)

    def decorated(self, closure: Closure, decorators: Sequence[ast.expr]) -> Item:
        """What a function's own decorators make of it."""
        made: Item = closure
        for decorator in reversed(decorators):
            function = decorator.func if isinstance(decorator, ast.Call) else decorator
            if ast.unparse(function).rpartition(".")[2] not in _HARMLESS:
                found = self._expression(decorator, closure.place, closure.scopes)
                made = self.call(found, (made,), {})
        return made

    # functions

    def _run(self, closure: Closure, given: tuple[Item, ...], keywords: Mapping[str, Item]) -> Item:
        node = closure.node
        scope = dict(self._arguments(closure, given, keywords))
        scopes = (scope, *closure.scopes)
        if isinstance(node, ast.Lambda):
            return self._expression(node.body, closure.place, scopes)
        if isinstance(node, ast.AsyncFunctionDef) or is_generator(node):
            return ANYTHING
        walk = Walk(self, closure.place, scopes, shared(node))
        outcome = walk.body(node.body)
        results = outcome.results if outcome.ended else (*outcome.results, NONE)
        first = results[0] if results else ANYTHING
        return first if all(result == first for result in results[1:]) else ANYTHING

    def _arguments(
        self, closure: Closure, given: tuple[Item, ...], keywords: Mapping[str, Item]
    ) -> dict[str, Item]:
        arguments = closure.node.args
        positional = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
        found = dict(zip(positional, given, strict=False))
        defaults = arguments.defaults
        values: dict[str, ast.expr | None] = dict(
            zip(positional[len(positional) - len(defaults) :], defaults, strict=True)
        )
        named = [argument.arg for argument in arguments.kwonlyargs]
        values |= dict(zip(named, arguments.kw_defaults, strict=True))
        for name in (*positional, *named):
            if name in keywords:
                found[name] = keywords[name]
            elif name not in found:
                value = values.get(name)
                found[name] = (
                    self._expression(value, closure.place, closure.scopes) if value else ANYTHING
                )
        if arguments.vararg:
            found[arguments.vararg.arg] = Several(given[len(positional) :])
        if arguments.kwarg:
            found[arguments.kwarg.arg] = ANYTHING
        if SPREAD in given or SPREAD in keywords.values():
            return dict.fromkeys(found, ANYTHING)
        return found

    # expressions

    def _expression(self, node: ast.expr, place: Place, scopes: Scopes) -> Item:
        return Expressions(self, place, scopes).value(node)
