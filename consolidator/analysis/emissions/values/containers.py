"""Who fills a container, and who hands it to somebody that may: an empty one stays empty otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from consolidator.analysis.emissions.bodies.additions import FILLING
from consolidator.analysis.emissions.bodies.code import (
    ANYTHING,
    Argument,
    Assignment,
    Body,
    Call,
    Choice,
    Expression,
    Group,
    Item,
    Member,
    Opaque,
    Path,
    Result,
    last_name,
    owner_of,
)
from consolidator.analysis.emissions.program.function import Function
from consolidator.analysis.emissions.program.program import Program

EMPTY_BUILT = frozenset(
    {"list", "dict", "set", "tuple", "frozenset", "deque", "defaultdict", "OrderedDict", "Counter"}
    | {"WeakSet", "WeakValueDictionary", "WeakKeyDictionary"}
)
"""Calls that give an empty container where nothing is passed, or nothing but a factory."""

VIEWS = frozenset({"copy", "values", "items", "keys"})
"""Methods of a container whose result is empty exactly where it is."""

_READING = (
    frozenset({"len", "list", "dict", "set", "tuple", "sorted", "sum", "any", "all", "iter"})
    | frozenset({"enumerate", "str", "repr", "print", "reversed", "isinstance", "max", "min"})
    | frozenset(
        {
            "broadcast",
            "gather",
            "wait",
            "bool",
            "next",
            "zip",
            "debug",
            "info",
            "warning",
            "error",
            "exception",
        }
    )
)
"""Functions that leave a container that they are given as it is."""


class Containers:
    """Changes of containers in one program, by the last name of what holds them."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._known: Mapping[str, Sequence[tuple[Function, Assignment]]] | None = None

    def changes(self, name: str) -> Sequence[tuple[Function, Assignment]]:
        """Places that may change what `….name` holds, as assignments into an item of it."""
        if self._known is None:
            self._known = self._find()
        return self._known.get(name, ())

    def _find(self) -> dict[str, list[tuple[Function, Assignment]]]:
        found: dict[str, list[tuple[Function, Assignment]]] = {}
        for path in self._program.paths:
            for function in self._program.functions(path):
                for changed in _changed(function.body):
                    name = changed.target.rpartition(".")[2]
                    found.setdefault(name, []).append((function, changed))
        return found


def is_empty_container(expression: Expression, function: Function) -> bool:
    """Whether an expression makes a container with nothing in it."""
    if isinstance(expression, Group):
        return not expression.values
    if not isinstance(expression, Result):
        return False
    call = function.body.calls[expression.call]
    name = last_name(call.callee)
    if name == "field":
        return any(a.keyword == "default_factory" for a in call.arguments)
    allowed = 1 if name == "defaultdict" else 0
    return name in EMPTY_BUILT and len([a for a in call.arguments if not a.keyword]) <= allowed


def _changed(body: Body) -> Iterator[Assignment]:
    for call in body.calls:
        yield from _by_call(call)
    filled = _filled_names(body)
    for assignment in body.assignments:
        for text in _names(assignment.value):
            yield _change(text, assignment.line, assignment.place)
        item = assignment.value
        if assignment.target in filled and isinstance(item, Item) and isinstance(item.owner, Path):
            # `mine = self.by_user[user]`, `mine.append(…)`: the same in two steps.
            yield _change(item.owner.text, assignment.line, assignment.place)
    for found in body.returns:
        for text in _names(found.value):
            yield _change(text, found.line, found.place)


def _filled_names(body: Body) -> frozenset[str]:
    """Names on which the body calls what fills a container."""
    return frozenset(
        call.callee.text.rpartition(".")[0]
        for call in body.calls
        if isinstance(call.callee, Path) and call.callee.last in FILLING
    )


def _by_call(call: Call) -> Iterator[Assignment]:
    owner = owner_of(call.callee)
    name = last_name(call.callee)
    if isinstance(owner, Item):
        owner = owner.owner  # `self.by_user[user].add(…)`: a defaultdict grows by it
    if owner is not None and name in FILLING:
        for text in _names(owner):
            yield _change(text, call.line, call.place)
    if name not in _READING:
        for text in _all_names(call.arguments):
            yield _change(text, call.line, call.place)


def _change(target: str, line: int, place: int) -> Assignment:
    return Assignment(target, Opaque(), line, place, into_item=True)


def _all_names(arguments: Iterable[Argument]) -> Iterator[str]:
    for argument in arguments:
        if not argument.starred:
            yield from _names(argument.value)


def _names(expression: Expression) -> Iterator[str]:
    """Names whose very object becomes part of a value; elements taken out of it do not count."""
    match expression:
        case Path():
            yield expression.text
        case Member():
            yield f"{ANYTHING}.{expression.name}"
        case Group():
            for value in expression.values:
                yield from _names(value)
        case Choice():
            for option in expression.options:
                yield from _names(option)
        case Opaque():
            for part in expression.parts:
                yield from _names(part)
