"""Whether a class decorator hands its class back: known ones, and those whose source can be read."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from consolidator.analysis.mro.calls import returns
from consolidator.analysis.mro.values import (
    ClassValue,
    Either,
    FunctionValue,
    InstanceValue,
    Place,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from consolidator.analysis.mro.evaluate import Evaluator

_Function = ast.FunctionDef | ast.AsyncFunctionDef

SAME_ORDER = frozenset(
    {
        "abc.update_abstractmethods",
        "attr.attrs",
        "attr.dataclass",
        "attr.define",
        "attr.frozen",
        "attr.mutable",
        "attr.s",
        "attrs.define",
        "attrs.frozen",
        "attrs.mutable",
        "dataclasses.dataclass",
        "enum.global_enum",
        "enum.unique",
        "enum.verify",
        "functools.total_ordering",
        "six.add_metaclass",
        "six.python_2_unicode_compatible",
        "typing.dataclass_transform",
        "typing.final",
        "typing.no_type_check",
        "typing.runtime_checkable",
        "typing_extensions.deprecated",
        "typing_extensions.final",
        "typing_extensions.runtime_checkable",
        "unittest.expectedFailure",
        "unittest.mock.patch",
        "unittest.mock.patch.dict",
        "unittest.mock.patch.multiple",
        "unittest.mock.patch.object",
        "unittest.skip",
        "unittest.skipIf",
        "unittest.skipUnless",
        "warnings.deprecated",
    }
)
"""Decorators that return the class, or a copy with the same bases (`slots=True`, `add_metaclass`)."""


class Decorators:
    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    def apply(self, value: Value, text: str, place: Place) -> Value:
        """What the name is bound to once the decorator has run."""
        try:
            node = ast.parse(text.strip(), mode="eval").body
        except SyntaxError:
            return self._doubt(value, text, "it can't be read")
        function, calls = node, 0
        while isinstance(function, ast.Call):
            function, calls = function.func, calls + 1
        if self._named(function).startswith("pytest.mark."):
            return value
        target = self._evaluator.expression(function, place)
        return self._applied(value, text, target, calls)

    def _applied(self, value: Value, text: str, target: Value, calls: int) -> Value:
        match target:
            case FunctionValue(dotted=dotted) if dotted in SAME_ORDER:
                return value
            case FunctionValue():
                node = self._evaluator.calls.definition(target)
                if node is not None and _hands_back(node, calls, _is_method(target)):
                    return value
                return self._doubt(value, text, "it may return another class")
            case ClassValue(ref) if calls <= 1:
                return self._of_instance(value, text, ref.dotted, calls, target)
            case InstanceValue(of=ref) if calls == 0:
                return self._of_instance(value, text, ref.dotted, 1, ClassValue(ref))
            case Unknown(why):
                return self._doubt(value, text, why)
        return self._doubt(value, text, "it may return another class")

    def _of_instance(
        self, value: Value, text: str, dotted: str, calls: int, owner: ClassValue
    ) -> Value:
        if dotted in SAME_ORDER:
            return value
        if calls == 0:
            return InstanceValue(owner.ref)
        method = self._evaluator.attribute(owner, "__call__")
        if isinstance(method, FunctionValue):
            node = self._evaluator.calls.definition(method)
            if node is not None and _hands_back(node, 0, method=True):
                return value
        return self._doubt(value, text, f"an instance of {dotted} may return another class")

    def _doubt(self, value: Value, text: str, why: str) -> Value:
        short = text if len(text) <= 60 else text[:57] + "..."
        reason = f"decorator `@{short}`: {why}"
        options = value.options if isinstance(value, Either) else (value,)
        return Either((*options, Unknown(reason)), reason)

    def _named(self, node: ast.expr) -> str:
        return ast.unparse(node)


def _is_method(function: FunctionValue) -> bool:
    fact = function.fact
    if fact is None or not fact.scope or fact.scope.endswith("<locals>"):
        return False
    return "staticmethod" not in fact.decorators


def _hands_back(node: _Function, calls: int, method: bool) -> bool:
    """Whether the function, called this many times before it gets the class, returns that class."""
    if isinstance(node, ast.AsyncFunctionDef) or not _plain(node):
        return False
    parameters = [*node.args.posonlyargs, *node.args.args][1 if method else 0 :]
    inner = {part.name: part for part in node.body if isinstance(part, ast.FunctionDef)}
    first = parameters[0].arg if parameters else ""
    results, ends = _results(node.body, first, gets_class=calls == 0)
    if not results or not ends or (first and _rebinds(node, first)):
        return False
    return all(_result(result.value, first, inner, calls) for result in results)


def _results(
    body: Sequence[ast.stmt], first: str, *, gets_class: bool
) -> tuple[list[ast.Return], bool]:
    """The returns that can run, and whether the body always ends in one (or raises).

    A decorator that works with and without parentheses asks whether its first parameter is None:
    it is not where it `gets_class`.
    """
    found: list[ast.Return] = []
    for statement in body:
        match statement:
            case ast.Return():
                return [*found, statement], True
            case ast.Raise():
                return found, True
            case ast.If(test=test, body=then, orelse=other):
                asked = _asks_for_class(test, first) if gets_class else None
                ways = [then, other] if asked is None else [then if asked else other]
                ended = []
                for way in ways:
                    results, ends = _results(way, first, gets_class=gets_class)
                    found += results
                    ended.append(ends)
                if all(ended):
                    return found, True
            case ast.With() | ast.Try() | ast.For() | ast.While() | ast.Match():
                inside = returns(ast.FunctionDef(name="", body=[statement]))  # type: ignore[call-arg]
                found += inside
                if inside and isinstance(statement, ast.With | ast.Try):
                    return found, isinstance(statement.body[-1], ast.Return)
    return found, False


def _asks_for_class(test: ast.expr, first: str) -> bool | None:
    """The answer of `first is None`, `first is not None`, `callable(first)` where it is a class."""
    match test:
        case ast.Compare(left=ast.Name(id=name), ops=[op], comparators=[ast.Constant(value=None)]):
            return isinstance(op, ast.IsNot) if name == first else None
        case ast.Call(func=ast.Name(id="callable"), args=[ast.Name(id=name)]):
            return True if name == first else None
        case ast.Call(
            func=ast.Name(id="isinstance"), args=[ast.Name(id=name), ast.Name(id="type")]
        ):
            return True if name == first else None
        case ast.Name(id=name) if name == first:
            return True
    return None


def _result(
    value: ast.expr | None, first: str, inner: dict[str, ast.FunctionDef], calls: int
) -> bool:
    match value:
        case ast.Name(id=name) if name in inner:
            return calls > 0 and _hands_back(inner[name], calls - 1, method=False)
        case ast.Name(id=name):
            return name == first
        case ast.Call(func=ast.Name(id=name), args=[ast.Name(id=argument), *_]) if name in inner:
            return argument == first and _hands_back(inner[name], 0, method=False)
        case ast.Call(func=called, args=[ast.Name(id=name), *_]) if name in inner:
            is_partial = ast.unparse(called).rpartition(".")[2] == "partial"
            return is_partial and calls > 0 and _hands_back(inner[name], 0, method=False)
        case ast.Lambda(args=ast.arguments(args=[ast.arg(arg=name)]), body=ast.Name(id=result)):
            return calls > 0 and name == result
    return False


def _plain(node: _Function) -> bool:
    """Whether the function's own decorators leave its result alone."""
    kept = ("classmethod", "staticmethod", "overload", "dataclass_transform", "cache", "lru_cache")
    return all(
        ast.unparse(d.func if isinstance(d, ast.Call) else d).rpartition(".")[2] in kept
        for d in node.decorator_list
    )


def _rebinds(node: _Function, name: str) -> bool:
    """Whether a parameter gets another value, other than a copy of the class with the same bases."""
    copies = {
        id(part.targets[0])
        for part in ast.walk(node)
        if isinstance(part, ast.Assign) and _copies(part.value, name)
    }
    return any(
        isinstance(part, ast.Name)
        and part.id == name
        and isinstance(part.ctx, ast.Store)
        and id(part) not in copies
        for part in ast.walk(node)
    )


def _copies(value: ast.expr, name: str) -> bool:
    """`type(cls)(cls.__name__, cls.__bases__, …)`, as decorators that add `__slots__` write it."""
    match value:
        case ast.Call(
            func=ast.Call(func=ast.Name(id="type"), args=[ast.Name(id=of)]),
            args=[_, ast.Attribute(value=ast.Name(id=owner), attr="__bases__"), *_],
        ):
            return of == owner == name
    return False
