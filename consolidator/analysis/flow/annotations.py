"""Annotations to values: names, strings, unions, Optional, and the wrappers around a type."""

from __future__ import annotations

import ast
from dataclasses import replace
from functools import lru_cache
from typing import Protocol

from consolidator.analysis.flow.values import (
    NONE,
    NOTHING_KNOWN,
    UNKNOWN,
    Value,
    Values,
    giving,
    holding,
    row,
)

_SAME = {"Annotated", "Final", "ClassVar", "Required", "NotRequired", "ReadOnly", "InitVar"}
_AWAITABLES = {"Awaitable", "Coroutine", "Future", "Task"}
_ITEMS = {
    *("list", "List", "set", "Set", "frozenset", "FrozenSet", "deque", "Deque"),
    *("Sequence", "Iterable", "Iterator", "Collection", "AsyncIterator", "AsyncIterable"),
    *("Generator", "AsyncGenerator", "ContextVar"),
}
_TUPLES = {"tuple", "Tuple"}
_MAPPINGS = {
    *("dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "DefaultDict", "OrderedDict"),
    *("WeakValueDictionary", "ChainMap"),
}
_CONTEXTS = {
    *("ContextManager", "AsyncContextManager"),
    *("AbstractContextManager", "AbstractAsyncContextManager"),
}


class Names(Protocol):
    """What a dotted name in an annotation means."""

    def __call__(self, dotted: str) -> Values: ...


def annotated(annotation: ast.expr | str, names: Names) -> Values:
    """What a value of this annotation can be. A class gives its instances."""
    node = _parsed(annotation) if isinstance(annotation, str) else annotation
    match node:
        case ast.Constant(value=None):
            return frozenset({NONE})
        case ast.Constant(value=str() as text):
            inner = _parsed(text)
            return NOTHING_KNOWN if inner is None else annotated(inner, names)
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            return annotated(left, names) | annotated(right, names)
        case ast.Subscript(value=head, slice=inner):
            return _subscript(_last(head), inner, names, head)
        case ast.Name() | ast.Attribute():
            return _instances(names(ast.unparse(node)))
        case _:
            return NOTHING_KNOWN


@lru_cache(maxsize=4096)
def _parsed(text: str) -> ast.expr | None:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return None


def _last(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _subscript(head: str, inner: ast.expr, names: Names, node: ast.expr) -> Values:
    parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    if head == "Optional":
        return annotated(inner, names) | {NONE}
    if head == "Union":
        return frozenset().union(*(annotated(part, names) for part in parts))
    if head in _SAME and parts:
        return annotated(parts[0], names)
    if head in ("type", "Type") and parts:
        return frozenset(
            replace(v, kind="class") if v.kind == "instance" else UNKNOWN
            for v in annotated(parts[0], names)
        )
    if head in _AWAITABLES and parts:
        return holding("awaitable", annotated(parts[-1], names))
    if head == "Callable" and len(parts) > 1:
        return giving(annotated(parts[-1], names))
    if head in _CONTEXTS and parts:
        return holding("context", annotated(parts[0], names))
    if head in _TUPLES and len(parts) == 2 and isinstance(parts[1], ast.Constant):
        return holding("items", annotated(parts[0], names))
    if head in _TUPLES:
        return row(*(annotated(part, names) for part in parts))
    if head in _ITEMS and parts:
        return holding("items", annotated(parts[0], names))
    if head in _MAPPINGS and len(parts) > 1:
        return holding("items", annotated(parts[1], names))
    return _instances(names(ast.unparse(node))) if head else NOTHING_KNOWN


def _instances(values: Values) -> Values:
    """Instances of the classes that a name means. None beside them is the fallback of an import that
    failed, which no annotation is about."""
    found: set[Value] = set()
    for value in values - {NONE}:
        if value.kind == "alias":
            found |= value.of
        else:
            found.add(replace(value, kind="instance") if value.kind == "class" else UNKNOWN)
    return frozenset(found)


def is_type_form(node: ast.expr) -> bool:
    """Whether an expression can only be a type: `list[X]`, `Optional[X]`."""
    known = {
        "Optional",
        "Union",
        "Callable",
        *_SAME,
        *_ITEMS,
        *_MAPPINGS,
        *_TUPLES,
        *_CONTEXTS,
        *_AWAITABLES,
    }
    return isinstance(node, ast.Subscript) and _last(node.value) in known
