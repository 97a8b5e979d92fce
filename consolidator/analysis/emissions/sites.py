"""The places that build a critical event, and whether each one sends it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from consolidator.analysis.emissions.bodies.code import (
    Call,
    Expression,
    Item,
    Joined,
    Path,
    Place,
    Result,
    called_name,
    owner_of,
    parts,
)
from consolidator.analysis.emissions.callers.calls import CallGraph
from consolidator.analysis.emissions.callers.composed import Composition, compositions
from consolidator.analysis.emissions.callers.liveness import Liveness
from consolidator.analysis.emissions.callers.uses import Use
from consolidator.analysis.emissions.flow.flow import Flow
from consolidator.analysis.emissions.flow.journey import UNUSED, Journey
from consolidator.analysis.emissions.program.function import Function
from consolidator.analysis.emissions.spelling import TYPE_KEYS, Spelling
from consolidator.analysis.emissions.values.constants import texts
from consolidator.analysis.emissions.verdict import Verdict

_EMITTING = re.compile(
    r"(emit|notif|send|publish|broadcast|dispatch|push|fire|post|stream|event)", re.I
)
_COMPOSING = frozenset({"format", "join", "get"})


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
    is_receiver: bool = False
    """Whether a method of it is called: `Event.STARTED.message()`."""
    uses: tuple[Use, ...] = ()
    """The calls that make it this event, the one with the written parts first."""


class Sites:
    """Finds the sites of some events in a program."""

    def __init__(
        self, spelling: Spelling, graph: CallGraph, liveness: Liveness, flow: Flow
    ) -> None:
        self._spelling = spelling
        self._graph = graph
        self._liveness = liveness
        self.flow = flow
        self.sent: dict[Function, frozenset[str]] = {}
        """The events that a function sends, itself or through what it calls; known after `find`."""

    def sent_by(self, call: Call, function: Function) -> frozenset[str]:
        """The events that a call can send, directly or in the end; known after `find`."""
        targets = self._graph.targets(call, function)
        reached = targets.functions or targets.guessed
        return frozenset().union(*(self.sent.get(target, frozenset()) for target in reached))

    def find(self) -> list[Site]:
        """Every site outside installed packages, by file and line."""
        candidates = self._spelling.files()
        direct = self._directly_in(candidates)
        built = {site.event for site in direct}
        aliases = self._spelling.aliases
        self.flow.aliases = {alias: e for alias, e in aliases.items() if e not in built}
        if self.flow.aliases:
            direct += self._directly_in(candidates)
        found = direct + self._delegations(direct)
        own = {
            (s.event, s.function.path, s.line, s.form): s
            for s in found
            if not s.function.is_library
        }
        return sorted(own.values(), key=lambda s: (s.event, s.function.path, s.line, s.form))

    def loses_sight_of(self, expression: Expression, function: Function, event: str) -> bool:
        """Whether an event is handed on from here, and nothing is known of what becomes of it."""
        journey = self.flow.of_expression(expression, function, event)
        return journey.used and journey.reached == UNUSED

    def follows_results_of(self, function: Function) -> bool:
        """Whether the callers of a function are known, and so what they do with its results."""
        return any(use.call is not None for use in self._graph.uses(function))

    # direct sites

    def _directly_in(self, paths: Sequence[str]) -> list[Site]:
        functions = (f for path in paths for f in self._graph.program.functions(path))
        return [site for function in functions for site in self._direct(function)]

    def _built(self, function: Function) -> Iterator[Site]:
        """Constructions of classes that are an event by themselves: `Done()`."""
        for position, call in enumerate(function.body.calls):
            events = self._spelling.events_of(called_name(call))
            if not events or not self._graph.targets(call, function).classes:
                continue
            place = function.body.places[call.place]
            for event in sorted(events):
                held = frozenset({(self._spelling.type_field(called_name(call)), True)})
                journey = self.flow.of_result(position, function, held, event)
                if journey.used or journey.reached:
                    runs = self._runs(function, call.place, call.line)
                    yield Site(
                        event, function, call.line, "instance", journey.reached, runs, place, call
                    )

    def _runs(self, function: Function, place: int, line: int) -> Verdict:
        obstacle = self._liveness.blocked(function, place, line)
        return Verdict("false", obstacle) if obstacle else self._liveness.of(function)

    def _direct(self, function: Function) -> Iterator[Site]:
        yield from self._built(function)
        for origin in self._origins(function):
            place = function.body.places[origin.place]
            for event in sorted(origin.events):
                if origin.is_receiver and isinstance(origin.expression, Path):
                    journey = self.flow.of_constant(origin.expression.text, function, event)
                else:
                    journey = self.flow.of_expression(origin.expression, function, event)
                if not self._is_emission(origin, journey):
                    continue
                runs = self._runs(function, origin.place, origin.line)
                name = self._spelling.aliases.get(event, event)
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
            owner = owner_of(call.callee)
            if isinstance(owner, Path) and (named := self._spelling.of(owner, function)):
                yield _Origin(owner, *named, call.line, call.place, call, "", is_receiver=True)
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
                events = composition.texts & self._spelling.events
                yield _Origin(
                    expression,
                    events,
                    "composed",
                    line,
                    place,
                    call,
                    key,
                    uses=composition.uses,
                )
            return
        if found := self._spelling.of(expression, function, self.flow.aliases):
            events, form = found
            yield _Origin(expression, events, form, line, place, call, key)
            return
        for part, part_key in parts(expression):
            yield from self._within(part, function, line, place, call, part_key or key)

    def _composed(self, expression: Expression, function: Function) -> Iterator[Composition]:
        """Names that callers decide about, where they make a guarded event's name."""
        if isinstance(expression, Result):
            may_be = called_name(function.body.calls[expression.call]) in _COMPOSING
        else:
            may_be = isinstance(expression, Joined | Item)
        if may_be:
            for composition in compositions(expression, function, self._graph):
                if composition.texts & self._spelling.events:
                    yield composition

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
