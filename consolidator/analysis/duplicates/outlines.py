"""Whether two classes may be copies, by the lengths and parameters of their methods: facts only."""

from __future__ import annotations

from consolidator.analysis.duplicates.shapes import TELLING_LINES, Shape, lines_of
from consolidator.tree.facts import FunctionFact

_ALIKE = 0.6
"""Shorter by longer, in lines, of two methods of which one may be a copy of the other."""


def may_be_copied(left: Shape, right: Shape) -> bool:
    """Whether half of the smaller class's methods, or of their lines, have a counterpart of like
    length, under the same name or with as many parameters."""
    a, b = sorted((left, right), key=lambda shape: len(shape.methods))
    alike = [method for method in a.methods.values() if _counterpart(method, b)]
    if len(alike) >= 2 and len(alike) * 2 >= len(a.methods):
        return True
    lines = sum(map(lines_of, alike))
    return lines >= TELLING_LINES and lines * 2 >= sum(map(lines_of, a.methods.values()))


def _counterpart(method: FunctionFact, shape: Shape) -> bool:
    lines = lines_of(method)
    named = shape.methods.get(method.name)
    if named is None:
        return (lines, len(method.parameters), method.is_async) in shape.outlines
    if named.is_async != method.is_async:
        return False
    if abs(len(named.parameters) - len(method.parameters)) > 1:
        return False
    shorter, longer = sorted((lines, lines_of(named)))
    return shorter >= longer * _ALIKE
