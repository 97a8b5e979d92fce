"""Whether a class decorator hands its class back: known ones, and those whose source can be read."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from consolidator.analysis.mro.handing.calls import Handing
from consolidator.analysis.mro.handing.items import CLASS
from consolidator.analysis.mro.values import ClassRef, Either, InstanceValue, Place, Unknown, Value

if TYPE_CHECKING:
    from consolidator.analysis.mro.evaluate import Evaluator

SAME_ORDER = frozenset(
    {
        "abc.update_abstractmethods",
        "attr._make.attrs",
        "attr._next_gen.define",
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
        self._handing = Handing(evaluator, SAME_ORDER)

    def apply(self, value: Value, text: str, place: Place) -> Value:
        """What the name is bound to once the decorator has run."""
        try:
            node = ast.parse(text.strip(), mode="eval").body
        except SyntaxError:
            return _doubt(value, text, "it can't be read")
        function = node
        while isinstance(function, ast.Call):
            function = function.func
        if self._known(ast.unparse(function), place):
            return value
        result = self._handing.result(node, place)
        if result is CLASS:
            return value
        if isinstance(result, ClassRef):
            return InstanceValue(result)
        target = self._evaluator.expression(function, place)
        why = target.why if isinstance(target, Unknown) else "it may return another class"
        return _doubt(value, text, why)

    def _known(self, name: str, place: Place) -> bool:
        """Whether it is known by its imported name, installed here or not."""
        if name.startswith("pytest.mark."):
            return True
        if not name.replace(".", "").replace("_", "").isalnum():
            return False
        found = place.space.resolver.expression(place.path, name, place.scope).exact
        return found is not None and found.dotted in SAME_ORDER


def _doubt(value: Value, text: str, why: str) -> Value:
    short = " ".join(text.split())
    short = short if len(short) <= 60 else short[:57] + "..."
    reason = f"decorator `@{short}`: {why}"
    options = value.options if isinstance(value, Either) else (value,)
    return Either((*options, Unknown(reason)), reason)
