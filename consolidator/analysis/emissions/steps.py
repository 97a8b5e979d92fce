"""What the functions on an event's way do, in words that can be compared with another state of them.

Following values says whether an event arrives, as far as the code is understood. This says what has to
stay for it to arrive, understood or not: who is called, what is awaited, what is put where and read
again. It goes by names, those of local variables left out, so that more is on a way than really is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property

import msgspec

from consolidator.analysis.emissions.binding import accepts
from consolidator.analysis.emissions.code import (
    Call,
    Element,
    Expression,
    Item,
    Member,
    Path,
    Result,
    Text,
    Value,
    called_name,
    owner_of,
)
from consolidator.analysis.emissions.constants import texts
from consolidator.analysis.emissions.coroutines import TAKING, lost_coroutine
from consolidator.analysis.emissions.entries import QUIET_DECORATORS
from consolidator.analysis.emissions.liveness import Liveness
from consolidator.analysis.emissions.manners import Spot, gate, given, outermost, pace, parts
from consolidator.analysis.emissions.program import Function
from consolidator.analysis.emissions.trace import is_log
from consolidator.analysis.emissions.values import Inference, in_order

SENDING = re.compile(r"send|emit|publish|broadcast|push|write|notif|dispatch|put|post", re.I)
_JOINING = re.compile(
    r"(^|_)(add|join|enter|register|subscribe|psubscribe|listen|attach|accept|include|mount|route)(_|$)"
)
"""Calls of things outside that tie a socket to what is sent later."""
_WAITING = frozenset(
    {"sleep", "sleep_forever", "acquire", "wait_closed", "drain", "get", "checkpoint"}
)
_COMMON = 4
"""A name that more functions go by leads anywhere, and so says nothing."""
_NEAREST = 1_000
"""As many functions are watched ahead of the events, and behind: those that are nearest."""
_HANDED_BACK = 2  # an event goes back to the builder's caller, and to the caller of that
_HOPS = 4  # assignments from a local name back to what it was taken from


class Steps(msgspec.Struct, frozen=True, array_like=True):
    """One function, or one class, and what it does for the events, as `verb name`, in order of the text:

    - `call`, `await`, `drop`, `lay`: it calls something of this name, awaits that, throws its result away,
      or gives it a name and awaits nothing of that name;
    - `misfit`: it calls something of this name with arguments that nothing of this name takes;
    - `use`, `put`: it mentions the name as a value, puts something into what goes by it;
    - `say`: it holds an event's name; of a module `say EVENT in VARIABLE`;
    - `under`, `base`: it has this decorator, this base class;
    - `give CALLEE SLOT WHAT`, `gate CALLEE HARD SOFT`, `order A B`, `times A COUNT`, `exits A COUNT`: how
      it does that (see `manners`).
    """

    function: str
    does: tuple[str, ...]


class StepReader:
    """The steps of single functions of one program."""

    def __init__(
        self,
        inference: Inference,
        liveness: Liveness,
        names: Iterable[str],
        constants: Iterable[str],
    ) -> None:
        """`names` are the events' names and what stands for them; `constants` hold one of these."""
        self._inference = inference
        self.program = inference.program
        self.liveness = liveness
        self._events = frozenset(names)
        self._spellings = frozenset(map(spelled_alike, self._events))
        self._constants = frozenset(constants)
        self._known: dict[Function, frozenset[str]] = {}

    @cached_property
    def own(self) -> tuple[Function, ...]:
        """Every function outside installed packages."""
        paths = self.program.paths
        return tuple(f for p in paths for f in self.program.functions(p) if not f.is_library)

    @cached_property
    def cells(self) -> frozenset[str]:
        """Names of attributes and of variables of modules, which one function fills for another."""
        modules = (f for f in self.own if not f.qualname)
        variables = {a.target.rpartition(".")[2] for f in modules for a in f.body.assignments}
        return frozenset(variables | set(self.program.assigned)) - set(self.program.by_name)

    @cached_property
    def classes(self) -> frozenset[str]:
        return frozenset(f.owner.name for f in self.own if f.owner is not None)

    def is_known(self, name: str) -> bool:
        """Whether the program defines or fills something of this name."""
        return name in self.program.by_name or name in self.cells or name in self.classes

    @cached_property
    def _naming(self) -> frozenset[str]:
        """Files in which an event's name or a constant that holds one occurs in any spelling."""
        words = {*self._events, *self._constants, *map(_dotted, self._events)}
        return frozenset(self.program.tree.containing(*sorted(words), paths=self.program.paths))

    def uses(self, function: Function) -> list[str]:
        """Names that it mentions and that something in the program goes by, dead code included."""
        return sorted(name for name in function.names if self.is_known(name))

    def says(self, function: Function) -> list[str]:
        """The events that it names, dead code included."""
        if function.path not in self._naming:
            return []
        return [step for step, _ in self._said(function, lambda _place, _line: True)]

    def is_event(self, name: str) -> bool:
        """Whether a name is an event's in another spelling, or ends in it: `on_agent_started`."""
        return spelled_alike(name).endswith(tuple(self._spellings))

    def of(self, function: Function) -> frozenset[str]:
        """What a function does where control can come."""

        def comes_to(place: int, line: int) -> bool:
            return not self.liveness.blocked(function, place, line)

        if function not in self._known:
            self._known[function] = frozenset(self._walk(function, comes_to))
        return self._known[function]

    def _walk(self, function: Function, comes_to: Callable[[int, int], bool]) -> Iterator[str]:
        body = function.body
        local = self._local_names(function)
        for call in body.calls:
            if comes_to(call.place, call.line) and not is_log(call):
                yield from self._called(call, function, local)
        for expression, line, place in function.mentions:
            known = [name for name in _names(expression, local) if self.is_known(name)]
            if known and comes_to(place, line):
                yield from (f"use {name}" for name in known)
        for filled in (*body.assignments, *function.additions):
            _, dot, name = filled.target.rpartition(".")
            is_cell = (
                dot or not function.qualname or (filled.into_item and filled.target not in local)
            )
            if is_cell and comes_to(filled.place, filled.line):
                yield f"put {name}"
        for decorator in function.fact.decorators if function.fact else ():
            name = decorator.partition("(")[0].rpartition(".")[2]
            if name not in QUIET_DECORATORS:
                yield f"under {name}"
        told = list(self._said(function, comes_to)) if function.path in self._naming else []
        yield from (said for said, _ in told)
        if function.qualname:
            told += self._told_by_name(function, local, comes_to)
            if told or function.is_generator:
                yield from pace(told, self._others(function, local, comes_to), function)

    def _local_names(self, function: Function) -> set[str]:
        """Names that mean something only in this function, or in one around it."""
        found: set[str] = set()
        around: Function | None = function
        while around is not None and around.qualname:
            found |= {a.target for a in around.body.assignments if not a.into_item}
            found |= {p.name for p in around.fact.parameters} if around.fact else set()
            around = self._inference.around(around)
        return found

    def _told_by_name(
        self, function: Function, local: set[str], comes_to: Callable[[int, int], bool]
    ) -> Iterator[tuple[str, Spot]]:
        """Calls of what is named after an event."""
        for index, call in enumerate(function.body.calls):
            name = self._name(call, function, local)
            if self.is_event(name) and comes_to(call.place, call.line):
                yield f"call {name}", Spot.of(outermost(index, function), call.place)

    def _others(
        self, function: Function, local: set[str], comes_to: Callable[[int, int], bool]
    ) -> Iterator[tuple[str, Spot]]:
        """Calls that an event may have to come before or after."""
        for index, call in enumerate(function.body.calls):
            name = self._name(call, function, local)
            counts = name in self.program.by_name or call.fate == "awaited" or name in local
            if counts and not is_log(call) and comes_to(call.place, call.line):
                yield f"call {name}", Spot.of(outermost(index, function), call.place)

    def _name(self, call: Call, function: Function, local: set[str]) -> str:
        """What a call goes by; for a local name what that was taken from."""
        name = called_name(call)
        return _origin(call.callee, function, local) if not name or name in local else name

    def _called(self, call: Call, function: Function, local: set[str]) -> Iterator[str]:
        name = self._name(call, function, local)
        if not name:
            return
        is_awaited = call.fate in ("awaited", "entered")
        namesakes = self.program.by_name.get(name, ())
        if namesakes or self.is_known(name) or is_effect(name) or (is_awaited and call.arguments):
            yield f"call {name}"
            yield from given(call, name, function, local)
            yield f"gate {name} {gate(call, function)}"
        if namesakes and not any(f.is_library or accepts(f, call) for f in namesakes):
            yield f"misfit {name}"
        if is_awaited:
            yield f"await {name}"
        elif call.fate == "dropped":
            yield f"drop {name}"
        elif call.fate == "assigned" and lost_coroutine(call, function):
            yield f"lay {name}"

    def _said(
        self, function: Function, comes_to: Callable[[int, int], bool]
    ) -> Iterator[tuple[str, Spot]]:
        """What names an event, and where."""
        body = function.body
        for index, call in enumerate(body.calls):
            for argument in () if is_log(call) else call.arguments:
                said = self._events_in(argument.value, function)
                if said and comes_to(call.place, call.line):
                    spot = Spot.of(outermost(index, function), call.place)
                    yield from ((event, spot) for event in said)
        for assigned in body.assignments:
            where = "" if function.qualname else f" in {assigned.target.rpartition('.')[2]}"
            said = self._events_in(assigned.value, function)
            if said and comes_to(assigned.place, assigned.line):
                spot = Spot(assigned.line, 0, assigned.place)
                yield from ((f"{event}{where}", spot) for event in said)
        for found in body.returns:
            said = self._events_in(found.value, function)
            if said and comes_to(found.place, found.line):
                yield from ((event, Spot(found.line, 0, found.place)) for event in said)
        for place, circumstances in enumerate(body.places):
            for condition in circumstances.conditions if not circumstances.dead else ():
                said = self._events_in(condition.test, function)
                yield from ((event, Spot(condition.line, 0, place)) for event in said)

    def _events_in(self, expression: Expression, function: Function) -> list[str]:
        return [f"say {event}" for event in self._within(expression, function)]

    def _within(self, expression: Expression | None, function: Function) -> Iterator[str]:
        match expression:
            case Text():
                if expression.value in self._events or self.is_event(expression.value):
                    yield expression.value
            case Path():
                if not self._constants.isdisjoint(expression.text.split(".")[-2:]):
                    found = texts(self._inference, expression, function) & self._events
                    yield from found if len(found) == 1 else ()
            case _:
                for part in parts(expression):
                    yield from self._within(part, function)


class Ways:
    """Which functions events may go through."""

    def __init__(self, reader: StepReader) -> None:
        self._reader = reader
        self._program = reader.program
        self._known_users: dict[str, list[Function]] = {}
        self._carriers: set[Function] = set()
        """Functions that only pass on what others have built; what they await outside may be the send."""

    def find(self) -> tuple[Steps, ...]:
        """The steps of every function that may be on a way, and the bases of the classes."""
        on_way = self._on_way()
        names = {f.name for f in on_way} | {f.owner.name for f in on_way if f.owner}
        names |= {name for f in on_way for name in _routers(f)}
        shared = {
            c for f in on_way for c in self._read(f) if not on_way.isdisjoint(self._fillers(c))
        }
        found: dict[str, set[str]] = {}
        for function in in_order(on_way):
            steps = self._reader.of(function)
            counts = names | self._awaited(steps) if function in self._carriers else names
            does = {s for s in steps if _matters(s, counts, shared)}
            if does:
                found.setdefault(function.dotted, set()).update(does)
            if function.owner is not None and function.owner.bases:
                cls = f"{function.module}.{function.owner.qualname}"
                found.setdefault(cls, set()).update(bases_of(function))
        return tuple(Steps(name, tuple(sorted(found[name]))) for name in sorted(found))

    def _on_way(self) -> set[Function]:
        """From the functions that name an event on to what they call and fill, and whoever reads that;
        and back to whoever calls or fills any of these."""
        sources = [f for f in self._reader.own if self._names_event(f)]
        sources += [
            f for s in sources for table in self._tables(s) for f in self._readers_of(table)
        ]
        builders = self._with_receivers(sources)
        ahead = _closure(builders, self._onward)
        self._carriers = set(ahead) - set(builders)
        ahead |= dict.fromkeys(self._beside(ahead))
        fillers = [w for f in ahead for cell in self._read(f) for w in self._fillers(cell)]
        return {*ahead, *_closure([*sources, *fillers], self._users_of)}

    @staticmethod
    def _awaited(steps: frozenset[str]) -> set[str]:
        awaited = {step.removeprefix("await ") for step in steps if step.startswith("await ")}
        return awaited - TAKING - _WAITING

    def _names_event(self, function: Function) -> bool:
        return self._reader.is_event(function.name) or bool(self._reader.says(function))

    def _tables(self, function: Function) -> list[str]:
        """Variables of a module that hold an event's name."""
        return [s.partition(" in ")[2] for s in self._reader.says(function) if " in " in s]

    def _beside(self, ahead: Iterable[Function]) -> Iterator[Function]:
        """The other methods of objects that a framework calls, and that send events."""
        for cls in {c: None for f in ahead if (c := self._program.definition_of(f)) is not None}:
            if any(a.kind == "external" for a in self._program.ancestors(cls)):
                yield from self._program.methods(cls)

    def _with_receivers(self, builders: list[Function]) -> list[Function]:
        """Functions that build an event, and those that one is given back to."""
        found = dict.fromkeys(builders)
        for _ in range(_HANDED_BACK):
            for function in list(found):
                if any(not isinstance(r.value, Value) for r in function.body.returns):
                    found.update(dict.fromkeys(self._users_of(function)))
        return list(found)

    def _onward(self, function: Function) -> Iterator[Function]:
        yield from self._program.nested(function)
        for name in self._reader.uses(function):
            yield from self._meant(name)
        for name in self._puts(function):
            yield from self._readers_of(name)
        for cell in self._read(function):
            for filler in self._fillers(cell):  # what is called out of a table was put there
                for name in self._reader.uses(filler):
                    yield from self._meant(name)

    def _users_of(self, function: Function) -> Iterator[Function]:
        for name in (function.name, function.owner.name if function.owner else ""):
            if self._meant(name):
                yield from self._using(name)
        for name in _routers(function):
            users = self._using(name)
            yield from users if len(users) <= _COMMON else ()

    def _meant(self, name: str) -> list[Function]:
        found = [f for f in self._program.by_name.get(name, ()) if not f.is_library]
        found += self._run_by_class.get(name, ())
        return found if len(found) <= _COMMON else []

    @cached_property
    def _run_by_class(self) -> Mapping[str, list[Function]]:
        """What making or using an object of a class may run by itself."""
        methods = (f for f in self._reader.own if f.owner and f.name.startswith("__"))
        return _by(methods, lambda f: [f.owner.name] if f.owner else [])

    def _using(self, name: str) -> list[Function]:
        """Functions that mention a name, outside installed packages."""
        if name not in self._known_users:
            found = (f for f in self._program.mentioning(name) if not f.is_library)
            self._known_users[name] = [f for f in found if name in f.names]
        return self._known_users[name]

    @cached_property
    def _filled(self) -> Mapping[str, list[Function]]:
        return _by(self._reader.own, self._puts)

    def _puts(self, function: Function) -> list[str]:
        filled = (*function.body.assignments, *function.additions)
        return [a.target.rpartition(".")[2] for a in filled]

    def _fillers(self, cell: str) -> list[Function]:
        found = self._filled.get(cell, [])
        return found if len(found) <= _COMMON else []

    def _readers_of(self, cell: str) -> list[Function]:
        found = self._using(cell) if cell in self._reader.cells else []
        return found if len(found) <= _COMMON else []

    def _read(self, function: Function) -> list[str]:
        return [name for name in self._reader.uses(function) if name in self._reader.cells]


def _names(expression: Expression, local: set[str]) -> list[str]:
    """The parts of a dotted name that mean the same in another function."""
    if isinstance(expression, Member):
        return [expression.name]
    names = expression.text.split(".") if isinstance(expression, Path) else []
    return names[1:] if names and names[0] in local else names


def _routers(function: Function) -> list[str]:
    """What ties a function to the outside: `router` of `@router.websocket("/ws")`."""
    decorators = function.fact.decorators if function.fact else ()
    owners = (decorator.partition("(")[0].rpartition(".")[0] for decorator in decorators)
    return [owner.rpartition(".")[2] for owner in owners if owner]


def bases_of(method: Function) -> Iterator[str]:
    """The steps of the class of a method."""
    for base in method.owner.bases if method.owner else ():
        yield f"base {base.partition('[')[0].rpartition('.')[2]}"


def _matters(step: str, names: set[str], shared: set[str]) -> bool:
    verb, _, name = step.partition(" ")
    if verb in ("say", "under", "await", "order", "times", "exits"):
        return True
    if verb in ("give", "gate"):
        name = name.partition(" ")[0]
        return name in names or is_effect(name)
    if verb == "put":
        return name in shared
    return name in names or name in shared or (verb == "call" and is_effect(name))


def is_effect(name: str) -> bool:
    """Whether a call of something outside may send, or may tie a socket to what is sent later."""
    return bool(SENDING.search(name) or _JOINING.search(name))


def _dotted(name: str) -> str:
    return name.replace("_", ".")


def spelled_alike(name: str) -> str:
    """The same for `agent_started`, `agent.started`, `AgentStarted`."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _origin(callee: Expression, function: Function, local: set[str]) -> str:
    """The name of what a local name was taken from: `TABLE` of `handler = TABLE.get(kind)`."""
    for _ in range(_HOPS):
        match callee:
            case Path():
                if callee.text not in local:
                    return callee.last
                assigned = [a for a in function.body.assignments if a.target == callee.text]
                if not assigned:
                    return ""
                callee = assigned[0].value
            case Result():
                call = function.body.calls[callee.call]
                owner = owner_of(call.callee)
                callee = owner if owner is not None else call.callee
            case Item() | Element() | Member():
                callee = callee.owner
            case _:
                return ""
    return ""


def _closure(
    start: Iterable[Function], further: Callable[[Function], Iterable[Function]]
) -> dict[Function, None]:
    found = dict.fromkeys(start)
    queue = list(found)
    for function in queue:
        for other in further(function):
            if other not in found:
                found[other] = None
                queue.append(other)
        if len(found) > _NEAREST:
            break
    return found


def _by(
    functions: Iterable[Function], names: Callable[[Function], Iterable[str]]
) -> dict[str, list[Function]]:
    found: dict[str, list[Function]] = {}
    for function in functions:
        for name in dict.fromkeys(names(function)):
            found.setdefault(name, []).append(function)
    return found
