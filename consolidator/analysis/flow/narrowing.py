"""What a condition says about variables: `isinstance`, with `and`, `or` and `not`; class patterns."""

from __future__ import annotations

import ast
from collections.abc import Callable

from consolidator.analysis.flow.values import NOTHING_KNOWN, Values

Instances = Callable[[ast.expr], Values]
"""Instances of the class that an expression names."""


def narrowed(test: ast.expr, instances: Instances, *, holds: bool = True) -> dict[str, Values]:
    """Variables (and dotted attributes) of which a condition that holds, or doesn't, says what they
    are."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return narrowed(operand, instances, holds=not holds)
        case ast.BoolOp(op=op, values=parts) if isinstance(op, ast.And) is holds:
            found: dict[str, Values] = {}
            for part in parts:
                found |= narrowed(part, instances, holds=holds)
            return found
        case ast.Call(func=ast.Name(id="isinstance"), args=[subject, classes]) if holds:
            text = dotted_text(subject)
            return {text: _any_of(classes, instances)} if text else {}
        case ast.Compare(
            left=ast.Call(func=ast.Name(id="type"), args=[subject]),
            ops=[ast.Is() | ast.Eq()],
            comparators=[cls],
        ) if holds:
            text = dotted_text(subject)
            return {text: instances(cls)} if text else {}
        case _:
            return {}


def matched(subject: ast.expr, pattern: ast.pattern, instances: Instances) -> dict[str, Values]:
    """What variables are inside a `case`: the subject, and the names that the pattern binds."""
    found: dict[str, Values] = dict.fromkeys(_captured(pattern), NOTHING_KNOWN)
    values = _of_pattern(pattern, instances)
    if values is not None:
        if text := dotted_text(subject):
            found[text] = values
        if isinstance(pattern, ast.MatchAs) and pattern.name:
            found[pattern.name] = values
    return found


def _of_pattern(pattern: ast.pattern | None, instances: Instances) -> Values | None:
    match pattern:
        case ast.MatchClass(cls=cls):
            return instances(cls)
        case ast.MatchAs(pattern=inner):
            return _of_pattern(inner, instances)
        case ast.MatchOr(patterns=patterns):
            each = [_of_pattern(part, instances) for part in patterns]
            return frozenset().union(*(part or NOTHING_KNOWN for part in each))
        case _:
            return None


def _captured(pattern: ast.pattern) -> list[str]:
    captures = (ast.MatchAs, ast.MatchStar)
    names = [p.name for p in ast.walk(pattern) if isinstance(p, captures) and p.name]
    rest = [p.rest for p in ast.walk(pattern) if isinstance(p, ast.MatchMapping) and p.rest]
    return names + rest


def _any_of(classes: ast.expr, instances: Instances) -> Values:
    kinds = classes.elts if isinstance(classes, ast.Tuple) else [classes]
    return frozenset().union(*map(instances, kinds))


def dotted_text(node: ast.expr) -> str:
    """`a.b.c` of such an expression; empty for others."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])
