"""What the functions on an event's way do, in words that can be compared with another state of them.

Following values says whether an event arrives, as far as the code is understood. This says what has to
stay for it to arrive, understood or not: who is called, what is awaited, what is put where and read
again. It goes by names, those of local variables left out, so that more is on a way than really is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import blake2b

import msgspec

from consolidator.analysis.emissions.bodies.code import (
    Call,
    Element,
    Expression,
    Group,
    Item,
    Member,
    Path,
    Result,
    Text,
    Value,
    called_name,
    owner_of,
)
from consolidator.analysis.emissions.callers.coroutines import lost_coroutine
from consolidator.analysis.emissions.callers.entries import QUIET_DECORATORS
from consolidator.analysis.emissions.callers.liveness import Liveness
from consolidator.analysis.emissions.callers.logs import is_log
from consolidator.analysis.emissions.program.function import Function
from consolidator.analysis.emissions.steps.acts import (
    Act,
    Doing,
    Kind,
    Spot,
    acts_of,
    is_none,
    put_by,
)
from consolidator.analysis.emissions.steps.flags import states
from consolidator.analysis.emissions.steps.meant import (
    HOPS,
    STANDING_FOR,
    is_token,
    lines_of,
    parts,
)
from consolidator.analysis.emissions.values.binding import accepts
from consolidator.analysis.emissions.values.constants import texts
from consolidator.analysis.emissions.values.values import Inference

SENDING = re.compile(r"send|emit|publish|broadcast|push|write|notif|dispatch|put|post", re.I)
_KIND_KEYS = frozenset({"type", "event", "event_type", "kind", "name", "topic", "action"})
_JOINING = re.compile(
    r"(^|_)(add|join|enter|register|subscribe|psubscribe|listen|attach|accept|include|mount|route)(_|$)"
)
"""Calls of things outside that tie a socket to what is sent later."""


class Steps(msgspec.Struct, frozen=True, array_like=True):
    """One function, or one class, and what it does for the events, as `verb name`, in order of the text:

    - `call`, `await`, `drop`, `lay`: it calls something of this name, awaits that, throws its result away,
      or gives it a name and awaits nothing of that name;
    - `misfit`: it calls something of this name with arguments that nothing of this name takes;
    - `use`, `put`: it mentions the name as a value, puts something into what goes by it;
    - `say`: it holds an event's name; of a module `say EVENT in VARIABLE`;
    - `hollow METHOD`: this method of a subclass takes its place and does nothing of that;
    - `sum`: a hash of everything that it does, on a way or not;
    - `under`, `base`: it has this decorator, this base class;
    - `flag NAME VALUE`: a constant that conditions ask for; `skip EVENT`: it does nothing for that one;
    - `gives`: it gives a value back however it ends;
    - `loaded`: another file imports this module.

    `acts` say how it does that.
    """

    function: str
    does: tuple[str, ...]
    takes: tuple[str, ...] = ()
    """Its parameters, and those of the functions around it."""
    has: tuple[str, ...] = ()
    """Every name in it."""
    acts: tuple[Act, ...] = ()


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
        self._known_acts: dict[Function, tuple[Act, ...]] = {}

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
    def imported(self) -> frozenset[str]:
        """Modules that other files of the program import."""
        tree = self.program.tree
        found = set()
        for path in self.program.paths:
            facts = tree.facts(path)
            for fact in facts.imports if facts is not None else ():
                module = tree.absolute(path, fact.level, fact.module)
                if module is not None and module != tree.module(path):
                    found |= {module, f"{module}.{fact.name}"}
        return frozenset(found)

    @cached_property
    def classes(self) -> frozenset[str]:
        facts = (self.program.tree.facts(path) for path in self.program.paths)
        return frozenset(cls.name for known in facts if known is not None for cls in known.classes)

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

    @cached_property
    def by_dotted(self) -> Mapping[str, Sequence[Function]]:
        """Functions by dotted name; there may be several under conditions."""
        found: dict[str, list[Function]] = {}
        for function in self.own:
            found.setdefault(function.dotted, []).append(function)
        return found

    def sum_of(self, dotted: str) -> str:
        """A hash of what the functions of a name do: where it is the same, they are."""
        functions = self.by_dotted.get(dotted, ())
        steps = sorted(s for f in functions for s in self.of(f))
        acts = [(self.acts(f), sorted(states(f))) for f in functions]
        return blake2b(repr((steps, acts)).encode(), digest_size=6).hexdigest()

    def acts(self, function: Function) -> tuple[Act, ...]:
        """How a function does what it does, where control can come."""
        if function not in self._known_acts:
            local = self._local_names(function)
            doings = self._doings(function, local)
            acts = acts_of(doings, function, local)
            self._known_acts[function] = (*put_by(function, local), *acts)
        return self._known_acts[function]

    def takes(self, function: Function) -> tuple[str, ...]:
        """Parameters of a function and of those around it."""
        return tuple(
            p.name for f in self._around(function) if f.fact is not None for p in f.fact.parameters
        )

    def has(self, function: Function) -> frozenset[str]:
        """Every name in a function, local ones and those that it binds among them."""
        bound = (a.target.rpartition(".")[2] for a in function.body.assignments)
        return frozenset((*function.names, *bound))

    def _doings(self, function: Function, local: set[str]) -> Iterator[Doing]:
        def comes_to(place: int, line: int) -> bool:
            return not self.liveness.blocked(function, place, line)

        calls = function.body.calls
        lines = lines_of(function)
        for index, call in enumerate(calls):
            name = self._name(call, function, local)
            if name and not is_log(call) and comes_to(call.place, call.line):
                kind: Kind = "tell" if self.is_event(name) else "other"
                about = self._about(call, function, local)
                yield Doing(name, about, kind, Spot(lines[index], call.place), call)
        if function.path in self._naming:
            for said, spot in self._said(function, comes_to):
                yield Doing("say", said.partition(" ")[2], "tell", spot)
        for found in function.body.returns:
            if found.is_yield and comes_to(found.place, found.line):
                about = self._token(found.value, function, local)
                yield Doing("yield", about, "other", Spot(found.line, found.place))

    def _about(self, call: Call, function: Function, local: set[str], depth: int = HOPS) -> str:
        """What tells a call from others of its name: the object of the module that it is called on, or
        the first of its arguments that names something."""
        owner = owner_of(call.callee)
        if isinstance(owner, Path) and owner.head not in local and owner.last in self.cells:
            return owner.last
        found = (self._token(a.value, function, local, depth) for a in call.arguments)
        return next(filter(None, found), "")

    def _token(
        self, value: Expression, function: Function, local: set[str], depth: int = HOPS
    ) -> str:
        match value:
            case Text():
                return value.value if is_token(value.value) else ""
            case Path() if value.text in local and depth:
                assigned = [a for a in function.body.assignments if a.target == value.text]
                if len(assigned) != 1:
                    return ""
                return self._token(assigned[0].value, function, local, depth - 1)
            case Path() if value.last.isupper() or value.text[:1].isupper():
                found = texts(self._inference, value, function)
                return next(iter(found)) if len(found) == 1 else value.last
            case Result() if depth:
                call = function.body.calls[value.call]
                name = called_name(call)
                if name in self.classes:
                    return name
                return self._about(call, function, local, depth - 1) if self.is_known(name) else ""
            case Group() if value.keys:
                found_in = (
                    self._token(part, function, local, depth - 1)
                    for key, part in zip(value.keys, value.values, strict=True)
                    if isinstance(key, Text) and key.value in _KIND_KEYS and depth
                )
                return next(filter(None, found_in), "")
            case _:
                return ""

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
        if self._always_gives(function):
            yield "gives"
        if function.path in self._naming:
            yield from (said for said, _ in self._said(function, comes_to))
            yield from self._skipped(function)

    @staticmethod
    def _always_gives(function: Function) -> bool:
        """Whether it gives a value back however it ends, want of something apart."""
        body = function.body
        results = [found for found in body.returns if not found.is_yield]
        return (
            bool(results)
            and not body.falls_through
            and all(
                found.value != Value(None)
                or any(is_none(c.test, c.holds) for c in body.places[found.place].conditions[-1:])
                for found in results
            )
        )

    def _around(self, function: Function) -> Iterator[Function]:
        """A function and those around it, innermost first."""
        around: Function | None = function
        while around is not None and around.qualname:
            yield around
            around = self._inference.around(around)

    def _local_names(self, function: Function) -> set[str]:
        """Names that mean something only in this function, or in one around it."""
        found: set[str] = set()
        for around in self._around(function):
            found |= {a.target for a in around.body.assignments if not a.into_item}
            found |= {p.name for p in around.fact.parameters} if around.fact else set()
        return found

    def _name(self, call: Call, function: Function, local: set[str]) -> str:
        """What a call goes by; for a local name what that was taken from."""
        name = called_name(call)
        return _origin(call.callee, function, local) if not name or name in local else name

    def _called(self, call: Call, function: Function, local: set[str]) -> Iterator[str]:
        name = self._name(call, function, local)
        if not name or name.startswith("~"):
            return
        is_awaited = call.fate in ("awaited", "entered")
        namesakes = self.program.by_name.get(name, ())
        if namesakes or self.is_known(name) or is_effect(name) or (is_awaited and call.arguments):
            yield f"call {name}"
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
        lines = lines_of(function)
        for index, call in enumerate(body.calls):
            for argument in () if is_log(call) else call.arguments:
                said = self._events_in(argument.value, function)
                if said and comes_to(call.place, call.line):
                    spot = Spot(lines[index], call.place)
                    yield from ((event, spot) for event in said)
        for assigned in body.assignments:
            where = "" if function.qualname else f" in {assigned.target.rpartition('.')[2]}"
            said = self._events_in(assigned.value, function)
            if said and comes_to(assigned.place, assigned.line):
                spot = Spot(assigned.line, assigned.place)
                yield from ((f"{event}{where}", spot) for event in said)
        for found in body.returns:
            said = self._events_in(found.value, function)
            if said and comes_to(found.place, found.line):
                yield from ((event, Spot(found.line, found.place)) for event in said)
        for place, circumstances in enumerate(body.places):
            for condition in circumstances.conditions if not circumstances.dead else ():
                said = self._events_in(condition.test, function)
                yield from ((event, Spot(condition.line, place)) for event in said)

    def _skipped(self, function: Function) -> Iterator[str]:
        """`skip EVENT` where it does nothing for an event that a condition names."""
        body = function.body
        places = [thing.place for thing in body.calls]
        places += [thing.place for thing in body.assignments]
        places += [thing.place for thing in body.returns if thing.value != Value(None)]
        doing = {(c.test, c.holds) for place in places for c in body.places[place].conditions}
        for test, holds in sorted(doing, key=repr):
            if (test, not holds) not in doing and not holds:
                yield from (f"skip {event}" for event in self._within(test, function))

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


def _names(expression: Expression, local: set[str]) -> list[str]:
    """The parts of a dotted name that mean the same in another function."""
    if isinstance(expression, Member):
        return [expression.name]
    names = expression.text.split(".") if isinstance(expression, Path) else []
    return names[1:] if names and names[0] in local else names


def bases_of(method: Function) -> Iterator[str]:
    """The steps of the class of a method."""
    for base in method.owner.bases if method.owner else ():
        yield f"base {base.partition('[')[0].rpartition('.')[2]}"


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
    for _ in range(HOPS):
        match callee:
            case Path():
                if callee.text not in local:
                    return callee.last
                assigned = [a for a in function.body.assignments if a.target == callee.text]
                if not assigned:
                    return f"~{callee.text}"
                callee = assigned[0].value
            case Result():
                call = function.body.calls[callee.call]
                owner = owner_of(call.callee)
                if called_name(call) in STANDING_FOR and call.arguments:
                    callee = call.arguments[0].value
                else:
                    callee = owner if owner is not None else call.callee
            case Item() | Element() | Member():
                callee = callee.owner
            case _:
                return ""
    return ""
