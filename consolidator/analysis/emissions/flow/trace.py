"""One function's calls, assignments and returns, as far as a value gets into them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from consolidator.analysis.emissions.bodies.code import (
    Argument,
    Assignment,
    Call,
    Element,
    Expression,
    Item,
    Path,
    Result,
    Text,
    called_name,
    owner_of,
)
from consolidator.analysis.emissions.bodies.handed_on import expressions
from consolidator.analysis.emissions.callers.calls import Targets, is_abstract
from consolidator.analysis.emissions.callers.coroutines import is_coroutine, lost_coroutine
from consolidator.analysis.emissions.callers.logs import is_log
from consolidator.analysis.emissions.callers.standing_for import (
    filled,
    in_turn,
    never_started,
    started_by,
    stood_for,
)
from consolidator.analysis.emissions.callers.transports import (
    group_message,
    is_broker,
    is_transport,
    may_send,
)
from consolidator.analysis.emissions.flow.held import (
    ITSELF,
    NOTHING,
    SOMEWHERE,
    Held,
    field_of,
    part_of,
    under,
)
from consolidator.analysis.emissions.flow.holdings import Holdings
from consolidator.analysis.emissions.flow.journey import UNUSED, Journey
from consolidator.analysis.emissions.program.function import Function
from consolidator.analysis.emissions.values.binding import bind
from consolidator.analysis.emissions.values.deciding import Decider
from consolidator.analysis.emissions.values.possible import Values
from consolidator.analysis.emissions.values.values import in_order
from consolidator.analysis.emissions.verdict import Verdict
from consolidator.tree.facts import Parameter
from consolidator.tree.names import Definition

if TYPE_CHECKING:
    from consolidator.analysis.emissions.flow.flow import Flow

_STORING = frozenset({"append", "appendleft", "add", "extend", "update", "setdefault", "insert"})
_QUEUEING = frozenset({"put", "put_nowait", "send", "send_nowait"})
_COPYING = frozenset(
    {"copy", "values", "items", "asdict", "astuple", "_asdict", "model_dump", "model_copy", "dict"}
    | {
        "list",
        "tuple",
        "sorted",
        "set",
        "iter",
        "aiter",
        "deepcopy",
        "to_builtins",
        "next",
        "anext",
    }
)
"""Calls that give what they are given, or what they are called on, field by field."""


class Trace:
    """Follows a value until nothing new comes to hold it. `names` and `results` say what holds it at
    the start; `event` is the text that it is, empty where it is another thing."""

    def __init__(
        self,
        flow: Flow,
        function: Function,
        event: str,
        *,
        names: Mapping[str, Held] | None = None,
        results: Mapping[int, Held] | None = None,
        origin: Expression | None = None,
    ) -> None:
        self._flow = flow
        self._graph = flow.graph
        self._function = function
        self._event = event
        self._holdings = Holdings(names, results, origin, self._maps_to_itself)
        self._taken: dict[int, tuple[Held, ...]] = {}
        self._kept: set[tuple[str, Held]] = set()
        self._name = flow.aliases.get(event, "")
        """The event's name that a table has for what is followed."""
        self._journey = Journey(decided=bool(self._name))
        self._decider = Decider(flow.graph.inference, function, event, self._holdings.is_event)

    def run(self) -> Journey:
        body = self._function.body
        size = -1
        while size != self._size():
            size = self._size()
            self._closures()
            for index, call in enumerate(body.calls):
                if isinstance(call.callee, Path) and call.callee.text in self._holdings.names:
                    self._holdings.add_result(
                        index, SOMEWHERE
                    )  # what holds the value may give it back
                taken = self._holdings.taken_by(call)
                if any(taken) and self._taken.get(index) != taken:
                    self._taken[index] = taken
                    self._call(index, call)
            for assignment in body.assignments:
                held = self._holdings.of(assignment.value)
                if held and not self._blocked(assignment):
                    self._assigned(assignment, held)
        for item in self._translations():
            self._translated(self._flow.of_expression(item, self._function, self._name))
        for found in body.returns:
            if self._excluded(found.place) is None:
                self._journey.returned |= self._holdings.of(found.value)
        self._journey.kept = self._holdings.kept_by(self._function.receiver)
        self._journey.decided |= self._decider.decided
        return self._journey

    def _translations(self) -> Iterator[Item]:
        """`TABLE[text]` where that is the event's name."""
        body = self._function.body if self._name else None
        items = (e for e in expressions(body) if isinstance(e, Item)) if body is not None else ()
        for item in items:
            is_event = self._holdings.is_event(item.key)
            if is_event and self._decider.translates(item.owner, self._name):
                yield item

    def _translated(self, journey: Journey) -> None:
        self._journey.used |= journey.used
        self._found(journey.reached)

    def _size(self) -> int:
        return self._holdings.size + len(self._taken)

    def _closures(self) -> None:
        """What functions inside this one do with the names that they share with it."""
        for nested in self._graph.program.nested(self._function):
            own = {a.target for a in nested.body.assignments}
            own |= {p.name for p in nested.fact.parameters} if nested.fact else set()
            for name in sorted(set(self._holdings.names) - own):
                journey = self._of_name(name, nested, self._holdings.names[name])
                if journey.returned:
                    self._holdings.add_name(nested.name, SOMEWHERE)
                if journey.reached and self._flow.liveness.of(nested):
                    self._journey.used = True
                    self._found(journey.reached)

    def _of_name(self, name: str, function: Function, held: Held) -> Journey:
        journey = self._flow.of_name(name, function, held, self._event)
        self._journey.decided |= journey.decided
        return journey

    def _maps_to_itself(self, table: Expression) -> bool | None:
        return self._decider.maps_to_itself(table)

    def _blocked(self, step: Call | Assignment) -> str:
        excluded = self._excluded(step.place)
        return excluded or self._flow.liveness.blocked(self._function, step.place, step.line)

    def _excluded(self, place: int) -> str | None:
        return self._decider.excluded(self._function.body.places[place])

    def _assigned(self, assignment: Assignment, held: Held) -> None:
        if assignment.into_item:
            held |= SOMEWHERE
        head, _, rest = assignment.target.partition(".")
        if not rest:
            self._holdings.add_name(head, held)
        elif head == self._function.receiver:
            known = self._holdings.names.get(assignment.target, NOTHING)
            self._holdings.add_name(assignment.target, held)
            if not held <= known:
                self._stored(rest.partition(".")[0], held, queued=False)
        else:
            self._holdings.add_name(head, under(held, rest.partition(".")[0]))

    # calls

    def _call(self, index: int, call: Call) -> None:
        call = stood_for(call, self._function)
        callee = self._graph.inference.of(call.callee, self._function)
        if is_log(call):
            self._journey.logged = True
            return
        if self._is_lookup(index, call):
            return
        self._journey.used = True
        if why := self._blocked(call):
            self._found(Verdict("false", why))
            return
        targets = self._graph.targets(call, self._function)
        if targets.missing:
            self._found(Verdict("false", f"{self._where(call)}: {targets.missing}"))
            return
        if called_name(call) == "group_send" and (sent := group_message(call, self._function)):
            self._to_group(call, *sent)
            return
        has_body = any(not is_abstract(target) for target in targets.functions)
        if not has_body and is_transport(call, callee):
            if self._name:
                return
            self._found(self._flow.sent(call, callee, self._function))
            return
        if targets.functions or targets.classes:
            self._into(index, call, targets)
        elif not (self._starts(index, call) or self._by_callers(index, call)):
            if is_broker(call, callee):
                self._found(self._flow.handed_over(call, self._function, self._event))
            self._into(index, call, targets)
            self._unknown_callee(index, call, callee)

    def _is_lookup(self, index: int, call: Call) -> bool:
        """`TABLE.get(event, …)` of a table that is written out: its entry is what goes on."""
        owner, arguments = owner_of(call.callee), call.arguments
        if called_name(call) != "get" or owner is None or not arguments or self._holdings.of(owner):
            return False
        if not self._holdings.is_event(arguments[0].value):
            return False
        if self._name and self._decider.translates(owner, self._name):
            self._translated(self._flow.of_result(index, self._function, ITSELF, self._name))
            return True
        same = self._decider.maps_to_itself(owner)
        if same is None:
            default = self._holdings.of(arguments[1].value) if len(arguments) > 1 else NOTHING
            if not self._decider.is_table(owner):
                return False
            self._holdings.add_result(index, default)
        elif same:
            self._holdings.add_result(index, ITSELF)
        return True

    def _to_group(self, call: Call, handler: str, message: Expression) -> None:
        """Channels calls the consumers' method that the message's type names."""
        if (lost := self._flow.lost_send(call, self._function)) is not None:
            self._found(lost)
            return
        if nobody := self._flow.groups.nobody_hears(call, self._function):
            self._found(Verdict("false", f"{self._where(call)}: {nobody}"))
            return
        methods = [m for m in self._graph.program.by_name.get(handler, ()) if m.owner is not None]
        if not methods:
            why = f"no consumer has the method {handler!r} that its type names"
            self._found(Verdict("false", f"{self._where(call)}: {why}"))
        for method in methods:
            for parameter in method.fact.parameters[1:2] if method.fact else ():
                journey = self._of_name(parameter.name, method, self._holdings.of(message))
                self._found(journey.reached.both(self._flow.liveness.of(method)))

    def _starts(self, index: int, call: Call) -> bool:
        """Follow `start_soon(f, event)` into `f`; whether a call starts something at all."""
        for argument in call.arguments:
            inner = started_by(call, argument.value)
            if inner is None:
                continue
            targets = self._graph.targets(inner, self._function).functions
            if targets and never_started(argument.value, call.line, self._function):
                self._found(Verdict("false", f"nothing starts what {self._where(call)} makes"))
            elif targets:
                for target in targets:
                    self._found(self._enter(index, inner, target))
            if targets:
                return True
        return False

    def _by_callers(self, index: int, call: Call) -> bool:
        """Follow a call by what callers pass as its callee or receiver; whether that says anything."""
        program, passed = self._graph.program, self._flow.passed
        owner = owner_of(call.callee)
        values = passed.of(owner if owner is not None else call.callee, self._function)
        name = called_name(call) if owner is not None else "__call__"
        targets = {m for cls in values.instances if (m := program.method(cls, name)) is not None}
        if owner is not None and not targets:
            values = passed.of(call.callee, self._function)  # a field that keeps what is called
        if owner is None or not targets:
            targets |= values.functions
        verdicts = [self._enter(index, call, target) for target in in_order(targets)]
        verdicts += [self._enter(index, filled(call, b), b.function) for b in in_turn(values.bound)]
        if not verdicts and is_transport(call, values):
            verdicts.append(self._flow.sent(call, values, self._function))
        if not verdicts:
            return False
        if values.open:
            self._found(self._guess(verdicts, call))
        for verdict in () if values.open else verdicts:
            self._found(verdict)
        return True

    def _unknown_callee(self, index: int, call: Call, callee: Values) -> None:
        """`handler(event)`, where any function that somebody hands on may be the handler."""
        if called_name(call) == "partial":
            self._partial(index, call)
            return
        if callee.outside or not isinstance(call.callee, Path | Item | Result | Element):
            return
        if isinstance(call.callee, Path) and (
            "." in call.callee.text
            or self._graph.inference.head(call.callee, self._function) is None
        ):
            return
        for target in self._flow.passed.callbacks(call, self._function):
            verdict = self._enter(index, call, target)
            if verdict:
                why = f"{self._where(call)} calls what it was given, maybe {target.dotted}"
                self._found(verdict.both(Verdict("unknown", why)))
                return

    def _partial(self, index: int, call: Call) -> None:
        """`partial(f, event)`: whoever calls the result calls f with it."""
        if not call.arguments:
            return
        inner = replace(call, callee=call.arguments[0].value, arguments=call.arguments[1:])
        known = self._graph.inference.of(inner.callee, self._function).functions
        known |= self._flow.passed.of(inner.callee, self._function).functions
        caller = self._flow.calls_partial(index, self._function)
        for target in in_order(known):
            self._found(self._enter(index, inner, target).both(caller))

    def _into(self, index: int, call: Call, targets: Targets) -> None:
        for target in targets.functions:
            self._found(self._enter(index, call, target))
        if targets.guessed:
            self._found(self._guess([self._enter(index, call, t) for t in targets.guessed], call))
        if targets.classes:
            for cls in targets.classes:
                self._holdings.add_result(index, self._held_by_new(call, cls, targets))
        elif not targets.functions and len(targets.guessed) != 1:
            self._holdings.add_result(index, self._held_by_result(call))
        if not (targets.functions or targets.guessed or targets.classes):
            self._outside(call)
            is_defined = called_name(call) in self._graph.program.by_name
            if not self._journey.reached and may_send(call) and not is_defined:
                where = f"given to `{called_name(call)}` in {self._where(call)}"
                self._found(Verdict("unknown", f"{where}, which is defined elsewhere"))

    def _held_by_new(self, call: Call, cls: Definition, targets: Targets) -> Held:
        """What a new instance holds; one with an `__init__` of the program holds what that keeps."""
        if any(f.name == "__init__" for f in targets.functions):
            return NOTHING
        fields = self._graph.program.record_fields(cls)
        if fields is not None and (why := _unfit(call, fields)):
            self._found(Verdict("false", f"{self._where(call)}: {cls.dotted} {why}"))
            return NOTHING
        return self._holdings.of_new(call, fields)

    def _held_by_result(self, call: Call) -> Held:
        """What the result of something outside the program, or of unknown class, holds."""
        owner = owner_of(call.callee)
        held = self._holdings.of(owner) if owner is not None else NOTHING
        arguments = self._holdings.of_any(tuple(argument.value for argument in call.arguments))
        name = called_name(call)
        if (fields := self._graph.inference.named_tuple(call.callee, self._function)) is not None:
            return self._holdings.of_new(call, fields)
        if name in _COPYING:
            return held | arguments
        first = call.arguments[0].value if call.arguments else None
        if name in ("get", "pop") and held and isinstance(first, Text):
            return field_of(held, first.value)
        if name == "str" and owner is None:
            return arguments
        return part_of(held | arguments)

    def _guess(self, verdicts: list[Verdict], call: Call) -> Verdict:
        """The receiver is not known: certain only where every method of that name agrees."""
        best = verdicts[0]
        for verdict in verdicts[1:]:
            best = best.best(verdict)
        if all(verdict.is_certain for verdict in verdicts) or not best:
            return best
        return best.both(Verdict("unknown", f"the receiver in {self._where(call)} is not known"))

    def _enter(self, index: int, call: Call, target: Function) -> Verdict:
        if is_coroutine(target) and (
            lost_coroutine(call, self._function)
            or (
                call in self._function.body.calls
                and self._flow.liveness.is_lost(call, self._function)
            )
        ):
            return Verdict(
                "false", f"the call in {self._where(call)} is not awaited", "not-awaited"
            )
        if why := self._flow.liveness.never_made(target):
            return Verdict("false", why)
        if self._graph.program.definition_of(target) in self._flow.closed:
            return Verdict("false", f"{target.dotted} does not count")
        verdict = Verdict("false", f"{target.dotted} does nothing with it")
        if target.name == "__init__":
            verdict = UNUSED  # what an object keeps may be used anywhere
        for name, held in self._bound(call, target).items():
            journey = self._of_name(name, target, held)
            self._holdings.add_result(index, journey.returned)
            if target.name == "__init__":
                self._holdings.add_result(index, journey.kept or SOMEWHERE)
                self._initialised(call, journey.kept)
            if journey.used:
                verdict = verdict.best(journey.reached) if verdict else journey.reached
        if verdict or target.name != "append":
            return verdict
        return self._read_back(target).best(verdict)

    def _initialised(self, call: Call, kept: Held) -> None:
        """`super().__init__(event)`: what the base keeps lies in this very object."""
        owner = owner_of(call.callee)
        if not isinstance(owner, Result) or not self._function.receiver:
            return
        for field, exact in kept:
            name = f"{self._function.receiver}.{field}"
            self._holdings.add_name(name, frozenset({("", exact)}))

    def _read_back(self, append: Function) -> Verdict:
        """A journal: what is appended to it reaches a socket if what is read from it does."""
        nothing = Verdict("false", f"what {append.dotted} keeps is never sent")
        cls = self._graph.program.definition_of(append)
        read = self._graph.program.method(cls, "read") if cls else None
        return nothing.best(self._flow.of_return(read, SOMEWHERE, "")) if read else nothing

    def _bound(self, call: Call, target: Function) -> dict[str, Held]:
        """What the parameters of the callee receive of the value."""
        found: dict[str, Held] = {}
        owner = owner_of(call.callee)
        if owner is not None and target.receiver and (held := self._holdings.of(owner)):
            found[target.receiver] = held
        named = {p.name for p in target.fact.parameters} if target.fact else set()
        for argument, parameter in bind(call, target):
            if held := self._passed_as(argument, parameter, named):
                found[parameter.name] = found.get(parameter.name, NOTHING) | held
        return found

    def _passed_as(self, argument: Argument, parameter: Parameter, named: set[str]) -> Held:
        held = self._holdings.of(argument.value)
        if argument.starred and not argument.keyword and held and parameter.kind != "vararg":
            fields = {field for field, _ in held}
            if "" not in fields:  # `**data`: each of its fields goes to the parameter of its name
                rest = frozenset((f, exact) for f, exact in held if f not in named)
                own = field_of(held, parameter.name)
                return rest if parameter.kind == "kwarg" else own
        if parameter.kind == "kwarg" and argument.keyword:
            return under(held, argument.keyword)
        return held

    def _outside(self, call: Call) -> None:
        """A call of something that is not part of the program: it may be a container or a queue."""
        name, owner = called_name(call), owner_of(call.callee)
        if owner is None or name not in _STORING | _QUEUEING:
            return
        held = self._holdings.of_any(tuple(argument.value for argument in call.arguments))
        queued = name in _QUEUEING
        if queued:
            verdict = self._flow.drained(owner, call, self._function, held, self._event)
            if verdict is not None:
                self._found(verdict)
                return
        if not isinstance(owner, Path) or (owner.text, held) in self._kept:
            return
        self._kept.add((owner.text, held))
        head, _, rest = owner.text.partition(".")
        if rest and head == self._function.receiver:
            self._holdings.add_name(owner.text, held)
            self._stored(rest.partition(".")[0], held, queued=queued)
        else:
            self._holdings.add_name(head, under(held, rest.partition(".")[0]) if rest else held)
            self._stored_elsewhere(owner.text, held, queued=queued)

    def _stored_elsewhere(self, owner: str, held: Held, *, queued: bool) -> None:
        """The value now lies in something that the callers passed, or in `other.attribute`."""
        head, _, rest = owner.partition(".")
        if not rest:
            for caller, argument in self._flow.passed.arguments(head, self._function):
                if isinstance(argument.value, Path):
                    journey = self._of_name(argument.value.text, caller, held)
                    if journey.reached:
                        self._found(journey.reached)
            return
        values = self._graph.inference.of(Path(head), self._function)
        if not values.instances:
            values = self._flow.passed.of(Path(head), self._function)
        for cls in sorted(values.instances, key=lambda cls: (cls.path, cls.line)):
            self._stored(rest.partition(".")[0], held, queued=queued, owner=cls)

    def _stored(
        self, attribute: str, held: Held, *, queued: bool, owner: Definition | None = None
    ) -> None:
        """The value now lies in `self.attribute`: see what the other methods make of it."""
        cls = owner or self._graph.program.definition_of(self._function)
        for method in self._methods(cls) if cls else ():
            if method is self._function or not method.receiver:
                continue
            journey = self._of_name(f"{method.receiver}.{attribute}", method, held)
            if journey.reached and self._flow.liveness.of(method):
                verdict = journey.reached
                if not queued:
                    why = f"kept in self.{attribute}, sent later by {method.dotted}"
                    verdict = verdict.both(Verdict("unknown", why))
                self._found(verdict)

    def _methods(self, cls: Definition) -> Iterator[Function]:
        program = self._graph.program
        for relative in (*program.ancestors(cls), *program.descendants(cls)):
            if relative.path:
                yield from program.methods(relative)

    def _found(self, verdict: Verdict) -> None:
        is_first = self._journey.reached is UNUSED
        best = self._journey.reached.best(verdict)
        self._journey.reached = verdict if is_first else best

    def _where(self, call: Call) -> str:
        return f"{self._function.path}:{call.line}"


def _unfit(call: Call, fields: tuple[str, ...]) -> str:
    """Why a record can't be made by a call; empty where it can."""
    positional = [a for a in call.arguments if not a.keyword and not a.starred]
    if len(positional) > len(fields):
        return f"takes {len(fields)} values, not {len(positional)}"
    return ""
