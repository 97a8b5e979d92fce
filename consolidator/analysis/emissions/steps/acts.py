"""How a function does what it does for the events: in which order, under what, with whose ids."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

import msgspec

from consolidator.analysis.emissions.bodies.code import (
    Call,
    Choice,
    Expression,
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
from consolidator.analysis.emissions.program.function import Function
from consolidator.analysis.emissions.steps.meant import meant

_NARROWING = frozenset({"isinstance", "hasattr", "callable", "issubclass"})
Kind = Literal["tell", "way", "part", "other"]


class Act(msgspec.Struct, frozen=True, array_like=True):
    """A call, or where a function names an event, gives on a value or fills its object."""

    name: str
    """What is called, `~send` for a parameter; `say`, `yield` and `put` for the others."""
    about: str
    """What tells it from other calls of the name: `begin` of `tell("begin", text)`."""
    kind: Kind
    """Whether it tells an event, may be on the way of one, is a part of a call that is, or stands beside."""
    fate: str
    """`awaited`, `dropped`, or empty."""
    at: int
    """Its rank in the text; acts that are part of one call have one rank."""
    under: tuple[int, ...]
    """The conditions that hold there, numbered within the function; negative where one must not hold."""
    section: str
    hard: int
    """How much has to hold for it. What tells kinds of things apart does not count, nor whether the
    receiver itself is open."""
    soft: int
    """The same for what may only satisfy a type checker."""
    refused: int
    """How much of that raises where it does not hold."""
    exits: int
    """Ways out of the function before it that no condition tells of."""
    given: tuple[tuple[str, str], ...]
    """Positions and keywords with what goes there, `on` for the receiver."""


class Spot(NamedTuple):
    """Where a function does something. Whatever is part of a larger call stands where that does."""

    line: int
    place: int


class Doing(NamedTuple):
    """An act before it is ranked."""

    name: str
    about: str
    kind: Kind
    spot: Spot
    call: Call | None = None


def acts_of(doings: Iterable[Doing], function: Function, local: Collection[str]) -> tuple[Act, ...]:
    """What a function does, in order."""
    known = sorted(doings, key=lambda doing: doing.spot.line)
    ranks = {line: rank for rank, line in enumerate(sorted({d.spot.line for d in known}))}
    places = function.body.places
    tests = dict.fromkeys(c.test for p in places for c in p.conditions)
    numbers = {test: number for number, test in enumerate(tests, 1)}
    exits = [found for found in function.body.returns if not found.is_yield]
    return tuple(
        Act(
            doing.name,
            doing.about,
            doing.kind,
            _fate(doing.call),
            ranks[doing.spot.line],
            tuple(
                sorted(
                    {
                        numbers[c.test] if c.holds else -numbers[c.test]
                        for c in places[doing.spot.place].conditions
                    }
                )
            ),
            places[doing.spot.place].section,
            *_gate(doing, function),
            len({c.test for c in places[doing.spot.place].conditions if c.or_raises}),
            _exits_before(doing.spot, exits, function),
            tuple(given(doing.call, function, local)) if doing.call is not None else (),
        )
        for doing in known
    )


def _fate(call: Call | None) -> str:
    if call is None or call.fate not in ("awaited", "entered", "dropped"):
        return ""
    return "dropped" if call.fate == "dropped" else "awaited"


def put_by(function: Function, local: Collection[str]) -> Iterator[Act]:
    """What a function fills the attributes of its object with, as one act."""
    filled = {
        a.target.rpartition(".")[2]: meant(a.value, function, local) or "?"
        for a in function.body.assignments
        if "." in a.target and not a.into_item
    }
    if function.qualname and filled:
        yield Act("put", "", "way", "", 0, (), "", 0, 0, 0, 0, tuple(filled.items()))


def given(call: Call, function: Function, local: Collection[str]) -> Iterator[tuple[str, str]]:
    """What goes into each place of a call."""
    owner = owner_of(call.callee)
    if owner is not None and (what := meant(owner, function, local)):
        yield "on", what
    for position, argument in enumerate(call.arguments):
        what = "*" if argument.starred else meant(argument.value, function, local)
        yield argument.keyword or str(position), what or "?"


def _exits_before(spot: Spot, exits: Sequence[Return], function: Function) -> int:
    place = function.body.places[spot.place]
    return len({r.line for r in exits if r.line < spot.line and not _is_told(r, place, function)})


def _is_told(exit_: Return, place: Place, function: Function) -> bool:
    """Whether a condition of the place says already that control did not leave there."""
    conditions = function.body.places[exit_.place].conditions
    return bool(conditions) and any(
        c.test == conditions[-1].test and c.holds is not conditions[-1].holds
        for c in place.conditions
    )


def _gate(doing: Doing, function: Function) -> tuple[int, int]:
    conditions = function.body.places[doing.spot.place].conditions
    tests = {(c.test, c.holds) for c in conditions if not _tells_kinds(c.test)}
    missing = {test for test, holds in tests if is_none(test, holds)}
    atoms = [a for test, _ in tests if test not in missing for a in _atoms(test)]
    owner = owner_of(doing.call.callee) if doing.call is not None else None
    named = owner.text if isinstance(owner, Path) and "." not in owner.text else ""
    about = f"{named}." if named and named != function.receiver else "\0"
    atoms = [atom for atom in atoms if not _is_about(atom, about)]
    soft = sum(_is_soft(atom, function) for atom in atoms)
    return len(atoms) - soft + len(missing), soft


def _atoms(test: Expression) -> Iterator[Expression]:
    match test:
        case Choice():
            yield from _atoms(test.options[-1])
        case Test(operator="and" | "or" | "not"):
            for operand in test.operands:
                yield from _atoms(operand)
        case _:
            yield test


def is_none(test: Expression, holds: bool) -> bool:
    """Whether it only happens for want of something, unlike what is asked for a type checker."""
    return (
        isinstance(test, Test)
        and test.operator in ("is", "is not")
        and test.operands[-1] == Value(None)
        and holds is (test.operator == "is")
    )


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
