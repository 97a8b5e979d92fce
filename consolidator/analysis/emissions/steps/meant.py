"""What an argument stands for, in a word that can be compared with another state of the function."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from consolidator.analysis.emissions.bodies.code import (
    Choice,
    Element,
    Expression,
    Group,
    Item,
    Joined,
    Member,
    Opaque,
    Path,
    Result,
    Test,
    Text,
    Value,
    called_name,
)
from consolidator.analysis.emissions.program.function import Function

_IDENTITY = re.compile(
    r"(^|_)(u?ids?|key|user|owner|recipient|client|session|thread|run|job|tenant|account|room|channel|"
    r"member|conn|connection|ws|socket|who|peer|customer)$",
    re.I,
)
HOPS = 4  # assignments from a local name back to what it was taken from
STANDING_FOR = frozenset(
    {
        "str",
        "int",
        "UUID",
        "quote",
        "tuple",
        "list",
        "set",
        "sorted",
        "reversed",
        "iter",
        "next",
        "cast",
    }
    | {"enumerate", "copy", "deepcopy", "shield", "create_task", "ensure_future"}
)
"""Calls whose result stands for what they were given."""
_LOOKING_UP = frozenset({"get", "pop", "setdefault"})
_TOKEN = re.compile(r"[A-Za-z][\w.:/-]{1,40}")
"""Text that names something, unlike prose."""


def meant(value: Expression, function: Function, local: Collection[str]) -> str:
    """`~user` for a parameter or a local of unknown origin, `user_id` for an attribute or a global,
    `.user` for what a text key leads to, `Hub()` for an object made on the spot; empty where it has no
    name."""
    parameters = [p.name for p in function.fact.parameters] if function.fact else []
    name = ""
    for _ in range(HOPS):
        match value:
            case Path():
                if value.text in parameters:
                    return f"~{value.text}"
                if value.text not in local or "." in value.text:
                    return value.last
                name = f"~{value.text}"
                assigned = [a for a in function.body.assignments if a.target == value.text]
                if len(assigned) != 1 or not isinstance(assigned[0].value, Path | Result | Item):
                    return name
                value = assigned[0].value
            case Result():
                call = function.body.calls[value.call]
                if called_name(call) in STANDING_FOR and call.arguments:
                    value = call.arguments[0].value
                    continue
                made = called_name(call)
                if made in _LOOKING_UP and call.arguments:
                    value = call.arguments[0].value
                    continue
                if not made and isinstance(call.callee, Result):
                    return "()"
                return f"{made}()" if made[:1].isupper() else name
            case Member():
                return value.name
            case Item(key=Text() as key):
                return f".{key.value}"
            case Item():
                value = value.key
            case Joined():
                named = [part for part in value.parts if not isinstance(part, Text)]
                if len(named) != 1:
                    return name
                value = named[0]
            case Text():
                return f"'{value.value}'" if _TOKEN.fullmatch(value.value) else name
            case Value():
                return str(value.value)
            case _:
                return name
    return name


def bare(what: str) -> str:
    """The name alone: `user` of `~user` and of `.user`."""
    return what.strip("~.")


def is_identity(what: str) -> bool:
    """Whether it says who is meant."""
    return bool(_IDENTITY.search(what))


def is_made(what: str) -> bool:
    """Whether it is an object made on the spot, which nobody else has."""
    return what.endswith("()")


def is_token(text: str) -> bool:
    return bool(_TOKEN.fullmatch(text))


def lines_of(function: Function) -> list[int]:
    """For each call the line where the statement or the call begins that it is a part of."""
    body = function.body
    lines = [call.line for call in body.calls]
    wholes = [(a.line, (a.value,)) for a in body.assignments]
    wholes += [(found.line, (found.value,)) for found in body.returns]
    calls = [
        (lines[n], (c.callee, *(a.value for a in c.arguments))) for n, c in enumerate(body.calls)
    ]
    around: dict[int, int] = {}
    for line, values in wholes:
        around.update((call, line) for value in values for call in _results(value))
    for outer in range(len(calls) - 1, -1, -1):
        lines[outer] = around.get(outer, lines[outer])
        around.update((call, lines[outer]) for value in calls[outer][1] for call in _results(value))
    return lines


def _results(expression: Expression) -> Iterator[int]:
    return (part.call for part in _all_parts(expression) if isinstance(part, Result))


def _all_parts(expression: Expression | None) -> Iterator[Expression | None]:
    yield expression
    for part in parts(expression):
        yield from _all_parts(part)


def parts(expression: Expression | None) -> Iterator[Expression | None]:
    """The expressions that an expression is written with, calls apart."""
    match expression:
        case Group():
            yield from (*expression.values, *expression.keys)
        case Choice():
            yield from expression.options
        case Joined() | Opaque():
            yield from expression.parts
        case Test():
            yield from expression.operands
        case Item():
            yield from (expression.owner, expression.key)
        case Member() | Element():
            yield expression.owner
