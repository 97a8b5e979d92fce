"""Constants that decide whether an event goes out: settings, flags of classes, defaults."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from consolidator.analysis.emissions.bodies.code import (
    Expression,
    Group,
    Item,
    Member,
    Path,
    Result,
    Test,
    Text,
    Value,
    called_name,
)
from consolidator.analysis.emissions.program.function import Function
from consolidator.analysis.emissions.steps.meant import is_token, parts

_OFF = frozenset({"", "0", "no", "off", "false", "none", "never", "disabled"})
_DEFAULTING = frozenset(
    {"get", "getenv", "getattr", "pop", "setdefault", "field", "Field", "config", "env", "bool"}
)
_KEYWORDS = frozenset({"default", "fallback"})
_HOPS = 2  # from the flag that is asked to the setting that it was taken from


def asked_by(functions: Iterable[Function], program: Iterable[Function]) -> set[str]:
    """Names that conditions of some functions ask for, and those that these are taken from."""
    asked = {name for f in functions for name in _asked_in(f)}
    assigned = [(f, a) for f in program for a in f.body.assignments]
    for _ in range(_HOPS):
        asked |= {
            name
            for function, filled in assigned
            if filled.target.rpartition(".")[2] in asked
            for name in _named(filled.value, function)
        }
    return asked


def states(function: Function) -> Iterator[tuple[str, str]]:
    """What constants a function sets, and whether they hold."""
    for assigned in function.body.assignments:
        name = assigned.target.rpartition(".")[2]
        if isinstance(assigned.value, Group):
            for key, value in zip(assigned.value.keys, assigned.value.values, strict=False):
                if isinstance(key, Text) and (state := _state(value, function)):
                    yield key.value, state
        elif state := _state(assigned.value, function):
            yield name, state
    for parameter in function.fact.parameters if function.fact else ():
        if parameter.default in ("True", "False", "None"):
            yield parameter.name, "on" if parameter.default == "True" else "off"


def _state(value: Expression, function: Function) -> str:
    """Whether a constant holds, also as what is asked of the environment gives by default."""
    match value:
        case Value():
            return "on" if value.value else "off"
        case Test(operator="==" | "!="):
            sides = {_state(operand, function) for operand in value.operands}
            holds = len(sides) == 1 and sides != {""}
            return "" if "" in sides else "on" if holds is (value.operator == "==") else "off"
        case Text():
            return "off" if value.value.strip().lower() in _OFF else "on"
        case Result():
            call = function.body.calls[value.call]
            if called_name(call) in ("lower", "strip", "upper", "casefold"):
                owner = getattr(call.callee, "owner", None)
                return _state(owner, function) if owner is not None else ""
            if called_name(call) not in _DEFAULTING:
                return ""
            given = [a.value for a in call.arguments if a.keyword in _KEYWORDS]
            given += [a.value for a in call.arguments if not a.keyword][-1:]
            return _state(given[0], function) if given else ""
    found = {
        state for part in parts(value) if part is not None and (state := _state(part, function))
    }
    return found.pop() if len(found) == 1 else ""


def _asked_in(function: Function) -> Iterator[str]:
    for place in function.body.places:
        for condition in place.conditions:
            yield from _named(condition.test, function)


def _named(expression: Expression | None, function: Function) -> Iterator[str]:
    """Names and text keys in an expression, those of the calls in it among them."""
    match expression:
        case Path():
            yield expression.last
        case Member():
            yield expression.name
        case Item(key=Text() as key):
            yield key.value
        case Text() if is_token(expression.value):
            yield expression.value
        case Result():
            call = function.body.calls[expression.call]
            for argument in call.arguments:
                yield from _named(argument.value, function)
            yield from _named(getattr(call.callee, "owner", None), function)
    for part in parts(expression):
        yield from _named(part, function)
