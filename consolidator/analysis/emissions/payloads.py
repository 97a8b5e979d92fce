"""Which fields a server sends with an event, as far as they stand in the code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from consolidator.analysis.emissions.bodies.code import (
    Call,
    Choice,
    Expression,
    Group,
    Item,
    Joined,
    Opaque,
    Path,
    Result,
    Text,
)
from consolidator.analysis.emissions.callers.calls import CallGraph
from consolidator.analysis.emissions.program.function import Function
from consolidator.analysis.emissions.sites import Site

_DEEPEST = 5  # calls from where an event is built to where its frame is


@dataclass(frozen=True)
class Fields:
    names: frozenset[str]
    """All that the event may have when it leaves."""
    own: frozenset[str]
    """Those that stand where the event is built."""
    example: Site


def sent_fields(sites: Iterable[Site], graph: CallGraph) -> Fields | None:
    """Every field that the living sites of one event send, the frame's own among them; None where a
    payload comes from somewhere that can't be read."""
    living = [site for site in sites if site.verdict and site.call is not None]
    direct = [site for site in living if site.form != "delegation"]
    own: set[str] = set()
    later: set[str] = set()
    for site in direct:
        found = _fields_of(site)
        if found is None:
            return None
        own |= found
        assert site.call is not None
        later |= _added_later(site.call, site.function, graph)
    return Fields(frozenset(own | later), frozenset(own), direct[0]) if own else None


def _fields_of(site: Site) -> frozenset[str] | None:
    """Keys and keywords that stand where an event is built; None where there are none, or more that
    can't be seen."""
    assert site.call is not None
    found: set[str] = set()
    for argument in site.call.arguments:
        if argument.starred:
            return None
        if argument.keyword:
            found.add(argument.keyword)
        keys = _keys(argument.value, site.function)
        if keys is None:
            return None
        found |= keys
    return frozenset(found) or None


def _keys(expression: Expression, function: Function, depth: int = 0) -> set[str] | None:
    """Keys of every dict in an expression; None where some can't be known."""
    match expression:
        case Group():
            found: set[str] = set()
            for key, value in zip(_of(expression), expression.values, strict=True):
                if expression.keys and not isinstance(key, Text):
                    return None
                found |= {key.value} if isinstance(key, Text) else set()
                inner = _keys(value, function, depth + 1)
                if inner is None:
                    return None
                found |= inner
            return found
        case Path() if depth < _DEEPEST:
            return _of_name(expression.text, function, depth)
        case Choice():
            parts = [_keys(option, function, depth + 1) for option in expression.options]
            return None if None in parts else set().union(*(p for p in parts if p))
        case Result() if depth == 0:
            return None
    return set()


def _of(group: Group) -> tuple[Expression | None, ...]:
    return group.keys or (None,) * len(group.values)


def _of_name(text: str, function: Function, depth: int) -> set[str] | None:
    """A local dict. A parameter as a whole payload may hold anything; inside a dict it is one value."""
    assigned = [a for a in function.body.assignments if a.target == text]
    if any(a.into_item for a in assigned):
        return None
    found: set[str] = set()
    for assignment in assigned:
        if isinstance(assignment.value, Group):
            keys = _keys(assignment.value, function, depth + 1)
            if keys is None:
                return None
            found |= keys
        elif depth == 0 and isinstance(assignment.value, Result):
            return None
    return None if depth == 0 and not assigned and _is_payload(text) else found


def _is_payload(text: str) -> bool:
    last = text.rpartition(".")[2].lower()
    return any(word in last for word in ("data", "payload", "message", "event", "kwargs", "body"))


def _added_later(call: Call, function: Function, graph: CallGraph) -> set[str]:
    """Keys of the dicts in the functions that the event goes through."""
    found: set[str] = set()
    queue = [(target, 1) for target in graph.targets(call, function).functions]
    seen = {target for target, _ in queue}
    for target, depth in queue:
        for expression in _expressions(target):
            found |= set(_all_keys(expression))
        if depth < _DEEPEST:
            for inner in target.body.calls:
                new = set(graph.targets(inner, target).functions) - seen
                seen |= new
                queue += [(f, depth + 1) for f in sorted(new, key=lambda f: (f.path, f.qualname))]
    return found


def _expressions(function: Function) -> Iterator[Expression]:
    body = function.body
    for call in body.calls:
        yield from (argument.value for argument in call.arguments)
        yield from (
            Group((Text(a.keyword),), (Text(a.keyword),)) for a in call.arguments if a.keyword
        )
    yield from (assignment.value for assignment in body.assignments)
    yield from (found.value for found in body.returns)


def _all_keys(expression: Expression) -> Iterator[str]:
    match expression:
        case Group():
            for key, value in zip(_of(expression), expression.values, strict=True):
                if isinstance(key, Text):
                    yield key.value
                yield from _all_keys(value)
        case Choice():
            for option in expression.options:
                yield from _all_keys(option)
        case Joined() | Opaque():
            for part in expression.parts:
                yield from _all_keys(part)
        case Item():
            yield from _all_keys(expression.owner)
