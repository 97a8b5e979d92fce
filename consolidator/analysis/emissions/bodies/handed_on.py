"""Names that stand as values: a function among them may be called by whoever gets it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from consolidator.analysis.emissions.bodies.code import (
    Assignment,
    Body,
    Call,
    Choice,
    Element,
    Entered,
    Expression,
    Group,
    Item,
    Joined,
    Member,
    Mention,
    Opaque,
    Path,
    Result,
    Return,
    Test,
)


def handed_on(
    calls: Iterable[Call],
    assignments: Iterable[Assignment],
    returns: Iterable[Return],
    mentions: Iterable[Mention],
) -> Iterator[Mention]:
    """Dotted names that stand as values in a body: each may be a function that is handed on."""
    for call in calls:
        for argument in call.arguments:
            yield from _within(argument.value, call.line, call.place)
        if isinstance(call.callee, Member):
            yield from _within(call.callee.owner, call.line, call.place)
    for assignment in assignments:
        yield from _within(assignment.value, assignment.line, assignment.place)
    for found in returns:
        yield from _within(found.value, found.line, found.place)
    for expression, line, place in mentions:
        yield from _within(expression, line, place)


def mentions(body: Body) -> Iterator[Mention]:
    """Every dotted name in a body, whatever it stands for."""
    for call in body.calls:
        yield from _within(call.callee, call.line, call.place)
    yield from handed_on(body.calls, body.assignments, body.returns, body.handed_on)
    for entered, line, place in body.entered:
        yield from _within(entered, line, place)
    for place, circumstances in enumerate(body.places):
        for condition in circumstances.conditions:
            yield from _within(condition.test, condition.line, place)


def expressions(body: Body) -> Iterator[Expression]:
    """Every expression in a body's calls, assignments and returns, parts after the whole."""
    values = [a.value for call in body.calls for a in call.arguments]
    values += [a.value for a in body.assignments] + [r.value for r in body.returns]
    for expression in values:
        values.extend(_children(expression))
        yield expression


def names_in(expression: Expression, calls: Sequence[Call]) -> Iterator[Path]:
    """Every dotted name in an expression, also in the calls that it is the result of."""
    for found, _, _ in _within(expression, 0, 0):
        if isinstance(found, Path):
            yield found
    for part in _results(expression):
        call = calls[part.call]
        yield from names_in(call.callee, calls)
        for argument in call.arguments:
            yield from names_in(argument.value, calls)


def _results(expression: Expression) -> Iterator[Result]:
    if isinstance(expression, Result):
        yield expression
    for inner in _children(expression):
        yield from _results(inner)


def _children(expression: Expression) -> Iterator[Expression]:
    match expression:
        case Member() | Element():
            yield expression.owner
        case Item():
            yield expression.owner
            yield expression.key
        case Group():
            yield from expression.values
        case Joined() | Opaque():
            yield from expression.parts
        case Choice():
            yield from expression.options


def _within(expression: Expression, line: int, place: int) -> Iterator[Mention]:
    match expression:
        case Path():
            yield expression, line, place
        case Member():
            yield expression, line, place
            yield from _within(expression.owner, line, place)
        case Item():
            yield from _within(expression.owner, line, place)
            yield from _within(expression.key, line, place)
        case Element():
            yield from _within(expression.owner, line, place)
        case Entered():
            yield from _within(expression.manager, line, place)
        case Group():
            for value in expression.values:
                yield from _within(value, line, place)
        case Joined() | Opaque():
            for part in expression.parts:
                yield from _within(part, line, place)
        case Choice():
            for option in expression.options:
                yield from _within(option, line, place)
        case Test():
            for operand in expression.operands:
                yield from _within(operand, line, place)
