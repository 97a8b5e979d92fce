"""The places that build a critical event, and whether each one sends it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from consolidator.analysis.emissions.calls import CallGraph, Use
from consolidator.analysis.emissions.code import (
    Call,
    Choice,
    Element,
    Entered,
    Expression,
    Group,
    Item,
    Joined,
    Member,
    Opaque,
    Path,
    Place,
    Result,
    Text,
    called_name,
)
from consolidator.analysis.emissions.composed import Composition, compositions
from consolidator.analysis.emissions.constants import texts
from consolidator.analysis.emissions.flow import Flow
from consolidator.analysis.emissions.journey import UNUSED, Journey
from consolidator.analysis.emissions.liveness import Liveness
from consolidator.analysis.emissions.program import Function
from consolidator.analysis.emissions.verdict import Verdict

_EMITTING = re.compile(
    r"(emit|notif|send|publish|broadcast|dispatch|push|fire|post|stream|event)", re.I
)
_COMPOSING = frozenset({"format", "join", "get"})
_TELLING = re.compile(r"\w[.:/_-]\w|.{9}")
"""Texts that are no plain word."""
_GLUE = ("}_{", '"_".join', "'_'.join", "{}_{}", "%s_%s")
"""What puts an event's name together from two others."""
TYPE_KEYS = frozenset({"type", "event", "event_type", "kind", "name", "message_type", "event_name"})


@dataclass(frozen=True)
class Site:
    """One place that builds one event."""

    event: str
    function: Function
    line: int
    form: str
    reach: Verdict
    """Whether the event gets from here to a transport."""
    runs: Verdict
    """Whether control comes here."""
    place: Place
    call: Call | None = None
    """The call that builds the event or hands it on; None where the name stands elsewhere."""
    expression: Expression | None = None
    """The event's name, where it is written here."""

    @property
    def verdict(self) -> Verdict:
        weaker = self.reach.both(self.runs)
        if weaker.is_certain:
            return Verdict("true", f"{self.runs.why}; {self.reach.why}")
        return weaker


@dataclass(frozen=True)
class _Origin:
    """An expression that is an event's name, and the statement that it stands in."""

    expression: Expression
    events: frozenset[str]
    form: str
    line: int
    place: int
    call: Call | None
    key: str
    """The dict key or keyword that it is the value of."""
    uses: tuple[Use, ...] = ()
    """The calls that make it this event, the one with the written parts first."""


class Sites:
    """Finds the sites of some events in a program."""

    def __init__(
        self, events: Sequence[str], graph: CallGraph, liveness: Liveness, flow: Flow
    ) -> None:
        self._events = frozenset(events)
        self._graph = graph
        self._program = graph.program
        self._liveness = liveness
        self.flow = flow
        self._classes_key: dict[str, str] = {}
        self.sent: dict[Function, frozenset[str]] = {}
        """The events that a function sends, itself or through what it calls; known after `find`."""

    def sent_by(self, call: Call, function: Function) -> frozenset[str]:
        """The events that a call can send, directly or in the end; known after `find`."""
        targets = self._graph.targets(call, function)
        reached = targets.functions or targets.guessed
        return frozenset().union(*(self.sent.get(target, frozenset()) for target in reached))

    def find(self) -> list[Site]:
        """Every site outside installed packages, by file and line."""
        direct = [s for function in self._candidates() for s in self._direct(function)]
        built = {site.event for site in direct}
        self.flow.aliases = {a: event for a, event in self.aliases.items() if event not in built}
        if self.flow.aliases:
            direct += [s for function in self._candidates() for s in self._direct(function)]
        found = direct + self._delegations(direct)
        own = {
            (s.event, s.function.path, s.line, s.form): s
            for s in found
            if not s.function.is_library
        }
        return sorted(own.values(), key=lambda s: (s.event, s.function.path, s.line, s.form))

    # direct sites

    def _candidates(self) -> Iterator[Function]:
        wanted = [
            *self._events,
            *self.aliases,
            *self.constant_names,
            *self._pieces,
            *self._classes,
            *_GLUE,
        ]
        for path in self._program.tree.containing(*sorted(wanted), paths=self._program.paths):
            yield from self._program.functions(path)

    @cached_property
    def _pieces(self) -> frozenset[str]:
        """Ends of texts that an event's name may be put together from."""
        quotes = ('"', "'")
        heads = {event[: at + 1] for event in self._events for at in _underscores(event)}
        tails = {event[at:] for event in self._events for at in _underscores(event)}
        return frozenset({q + head for q in quotes for head in heads}) | frozenset(
            {tail + q for q in quotes for tail in tails}
        )

    @cached_property
    def constant_names(self) -> frozenset[str]:
        """Names that constants and containers holding an event go by."""
        found: set[str] = set()
        spelled = {*self._events, *self.aliases, *(event.upper() for event in self._events)}
        for path in self._program.tree.containing(*sorted(spelled), paths=self._program.paths):
            module = self._program.function(path, "")
            for assignment in module.body.assignments if module else ():
                name = assignment.target.rpartition(".")[2]
                if name.lower() in self._events or any(
                    t.value in self._events or t.value in self.aliases
                    for t in _texts_within(assignment.value)
                ):
                    found.add(name)
        return frozenset(found)

    def classes_of(self, event: str) -> frozenset[str]:
        """Names of the classes whose instances are this event."""
        return frozenset(name for name, events in self._classes.items() if event in events)

    def makes_itself(self, name: str) -> bool:
        """Whether a constant of this name is what a call gives: a member of an enumeration that has
        `auto()` for a value, and that the program may spell as it likes."""
        for path in self._program.tree.containing(name, paths=self._program.paths):
            module = self._program.function(path, "")
            for assignment in module.body.assignments if module else ():
                owner, _, last = assignment.target.rpartition(".")
                cls = self._program.class_at(path, owner) if owner else None
                is_number = cls is not None and any("Int" in b or "Flag" in b for b in cls.bases)
                if last == name and cls and isinstance(assignment.value, Result) and not is_number:
                    return True
        return False

    @cached_property
    def aliases(self) -> dict[str, str]:
        """Texts that a table of some module has an event's name for: `{"run.begin": "agent_started"}`."""
        found: dict[str, set[str]] = {}
        for path in self._program.tree.containing(*self._events, paths=self._program.paths):
            module = self._program.function(path, "")
            for assignment in module.body.assignments if module else ():
                table = assignment.value
                if module is None or not isinstance(table, Group) or not table.keys:
                    continue
                for key, value in zip(table.keys, table.values, strict=True):
                    known = texts(self._graph.inference, key, module) if key else frozenset()
                    events = texts(self._graph.inference, value, module) & self._events
                    if len(known) == 1 and len(events) == 1:
                        found.setdefault(next(iter(known)), set()).update(events)
        return {
            alias: min(events)
            for alias, events in sorted(found.items())
            if len(events) == 1 and alias not in self._events and _TELLING.search(alias)
        }

    def loses_sight_of(self, expression: Expression, function: Function, event: str) -> bool:
        """Whether an event is handed on from here, and nothing is known of what becomes of it."""
        journey = self.flow.of_expression(expression, function, event)
        return journey.used and journey.reached == UNUSED

    def follows_results_of(self, function: Function) -> bool:
        """Whether the callers of a function are known, and so what they do with its results."""
        return any(use.call is not None for use in self._graph.uses(function))

    @staticmethod
    def names_event(table: Group, event: str) -> bool:
        """Whether an event's name stands among the values of a table."""
        return any(t.value == event for value in table.values for t in _texts_within(value))

    @cached_property
    def _classes(self) -> dict[str, frozenset[str]]:
        """Classes whose instances are one event by a default in the class body, by their plain names."""
        found: dict[str, frozenset[str]] = {}
        for path in self._program.tree.containing(
            *self._events, *self.constant_names, paths=self._program.paths
        ):
            module = self._program.function(path, "")
            for assignment in module.body.assignments if module else ():
                owner, _, name = assignment.target.rpartition(".")
                cls = self._program.class_at(path, owner) if owner else None
                if module is None or cls is None or name.isupper():
                    continue  # capitals are constants and members of enumerations
                if event := self._event_of(assignment.value, module):
                    found[cls.name] = event[0]
                    self._classes_key[cls.name] = name
        return found

    def _built(self, function: Function) -> Iterator[Site]:
        """Constructions of classes that are an event by themselves: `Done()`."""
        for position, call in enumerate(function.body.calls):
            events = self._classes.get(called_name(call))
            if not events or not self._graph.targets(call, function).classes:
                continue
            place = function.body.places[call.place]
            for event in sorted(events):
                held = frozenset({(self._classes_key[called_name(call)], True)})
                journey = self.flow.of_result(position, function, held, event)
                if journey.used or journey.reached:
                    runs = self._runs(function, call.place, call.line)
                    yield Site(
                        event, function, call.line, "instance", journey.reached, runs, place, call
                    )

    @property
    def _followed(self) -> frozenset[str]:
        """The texts that are looked for: events, or what becomes one that nothing builds by its name."""
        return frozenset(self.flow.aliases) or self._events

    def _runs(self, function: Function, place: int, line: int) -> Verdict:
        obstacle = self._liveness.blocked(function, place, line)
        return Verdict("false", obstacle) if obstacle else self._liveness.of(function)

    def _direct(self, function: Function) -> Iterator[Site]:
        yield from self._built(function)
        for origin in self._origins(function):
            place = function.body.places[origin.place]
            for event in sorted(origin.events):
                journey = self.flow.of_expression(origin.expression, function, event)
                if not self._is_emission(origin, journey):
                    continue
                runs = self._runs(function, origin.place, origin.line)
                name = self.aliases.get(event, event)
                if origin.uses:
                    yield self._called(name, origin, journey.reached.both(runs))
                    continue
                yield Site(
                    name,
                    function,
                    origin.line,
                    origin.form,
                    journey.reached,
                    runs,
                    place,
                    origin.call,
                    origin.expression,
                )

    def _called(self, event: str, origin: _Origin, reached: Verdict) -> Site:
        """A site where callers decide about the event: it is where they write the parts."""
        first = origin.uses[0]
        runs = self._liveness.of_use(first)
        for use in origin.uses[1:]:
            if obstacle := self._liveness.obstacle(use):
                runs = Verdict("false", obstacle)
        place = first.function.body.places[first.place]
        return Site(
            event, first.function, first.line, origin.form, reached, runs, place, first.call
        )

    @staticmethod
    def _is_emission(origin: _Origin, journey: Journey) -> bool:
        """Whether a place builds an event, or only mentions its name."""
        if journey.reached:
            return True
        if not journey.used:
            return False
        if origin.call is not None and _EMITTING.search(called_name(origin.call)):
            return True
        return origin.key in TYPE_KEYS

    def _origins(self, function: Function) -> Iterator[_Origin]:
        body = function.body
        for call in body.calls:
            for argument in call.arguments:
                yield from self._within(
                    argument.value, function, call.line, call.place, call, argument.keyword
                )
        for assignment in body.assignments if function.qualname else ():
            yield from self._within(
                assignment.value, function, assignment.line, assignment.place, None, ""
            )
        for found in body.returns:
            if not self._is_translation(found.value, function):
                yield from self._within(found.value, function, found.line, found.place, None, "")

    def _is_translation(self, value: Expression, function: Function) -> bool:
        """Whether a function gives back what a table has for something that is not known: it says what
        events are called, and builds none."""
        if isinstance(value, Result):
            call = function.body.calls[value.call]
            is_lookup = called_name(call) == "get" and bool(call.arguments)
            key = call.arguments[0].value if is_lookup else None
        else:
            key = value.key if isinstance(value, Item) else None
        return key is not None and not texts(self._graph.inference, key, function)

    def _within(
        self,
        expression: Expression,
        function: Function,
        line: int,
        place: int,
        call: Call | None,
        key: str,
    ) -> Iterator[_Origin]:
        if composed := list(self._composed(expression, function)):
            for composition in composed:
                events = composition.texts & self._events
                yield _Origin(
                    expression, events, "composed", line, place, call, key, composition.uses
                )
            return
        if found := self._event_of(expression, function):
            events, form = found
            yield _Origin(expression, events, form, line, place, call, key)
            return
        for part, part_key in _parts(expression):
            yield from self._within(part, function, line, place, call, part_key or key)

    def _composed(self, expression: Expression, function: Function) -> Iterator[Composition]:
        """Names that callers decide about, where they make a guarded event's name."""
        if isinstance(expression, Result):
            may_be = called_name(function.body.calls[expression.call]) in _COMPOSING
        else:
            may_be = isinstance(expression, Joined | Item)
        if may_be:
            for composition in compositions(expression, function, self._graph):
                if composition.texts & self._events:
                    yield composition

    def _event_of(
        self, expression: Expression, function: Function
    ) -> tuple[frozenset[str], str] | None:
        form = self._form(expression)
        if isinstance(expression, Result):
            name = called_name(function.body.calls[expression.call])
            form = "format" if name in ("format", "join", "lower") else ""
        if not form:
            return None
        inference = self._graph.inference
        events = texts(inference, expression, function) & self._followed
        return (events, form) if events else None

    def _form(self, expression: Expression) -> str:
        """How an expression may name an event; empty where it is not worth a closer look."""
        match expression:
            case Text():
                if expression.value in self._events:
                    return "" if self.flow.aliases else "literal"
                return "alias" if expression.value in self.flow.aliases else ""
            case Path():
                names = expression.text.split(".")
                is_constant = len(names) > 1 or names[0].isupper()
                known = names[-1] in self.constant_names or (
                    names[-1] in ("value", "name")
                    and names[-2:-1] != []
                    and names[-2] in self.constant_names
                )
                return "constant" if known and is_constant else ""
            case Joined():
                return (
                    "f-string" if any(isinstance(part, Text) for part in expression.parts) else ""
                )
            case Item() | Element():
                owner = expression.owner
                is_known = isinstance(owner, Path) and owner.last in self.constant_names
                return "table" if is_known else ""
            case Member(owner=Item(), name="value"):
                return self._form(expression.owner)
        return ""

    # delegation

    def _delegations(self, direct: Sequence[Site]) -> list[Site]:
        """Calls of functions that send one event and no other, up to those that send several; and
        calls of an installed emitter or engine, whatever these send."""
        sites: dict[Function, list[Site]] = {}
        for site in direct:
            sites.setdefault(site.function, []).append(site)
        self.sent = self._sent_events(direct, single=False)
        sent = self._sent_events(direct, single=True)
        queue, found, seen = list(sites), [], set(sites)
        for function in queue:
            for use in self._uses(function):
                new = [s for s in self._sites_of(use, function, sent, sites) if s not in found]
                found += new
                sites.setdefault(use.function, []).extend(new)
                if new and use.function not in seen:
                    seen.add(use.function)
                    queue.append(use.function)
        return found

    def _uses(self, function: Function) -> list[Use]:
        return [use for use in self._graph.uses(function) if use.call is not None and use.certain]

    def _sent_events(
        self, direct: Sequence[Site], *, single: bool
    ) -> dict[Function, frozenset[str]]:
        """The events that a function sends, itself or through what it calls; with `single` only
        through functions that send one event and no other."""
        sent: dict[Function, frozenset[str]] = {}
        for site in direct:
            sent[site.function] = sent.get(site.function, frozenset()) | {site.event}
        queue = list(sent)
        for function in queue:
            if single and len(sent[function]) > 1:
                continue
            for use in self._uses(function):
                known = sent.get(use.function, frozenset())
                if not sent[function] <= known:
                    sent[use.function] = known | sent[function]
                    queue.append(use.function)
        return sent

    def _sites_of(
        self,
        use: Use,
        function: Function,
        sent: dict[Function, frozenset[str]],
        sites: dict[Function, list[Site]],
    ) -> Iterator[Site]:
        assert use.call is not None
        crosses = function.is_library and not use.function.is_library
        targets = self._graph.targets(use.call, use.function)
        reached = [*targets.functions, *targets.guessed]
        events = frozenset().union(*(sent.get(target, frozenset()) for target in reached))
        if len(events) > 1 and not crosses:
            return
        runs = self._liveness.of_use(use)
        place = use.function.body.places[use.place]
        for event in sorted(events):
            reach = self._best_reach(event, reached, sites)
            if reach is not None:
                form = "method" if crosses else "delegation"
                yield Site(event, use.function, use.line, form, reach, runs, place, use.call)

    @staticmethod
    def _best_reach(
        event: str, targets: Sequence[Function], sites: dict[Function, list[Site]]
    ) -> Verdict | None:
        best: Verdict | None = None
        for target in targets:
            for site in sites.get(target, ()):
                if site.event == event:
                    reach = site.reach if site.runs else site.runs
                    best = best.best(reach) if best else reach
        return best


def _underscores(text: str) -> list[int]:
    return [position for position, character in enumerate(text) if character == "_"]


def _parts(expression: Expression) -> Iterator[tuple[Expression, str]]:
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
    for part, _ in _parts(expression):
        yield from within(part)


def _texts_within(expression: Expression) -> Iterator[Text]:
    return (part for part in within(expression) if isinstance(part, Text))
