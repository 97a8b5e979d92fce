"""Event routing: tables in which a critical event is missing, or leaves under another name."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from consolidator.analysis.audit.code import CodeFile, called_name
from consolidator.analysis.audit.points.base import IntegrationPoint
from consolidator.analysis.audit.report import Evidence


def routing(events: Sequence[str]) -> IntegrationPoint:
    """The point for these critical events."""
    known = frozenset(events)

    def read(file: CodeFile) -> Iterator[Evidence]:
        if file.is_test:
            return
        for node in file.nodes:
            if isinstance(node, ast.Dict):
                yield from _table(file, node, known)
            elif isinstance(node, ast.Set | ast.List | ast.Tuple):
                yield from _selection(file, node, known)

    return IntegrationPoint(
        "event-routing",
        "No table drops a critical event or changes its name",
        tuple(events),
        read,
    )


def _text(node: ast.expr | None) -> str:
    """An event type as a string or as an enum member's name in lower case."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Attribute):
        last = node.value if node.attr in ("value", "name") else node
        return last.attr.lower() if isinstance(last, ast.Attribute) else ""
    return ""


def _table(file: CodeFile, node: ast.Dict, known: frozenset[str]) -> Iterator[Evidence]:
    keys = [_text(key) for key in node.keys]
    concerned = [key for key in keys if key in known]
    if len(concerned) < 2:
        return
    values = dict(zip(keys, map(_text, node.values), strict=True))
    renamed = {
        key: values[key] for key in concerned if _is_type(values[key]) and values[key] != key
    }
    if renamed and len({_text(v) for v in node.values} & known) + len(renamed) > 1:
        shown = ", ".join(f"{old} leaves as {new}" for old, new in sorted(renamed.items()))
        yield file.evidence(node, "at-risk", shown)
    elif lacking := sorted(known - set(keys)):
        yield file.evidence(node, "at-risk", f"has no entry for {', '.join(lacking)}")
    else:
        yield file.evidence(node, "ok", "has every critical event")


def _is_type(text: str) -> bool:
    return bool(text) and text.isidentifier() and "_" in text


def _selection(
    file: CodeFile, node: ast.Set | ast.List | ast.Tuple, known: frozenset[str]
) -> Iterator[Evidence]:
    texts = [_text(element) for element in node.elts]
    concerned = known & set(texts)
    if len(concerned) < 2 or len(concerned) * 2 < len(texts):
        return
    if not _filters(file, node):
        if concerned == known:
            yield file.evidence(node, "seen", "names every critical event")
        return
    if lacking := sorted(known - concerned):
        yield file.evidence(node, "at-risk", f"leaves out {', '.join(lacking)}")
    else:
        yield file.evidence(node, "ok", "has every critical event")


def _filters(file: CodeFile, node: ast.expr) -> bool:
    """Whether membership in the collection is asked, here or by the name it gets."""
    parent = file.around.parent(node)
    if isinstance(parent, ast.Call) and called_name(parent) in ("frozenset", "set", "tuple"):
        parent = file.around.parent(parent)
    if isinstance(parent, ast.Compare):
        return any(isinstance(op, ast.In | ast.NotIn) for op in parent.ops)
    if isinstance(parent, ast.Assign | ast.AnnAssign):
        targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
        names = [ast.unparse(target) for target in targets]
        return any(f" in {name}" in file.text for name in names)
    return False
