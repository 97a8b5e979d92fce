"""What calls put into containers, as assignments into an item."""

from __future__ import annotations

from collections.abc import Iterator

from consolidator.analysis.emissions.bodies.code import (
    ANYTHING,
    Assignment,
    Body,
    Element,
    Expression,
    Group,
    Item,
    Member,
    Path,
    Result,
    last_name,
    owner_of,
)

_ADDING = frozenset({"append", "appendleft", "add", "insert", "push", "put", "put_nowait", "set"})
_MERGING = frozenset({"extend", "extendleft", "update"})
FILLING = _ADDING | _MERGING | {"setdefault"}
"""Methods that put something in. Those that take something out leave an empty container empty."""


def additions(body: Body) -> Iterator[Assignment]:
    """What calls put into containers with a name, as assignments into an item: `x.append(v)`,
    `x[k].add(v)`, `x.setdefault(k, []).append(v)`."""
    for call in body.calls:
        name = last_name(call.callee)
        values = [argument.value for argument in call.arguments if not argument.starred]
        if name not in FILLING or not values:
            continue
        target, depth = _container_of(call.callee, body)
        if not target:
            continue
        value = Element(values[-1]) if name in _MERGING else values[-1]
        for _ in range(depth):
            value = Group((value,))
        yield Assignment(target, value, call.line, call.place, into_item=True)


def _container_of(callee: Expression, body: Body) -> tuple[str, int]:
    """The name of what a method of a container changes (for `hub().x.add(v)` ANYTHING.x), and how many
    containers lie in between."""
    owner = owner_of(callee)
    depth = 0
    while owner is not None and not isinstance(owner, Path):
        depth += 1
        match owner:
            case Item():
                owner = owner.owner
            case Member():
                return f"{ANYTHING}.{owner.name}", depth - 1
            case Result() if last_name(body.calls[owner.call].callee) in ("setdefault", "get"):
                owner = owner_of(body.calls[owner.call].callee)
            case _:
                return "", 0
    return (owner.text, depth) if owner is not None else ("", 0)
