"""How a function does its steps: with whose ids, under how many conditions, in which order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from consolidator.analysis.emissions.code import (
    Call,
    Choice,
    Element,
    Expression,
    Group,
    Item,
    Joined,
    Member,
    Opaque,
    Path,
    Place,
    Result,
    Return,
    Test,
    Text,
    Value,
    called_name,
    owner_of,
)
from consolidator.analysis.emissions.program import Function

_IDENTITY = re.compile(
    r"(^|_)(u?ids?|key|user|owner|recipient|client|session|thread|run|job|tenant|account|room|channel|"
    r"member|conn|connection|ws|socket|who|peer|customer)$",
    re.I,
)
HOPS = 4  # assignments from a local name back to what it was taken from
_NARROWING = frozenset({"isinstance", "hasattr", "callable", "issubclass"})


def given(call: Call, name: str, function: Function, local: set[str]) -> Iterator[str]:
    """`give CALLEE SLOT WHAT` for the arguments that are a name or an object made on the spot."""
    for position, argument in enumerate(call.arguments):
        what = "" if argument.starred else _what(argument.value, function, local)
        if what:
            yield f"give {name} {argument.keyword or position} {what}"


def _what(value: Expression, function: Function, local: set[str]) -> str:
    """An attribute's or a global name; `#2 user_id` would change with a parameter's name, so that one is
    its position, marked where it says who is meant; `?run` for a local of unknown origin; `Hub()` for an
    object made on the spot."""
    parameters = [p.name for p in function.fact.parameters] if function.fact else []
    name = value.text if isinstance(value, Path) else ""
    for _ in range(HOPS):
        if isinstance(value, Result):
            made = called_name(function.body.calls[value.call])
            return f"{made}()" if made[:1].isupper() else f"?{name}" if name else ""
        if not isinstance(value, Path):
            return ""
        if value.text in parameters:
            mark = "#" if _IDENTITY.search(value.text) else "~"
            return f"{mark}{parameters.index(value.text)}"
        if value.text not in local:
            return value.last
        assigned = [a for a in function.body.assignments if a.target == value.text]
        if len(assigned) != 1 or not isinstance(assigned[0].value, Path | Result):
            return f"?{value.text}"
        value = assigned[0].value
    return ""


def is_mixed_up(before: str, now: str) -> bool:
    """Whether giving one thing instead of another addresses somebody else, or an object that nobody
    else has."""
    if before == now or "?" in (before[0], now[0]):
        return False
    return not before.endswith("()") if now.endswith("()") else is_identity(before)


def is_identity(what: str) -> bool:
    """Whether it says who is meant."""
    return what[0] in "#?" or bool(_IDENTITY.search(what))


def gate(call: Call, function: Function) -> str:
    """How much has to hold for a call, as `HARD SOFT`. What tells kinds of things apart does not count,
    nor whether the receiver itself is open; what may only satisfy a type checker is soft."""
    tests = {condition.test for condition in function.body.places[call.place].conditions}
    atoms = [a for test in tests if not _tells_kinds(test) for a in _atoms(test)]
    owner = owner_of(call.callee)
    about = f"{owner.text}." if isinstance(owner, Path) and "." not in owner.text else "\0"
    atoms = [atom for atom in atoms if not _is_about(atom, about)]
    soft = sum(_is_soft(atom, function) for atom in atoms)
    return f"{len(atoms) - soft} {soft}"


def _atoms(test: Expression) -> Iterator[Expression]:
    match test:
        case Choice():
            yield from _atoms(test.options[-1])
        case Test(operator="and" | "or" | "not"):
            for operand in test.operands:
                yield from _atoms(operand)
        case _:
            yield test


def _is_soft(atom: Expression, function: Function) -> bool:
    if isinstance(atom, Result):
        return called_name(function.body.calls[atom.call]) in _NARROWING
    return isinstance(atom, Test) and atom.operator in ("is", "is not")


def _is_about(atom: Expression, start: str) -> bool:
    operands = atom.operands if isinstance(atom, Test) else (atom,)
    return any(isinstance(o, Path) and o.text.startswith(start) for o in operands)


def _tells_kinds(test: Expression) -> bool:
    """`kind == "agent_started"`: one branch of several."""
    return (
        isinstance(test, Test)
        and test.operator in ("==", "!=", "in", "not in")
        and any(isinstance(operand, Text | Value) for operand in test.operands)
    )


class Spot(NamedTuple):
    """Where a function does something. Whatever is part of a larger call stands where that does."""

    line: int
    column: int
    place: int

    @staticmethod
    def of(whole: Call, place: int) -> Spot:
        return Spot(whole.line, whole.column, place)


def pace(
    told: Sequence[tuple[str, Spot]], others: Iterable[tuple[str, Spot]], function: Function
) -> Iterator[str]:
    """How often a function tells an event, how many ways lead out of it before, and what comes first."""
    spots: dict[str, set[Spot]] = {}
    for step, spot in told:
        spots.setdefault(step, set()).add(spot)
    exits = [r for r in function.body.returns if not r.is_yield]
    given_on = [Spot(r.line, 0, r.place) for r in function.body.returns if r.is_yield]
    if given_on:
        yield f"times yield {len(given_on)}"
    for step, found in spots.items():
        about = step.partition(" ")[2]
        last = max(found)
        place = function.body.places[last.place]
        before = {r.line for r in exits if r.line < last.line and not _is_told(r, place, function)}
        yield f"times {about} {len(found)}"
        yield f"exits {about} {len(before)}"
    first = {step: min(found) for step, found in spots.items()}
    beside = dict(first)
    for step, spot in (*others, *(("call yield", spot) for spot in given_on)):
        if step not in spots:
            beside[step] = min(spot, beside.get(step, spot))
    yield from _orders(first, beside, function)


def _is_told(exit_: Return, place: Place, function: Function) -> bool:
    """Whether a condition of the place says already that control did not leave there."""
    conditions = function.body.places[exit_.place].conditions
    return bool(conditions) and any(
        c.test == conditions[-1].test and c.holds is not conditions[-1].holds
        for c in place.conditions
    )


def _orders(
    first: Mapping[str, Spot], beside: Mapping[str, Spot], function: Function
) -> Iterator[str]:
    """`order A B` where a function comes to A first and then to B."""
    places = function.body.places
    for step, spot in first.items():
        for other, there in beside.items():
            if other == step or spot[:2] == there[:2]:
                continue
            if _together(places[spot.place], places[there.place]):
                pair = (step, other) if spot < there else (other, step)
                yield f"order {pair[0].partition(' ')[2]} {pair[1].partition(' ')[2]}"


def _together(place: Place, other: Place) -> bool:
    one, two = set(place.conditions), set(other.conditions)
    return (one <= two or two <= one) and "except" not in (place.section, other.section)


def outermost(index: int, function: Function) -> Call:
    """The call that a call's result goes into, if it goes into one, and so on."""
    calls = function.body.calls
    given = Result(index)
    for outer, call in enumerate(calls[index + 1 :], index + 1):
        values = [call.callee, *(a.value for a in call.arguments)]
        if any(given in _all_parts(value) for value in values):
            return outermost(outer, function)
    return calls[index]


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
