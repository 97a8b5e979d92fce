"""Which of several legacy signatures a call was written for, by what its arguments are known to be."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from consolidator.analysis.flow.values import Values
from consolidator.analysis.signatures import (
    Arguments,
    Binding,
    Signature,
    bind,
    in_source_order,
    type_kind,
)


def plausible(signature: Signature, call: ast.Call, values: Sequence[Values]) -> bool:
    """False where the call can't have been written for the signature: it doesn't bind, or an argument
    is certainly of another type than the parameter's annotation."""
    binding = bind(signature, Arguments.of(call))
    if binding.problem:
        return False
    return not _contradicted(signature, binding, call, values)


def _contradicted(
    signature: Signature, binding: Binding, call: ast.Call, values: Sequence[Values]
) -> bool:
    arguments = in_source_order(call)
    for name, index in binding.arguments.items():
        parameter = signature.named(name)
        if parameter is None or not parameter.annotation:
            continue
        expected = type_kind(parameter.annotation)
        actual = _kind_of(arguments[index][0], values[index])
        if expected and actual and not _can_be(actual, expected):
            return True
    return False


def _can_be(actual: str, expected: str) -> bool:
    return actual == expected or (actual == "int" and expected in ("float", "object"))


def _kind_of(node: ast.expr, values: Values) -> str:
    if isinstance(node, ast.JoinedStr):
        return "str"
    if isinstance(node, ast.Constant):
        return "" if node.value is None else type(node.value).__name__
    if isinstance(node, ast.Dict | ast.DictComp):
        return "mapping"
    if isinstance(node, ast.List | ast.Set | ast.Tuple | ast.ListComp | ast.SetComp):
        return "sequence"
    if values and all(value.kind == "instance" for value in values):
        return "object"
    return ""
