"""The same code before and after its references moved: which expression is which."""

from __future__ import annotations

import ast
from collections.abc import Collection

from consolidator.analysis.flow.narrowing import dotted_text

Pairs = dict[ast.expr, ast.expr]
_PASSED_OVER = (ast.Import, ast.ImportFrom, ast.Pass)


class _DifferentError(Exception):
    """More than references differ."""


def aligned(before: ast.Module, after: ast.Module, moved: Collection[str]) -> Pairs | None:
    """Each expression of `after` with its counterpart in `before`; None where more than imports,
    strings and references differ. `moved` are the parts of the dotted names that references got."""
    pairs: Pairs = {}
    try:
        _same(before, after, moved, pairs)
    except _DifferentError:
        return None
    return pairs


def _same(old: ast.AST, new: ast.AST, moved: Collection[str], pairs: Pairs) -> None:
    if isinstance(new, ast.expr) and isinstance(old, ast.expr):
        pairs[new] = old
        if isinstance(old, ast.Name | ast.Attribute) and isinstance(new, ast.Name | ast.Attribute):
            _same_reference(old, new, moved, pairs)
            return
    if type(old) is not type(new):
        raise _DifferentError
    if isinstance(new, ast.Constant) and isinstance(new.value, str):
        return
    for name in new._fields:
        _same_field(getattr(old, name, None), getattr(new, name, None), moved, pairs)


def _same_field(old: object, new: object, moved: Collection[str], pairs: Pairs) -> None:
    if isinstance(old, ast.AST) and isinstance(new, ast.AST):
        _same(old, new, moved, pairs)
    elif isinstance(old, list) and isinstance(new, list):
        kept_old = [item for item in old if not isinstance(item, _PASSED_OVER)]
        kept_new = [item for item in new if not isinstance(item, _PASSED_OVER)]
        if len(kept_old) != len(kept_new):
            raise _DifferentError
        for item_old, item_new in zip(kept_old, kept_new, strict=True):
            _same_field(item_old, item_new, moved, pairs)
    elif old != new:
        raise _DifferentError


def _same_reference(
    old: ast.Name | ast.Attribute,
    new: ast.Name | ast.Attribute,
    moved: Collection[str],
    pairs: Pairs,
) -> None:
    """`a.b.Old.x` and `c.New.x`: what stands behind the moved name is the same."""
    if isinstance(old, ast.Attribute) and isinstance(new, ast.Attribute) and old.attr == new.attr:
        _same(old.value, new.value, moved, pairs)
    elif _last(new) in moved and dotted_text(old) and dotted_text(new):
        return
    elif not (isinstance(old, ast.Name) and isinstance(new, ast.Name) and old.id == new.id):
        raise _DifferentError


def _last(node: ast.Name | ast.Attribute) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id
