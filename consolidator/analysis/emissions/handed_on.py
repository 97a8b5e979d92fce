"""Names that stand as values: a function among them may be called by whoever gets it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from consolidator.analysis.emissions.code import (
    Assignment,
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


def _within(expression: Expression, line: int, place: int) -> Iterator[Mention]:
    match expression:
        case Path():
            yield expression, line, place
        case Member():
            yield expression, line, place
            yield from _within(expression.owner, line, place)
        case Item() | Element():
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
