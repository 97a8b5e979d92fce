"""Conditions that can be decided by reading: versions, platforms, constants."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from consolidator.analysis.mro.values import (
    ClassValue,
    ConstantValue,
    FunctionValue,
    ModuleValue,
    SequenceValue,
    Unknown,
    Value,
)

_OPERATORS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}


def compare(node: ast.Compare, value: Callable[[ast.expr], Value]) -> Value:
    """The truth of a comparison of constants; `Unknown` where a side can't be told."""
    values = [value(part) for part in (node.left, *node.comparators)]
    if len(values) == 2 and (answer := _identity(node.ops[0], values)) is not None:
        return ConstantValue(answer)
    sides = [constant(part) for part in values]
    if any(side is _NOTHING for side in sides):
        return Unknown("a comparison that can't be decided here")
    try:
        return ConstantValue(
            all(
                _OPERATORS[type(op)](left, right)
                for op, left, right in zip(node.ops, sides, sides[1:], strict=False)
            )
        )
    except TypeError:
        return Unknown("a comparison of things of different kinds")


_NOTHING = object()


def _identity(op: ast.cmpop, values: list[Value]) -> bool | None:
    """`X is None` where X is a class, a function or a module: never."""
    named = any(isinstance(v, ClassValue | FunctionValue | ModuleValue) for v in values)
    if named and ConstantValue(None) in values and isinstance(op, ast.Is | ast.IsNot):
        return isinstance(op, ast.IsNot)
    return None


def constant(value: Value) -> Any:
    """The Python value of a constant or a sequence of them; a marker for anything else."""
    if isinstance(value, ConstantValue):
        return value.value
    if isinstance(value, SequenceValue):
        items = tuple(constant(item) for item in value.items)
        return _NOTHING if _NOTHING in items else items
    return _NOTHING


def is_constant(value: Value) -> bool:
    return constant(value) is not _NOTHING
