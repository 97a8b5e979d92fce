"""Named ways from a sender to receivers: groups, rooms, and the channels of a broker."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from consolidator.analysis.emissions.bodies.code import (
    Call,
    Choice,
    Expression,
    Joined,
    Path,
    Result,
    Text,
)
from consolidator.analysis.emissions.callers.calls import CallGraph
from consolidator.analysis.emissions.callers.liveness import Liveness
from consolidator.analysis.emissions.program.function import Function

_ANY = "\0"
"""A part of a name that only runtime knows."""


def _patterns(
    expression: Expression, function: Function, graph: CallGraph, depth: int = 0
) -> frozenset[str]:
    """The texts that an expression can be, with `_ANY` for every unknown part."""
    if depth > 4:
        return frozenset({_ANY})
    match expression:
        case Text():
            return frozenset({expression.value})
        case Joined():
            found = {""}
            for part in expression.parts:
                inner = _patterns(part, function, graph, depth + 1)
                found = {left + right for left in found for right in inner}
            return frozenset(found)
        case Choice():
            return frozenset().union(
                *(_patterns(option, function, graph, depth + 1) for option in expression.options)
            )
        case Path():
            return _of_name(expression.text, function, graph, depth)
        case Result():
            called = graph.targets(function.body.calls[expression.call], function).functions
            values = [(r.value, f) for f in called for r in f.body.returns if not r.is_yield]
            return _all(values, graph, depth)
    return frozenset({_ANY})


def _of_name(text: str, function: Function, graph: CallGraph, depth: int) -> frozenset[str]:
    values = [(a.value, function) for a in function.body.assignments if a.target == text]
    program, inference = graph.program, graph.inference
    if not values and text.partition(".")[0] == function.receiver:
        cls = program.definition_of(function)
        name = text.partition(".")[2]
        values = [(a.value, f) for f, a in program.fields(cls, name)] if cls else []
    if not values and (variable := inference.names(text, function)) is not None:
        module = program.function(variable.path, "")
        assignments = module.body.assignments if module else ()
        values = [
            (a.value, module) for a in assignments if module and a.target == variable.qualname
        ]
    if not values:
        values = [(a.value, caller) for caller, a in graph.passed.arguments(text, function)]
    return _all(values, graph, depth)


def _all(values: list[tuple[Expression, Function]], graph: CallGraph, depth: int) -> frozenset[str]:
    found = frozenset[str]().union(*(_patterns(v, f, graph, depth + 1) for v, f in values))
    return found or frozenset({_ANY})


def _meet(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether some name can be meant by both."""
    return any(_fits(a, b) or _fits(b, a) for a in one for b in other)


def _fits(pattern: str, name: str) -> bool:
    parts = (
        ".*" if part in (_ANY, "*") else re.escape(part) for part in re.split(r"([\0*])", pattern)
    )
    return re.fullmatch("".join(parts), name, re.S) is not None


def _first(call: Call) -> Expression | None:
    return call.arguments[0].value if call.arguments and not call.arguments[0].starred else None


def _shown(patterns: frozenset[str]) -> str:
    return " or ".join(sorted(repr(p.replace(_ANY, "…")) for p in patterns))


class Groups:
    """Channels' groups and Socket.IO's rooms."""

    def __init__(self, graph: CallGraph, liveness: Liveness) -> None:
        self._graph = graph
        self._liveness = liveness

    def nobody_hears(self, call: Call, function: Function) -> str:
        """Why nobody is in the group that a `group_send` names; empty where somebody may be."""
        name = _first(call)
        if name is None:
            return ""
        wanted = _patterns(name, function, self._graph)
        if not self._joined:
            return "nothing is ever added to a group (`group_add`)"
        if not any(_meet(wanted, names) for names in self._joined):
            known = ", ".join(sorted(_shown(names) for names in self._joined))
            return f"the group {_shown(wanted)} has no members; those with members: {known}"
        return ""

    @cached_property
    def _joined(self) -> list[frozenset[str]]:
        return [
            _patterns(name, function, self._graph)
            for function, call in self._graph.program.calls_of("group_add")
            if (name := _first(call)) is not None and self._liveness.of(function)
        ] + [frozenset({text}) for texts in self._class_groups for text in texts]

    @cached_property
    def _class_groups(self) -> list[list[str]]:
        """`groups = ["news"]` in the body of a consumer."""
        found = []
        for function, assignment in self._graph.program.assigned.get("groups", ()):
            values = getattr(assignment.value, "values", ())
            if not function.qualname and isinstance(values, tuple):
                found.append([v.value for v in values if isinstance(v, Text)])
        return found

    def nobody_enters(self, call: Call) -> str:
        """Why a Socket.IO emit to a room reaches nobody; empty where somebody may be in it."""
        rooms = [a.value for a in call.arguments if a.keyword in ("room", "to")]
        if not rooms or any(_is_session(room) for room in rooms):
            return ""
        entered = self._graph.program.calls_of("enter_room")
        if any(self._liveness.of(function) for function, _ in entered):
            return ""
        return "nothing ever enters a room (`enter_room`)"


def _is_session(room: Expression) -> bool:
    """Every Socket.IO session is in a room of its own."""
    return not isinstance(room, Path) or bool(
        re.search(r"sid|session|client|socket", room.text, re.I)
    )


@dataclass(frozen=True)
class Heard:
    """Who in the program takes what is published, by the position of the call that gives it."""

    listeners: tuple[tuple[Function, int], ...] = ()
    nobody: str = ""
    """Why nobody hears it; empty where somebody may."""


_SUBSCRIBING = {"publish": ("subscribe", "psubscribe"), "spublish": ("ssubscribe",)}
_LISTENING = ("listen", "get_message", "parse_response", "handle_message")
_POPPING = ("blpop", "brpop", "lpop", "rpop", "blmove", "brpoplpush")
_READING = ("xread", "xreadgroup")


class Brokers:
    """Publishers and subscribers of one program."""

    def __init__(self, graph: CallGraph) -> None:
        self._graph = graph

    def heard(self, call: Call, function: Function) -> Heard:
        name = call.callee.last if isinstance(call.callee, Path) else ""
        if name in ("rpush", "lpush"):
            return self._taken(call, function, _POPPING)
        if name == "xadd":
            return Heard(tuple(self._calls(_READING)))
        if name not in _SUBSCRIBING:
            return Heard()
        channel = _first(call)
        subscriptions = list(self._subscriptions(_SUBSCRIBING[name]))
        listeners = tuple(self._calls(_LISTENING))
        if channel is None or not (subscriptions or listeners):
            return Heard()
        if not subscriptions:
            return Heard(nobody="nothing subscribes to a channel")
        wanted = _patterns(channel, function, self._graph)
        if not any(_meet(wanted, names) for names in subscriptions):
            known = ", ".join(sorted(_shown(names) for names in subscriptions))
            return Heard(nobody=f"nobody hears {_shown(wanted)}; subscribed: {known}")
        return Heard(listeners)

    def _taken(self, call: Call, function: Function, names: tuple[str, ...]) -> Heard:
        key = _first(call)
        if key is None:
            return Heard()
        wanted = _patterns(key, function, self._graph)
        return Heard(
            tuple(
                (user, position)
                for user, position in self._calls(names)
                if (asked := _first(user.body.calls[position])) is not None
                and _meet(wanted, _patterns(asked, user, self._graph))
            )
        )

    def _subscriptions(self, names: tuple[str, ...]) -> Iterator[frozenset[str]]:
        for name in names:
            for function, call in self._graph.program.calls_of(name):
                for argument in call.arguments:
                    if not argument.keyword:
                        yield _patterns(argument.value, function, self._graph)

    def _calls(self, names: tuple[str, ...]) -> Iterator[tuple[Function, int]]:
        for name in names:
            for function, call in self._graph.program.calls_of(name):
                yield function, next(i for i, c in enumerate(function.body.calls) if c is call)
