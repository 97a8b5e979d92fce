"""What is left of a function's body for following values: calls, assignments, returns, and conditions.

Lines count from 1. Everything else of the syntax is dropped, so that a whole program fits in memory
and one file's records can be cached by its content.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal as OneOf

import msgspec


class Node(msgspec.Struct, frozen=True, array_like=True, tag=True, gc=False):
    """Base of the expressions."""


class Text(Node, frozen=True):
    value: str


class Value(Node, frozen=True):
    """A constant that is not text: a truth value, a number or None. `...` and bytes count as opaque."""

    value: bool | int | float | None


class Path(Node, frozen=True):
    """A dotted name as written: `self._bridge`, `EventType.STARTED`."""

    text: str

    @property
    def head(self) -> str:
        return self.text.partition(".")[0]

    @property
    def last(self) -> str:
        return self.text.rpartition(".")[2]


class Result(Node, frozen=True):
    """The result of a call of the same body, by its position in `Body.calls`."""

    call: int


class Member(Node, frozen=True):
    """An attribute of something that is no dotted name: `factory().send`."""

    owner: Expression
    name: str


class Item(Node, frozen=True):
    """A subscript: an element of a container, or a parametrised type."""

    owner: Expression
    key: Expression


class Group(Node, frozen=True):
    """A list, tuple, set or dict; `keys` is empty unless it is a dict (None for `**other`)."""

    values: tuple[Expression, ...]
    keys: tuple[Expression | None, ...] = ()


class Joined(Node, frozen=True):
    """Text put together from parts: an f-string, `+`, `%`."""

    parts: tuple[Expression, ...]


class Choice(Node, frozen=True):
    """One of several values: a conditional expression, `and`, `or`, an assignment expression."""

    options: tuple[Expression, ...]


class Test(Node, frozen=True):
    """`not x`, `x is y`, `x == y`: its truth matters, its operands do not become its value."""

    operator: OneOf["not", "is", "is not", "==", "!=", "in", "not in", "and", "or", "other"]
    operands: tuple[Expression, ...]


class Element(Node, frozen=True):
    """What a loop or a comprehension takes out of a container."""

    owner: Expression


class Entered(Node, frozen=True):
    """What `with x as y` binds to y."""

    manager: Expression


class Opaque(Node, frozen=True):
    """Anything else; a value may still pass from its parts into it."""

    parts: tuple[Expression, ...] = ()


Expression = (
    Text
    | Value
    | Path
    | Result
    | Member
    | Item
    | Group
    | Joined
    | Choice
    | Test
    | Element
    | Entered
    | Opaque
)

Fate = OneOf["awaited", "entered", "dropped", "returned", "assigned", "kept"]
"""What becomes of a call's result: it is awaited, entered by `with`, thrown away, the value of a
return, bound to a name, or part of something else."""


class Part(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Base of the records that are no expressions."""


class Condition(Part, frozen=True):
    """`test` must be true (or false, where `holds` is False) for control to come here."""

    test: Expression
    holds: bool
    line: int
    or_raises: bool = False
    """Whether control that does not come here has raised."""


class Handler(Part, frozen=True):
    """An except clause around a place, and whether it lets the failure go on."""

    catches: tuple[str, ...]
    """Dotted names as written; empty for a bare `except`."""
    swallows: bool
    line: int


class Place(Part, frozen=True):
    """Under which circumstances a statement runs."""

    conditions: tuple[Condition, ...] = ()
    dead: str = ""
    """Why control can never come here, in words; empty where it can."""
    handlers: tuple[Handler, ...] = ()
    """Except clauses that see a failure here, innermost first."""
    section: OneOf["", "finally", "except", "loop"] = ""
    """The innermost part of a compound statement that the statement stands in."""


class Argument(Part, frozen=True):
    value: Expression
    keyword: str = ""
    starred: bool = False


class Call(Part, frozen=True):
    callee: Expression
    arguments: tuple[Argument, ...]
    line: int
    column: int
    place: int
    """Position in `Body.places`."""
    fate: Fate


class Assignment(Part, frozen=True):
    target: str
    """The dotted name that is bound; for `x[k] = v` the name of x, for `hub().x = v` ANYTHING.x."""
    value: Expression
    line: int
    place: int
    into_item: bool = False
    annotation: str = ""


ANYTHING = "()"
"""Stands for what has no name: `().sockets` is that field of whatever some call gave."""


class Return(Part, frozen=True):
    """`return` and `yield`."""

    value: Expression
    line: int
    place: int
    is_yield: bool = False


Mention = tuple[Expression, int, int]
"""A name that stands as a value, its line and place."""


class Body(Part, frozen=True):
    """One function, or a module's own statements (`qualname` is empty)."""

    qualname: str
    line: int
    end_line: int
    calls: tuple[Call, ...]
    assignments: tuple[Assignment, ...]
    returns: tuple[Return, ...]
    handed_on: tuple[Mention, ...]
    """Dotted names that stand as values, those of its own local variables left out."""
    places: tuple[Place, ...]
    entered: tuple[Mention, ...] = ()
    """What the `with` statements enter."""
    awaited: tuple[str, ...] = ()
    """Names that are awaited by themselves."""
    falls_through: bool = True
    """Whether control can pass the last statement, going by the syntax alone."""
    raises_only: bool = False
    """Whether all it does is raise, as an abstract method does."""
    empty: bool = False
    """Whether it does nothing: `pass`, `...`, a docstring, a constant returned."""


def last_name(expression: Expression) -> str:
    """The last name of a dotted name or an attribute; empty for anything else."""
    if isinstance(expression, Path):
        return expression.last
    return expression.name if isinstance(expression, Member) else ""


def owner_of(callee: Expression) -> Expression | None:
    """What a method or attribute is taken from; None for a plain name."""
    if isinstance(callee, Path):
        head = callee.text.rpartition(".")[0]
        return Path(head) if head else None
    return callee.owner if isinstance(callee, Member) else None


def called_name(call: Call) -> str:
    """The last name of what is called; empty where it has none."""
    return last_name(call.callee)


def parts(expression: Expression) -> Iterator[tuple[Expression, str]]:
    """Expressions whose value passes into this one's, with the dict key that leads to each."""
    match expression:
        case Group():
            keys = expression.keys or (None,) * len(expression.values)
            for key, value in zip(keys, expression.values, strict=True):
                yield value, key.value if isinstance(key, Text) else ""
        case Choice():
            yield from ((option, "") for option in expression.options)
        case Joined() | Opaque():
            yield from ((part, "") for part in expression.parts)
        case Member() | Item() | Element():
            yield expression.owner, ""
        case Entered():
            yield expression.manager, ""


def within(expression: Expression) -> Iterator[Expression]:
    """An expression and all whose value passes into its own."""
    yield expression
    for part, _ in parts(expression):
        yield from within(part)


def texts_within(expression: Expression) -> Iterator[Text]:
    return (part for part in within(expression) if isinstance(part, Text))
