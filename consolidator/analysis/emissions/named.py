"""Places that hand an event's name on, for events of which nothing is known to be sent.

A backend may send its events in a way that the guard can't follow. Then the honest answer is not that the
event is lost: these places are shown as unknown, and what the functions on the way do is compared with
the baseline.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from consolidator.analysis.emissions.bodies.code import (
    Argument,
    Call,
    Expression,
    Group,
    Path,
    Text,
    called_name,
    texts_within,
    within,
)
from consolidator.analysis.emissions.callers.logs import is_log
from consolidator.analysis.emissions.program.function import Function
from consolidator.analysis.emissions.report import SiteReport
from consolidator.analysis.emissions.sites import Sites
from consolidator.analysis.emissions.spelling import TYPE_KEYS, Spelling
from consolidator.analysis.emissions.steps.steps import StepReader
from consolidator.analysis.emissions.values.binding import bind

_HEARING = re.compile(
    r"^(on|off|once|when)$|(^|_)(un)?(subscrib|regist|listen|handl|expect|wait|assert|is|has|match)",
    re.I,
)
"""Calls that name an event in order to hear of it, or to ask about it."""


class Named:
    """Finds tables, messages and calls of the program's own functions that have an event's name."""

    def __init__(self, spelling: Spelling, finder: Sites, reader: StepReader) -> None:
        self._spelling = spelling
        self._finder = finder
        self._reader = reader

    def of(self, event: str) -> Iterator[SiteReport]:
        spellings = self._spelling.names_of(event)
        for function in self._reader.own:
            for line, name in _spelled(function, spellings):
                why = f"{name} is handed on; what is made of it is not understood"
                yield SiteReport(function.path, line, "constant", function.dotted, "unknown", why)
            if not any(step.startswith(f"say {event}") for step in self._reader.of(function)):
                continue
            if not self._reader.liveness.of(function):
                continue
            for line, form, why in self._places(event, function):
                yield SiteReport(function.path, line, form, function.dotted, "unknown", why)

    def _places(self, event: str, function: Function) -> Iterator[tuple[int, str, str]]:
        body = function.body
        for assigned in body.assignments:
            table = assigned.value
            if isinstance(table, Group) and table.keys and _has_value(table, event):
                yield (
                    assigned.line,
                    "table",
                    "a table has its name; what is done with that is not understood",
                )
        for call in body.calls:
            if is_log(call) or not _hands_on(call, event, self._reader, function):
                continue
            if _is_kept_inside(call, event, self._reader) or any(
                self._finder.loses_sight_of(a.value, function, event) for a in call.arguments
            ):
                why = f"its name is handed to {called_name(call)}; how that sends it is not understood"
                yield call.line, "literal", why
        if not function.qualname or self._finder.follows_results_of(function):
            return
        values = [(found.value, found.line) for found in body.assignments]
        values += [(found.value, found.line) for found in body.returns]
        for value, line in values:
            if any(_is_message(part, event) for part in within(value)):
                yield line, "dict", "a message has its name; how that is sent is not understood"


def _spelled(function: Function, spellings: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Lines where a function hands on one of these names, and which."""
    names = spellings & function.names
    if not function.qualname or not names:
        return
    body = function.body
    handed = [
        (a.value, call.line) for call in body.calls if not is_log(call) for a in call.arguments
    ]
    handed += [(found.value, found.line) for found in body.assignments]
    handed += [(found.value, found.line) for found in body.returns]
    for value, line in handed:
        for part in within(value):
            if isinstance(part, Path) and part.last in names:
                yield line, part.last


def _is_kept_inside(call: Call, event: str, reader: StepReader) -> bool:
    """Whether a function that is given the name has one inside that remembers it: a decorator that
    enters what it decorates into a table."""
    for function in reader.program.by_name.get(called_name(call), ()):
        inner = reader.program.nested(function)
        for argument, parameter in bind(call, function) if inner else ():
            if _is_text(argument.value, event) and any(parameter.name in f.names for f in inner):
                return True
    return False


def _hands_on(call: Call, event: str, reader: StepReader, function: Function) -> bool:
    """Whether a call takes the name into a function of the program, called here or handed on with it,
    or into what this function was given to call."""
    if not any(_is_text(argument.value, event) for argument in call.arguments):
        return any(_is_message(argument.value, event) for argument in call.arguments)
    name = called_name(call)
    if _HEARING.search(name):
        return False
    if name == "partial" or reader.is_known(name):
        return True
    if function.fact is not None and any(p.name == name for p in function.fact.parameters):
        return True
    return any(_is_own(argument, reader) for argument in call.arguments)


def _is_own(argument: Argument, reader: StepReader) -> bool:
    value = argument.value
    return isinstance(value, Path) and value.last in reader.program.by_name


def _is_text(expression: Expression, event: str) -> bool:
    return isinstance(expression, Text) and expression.value == event


def _is_message(expression: Expression, event: str) -> bool:
    """Whether an expression is a dict that says of what type it is: the event."""
    return isinstance(expression, Group) and any(
        isinstance(key, Text) and key.value in TYPE_KEYS and _is_text(value, event)
        for key, value in zip(expression.keys or (), expression.values, strict=False)
    )


def _has_value(table: Group, event: str) -> bool:
    """Whether an event's name stands among the values of a table."""
    return any(text.value == event for value in table.values for text in texts_within(value))
