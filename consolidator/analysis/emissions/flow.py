"""How far a value travels: into which calls, through which functions, and whether onto a socket."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from msgspec.structs import replace

from consolidator.analysis.emissions.calls import CallGraph, Targets, bind, called_name, is_abstract
from consolidator.analysis.emissions.code import (
    Assignment,
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
    Result,
)
from consolidator.analysis.emissions.coroutines import is_coroutine, lost_coroutine
from consolidator.analysis.emissions.liveness import Liveness
from consolidator.analysis.emissions.passed import Passed
from consolidator.analysis.emissions.possible import Values
from consolidator.analysis.emissions.program import Function, owner_of
from consolidator.analysis.emissions.transports import group_handler, is_broker, is_transport
from consolidator.analysis.emissions.values import in_order
from consolidator.analysis.emissions.verdict import Verdict
from consolidator.tree.names import Definition

_LOG = re.compile(
    r"(^|\.|_)(log(ger|ging)?|metrics?|stats?|statsd|print|warnings?|tracer|span|sentry_sdk|audit_log)\b",
    re.I,
)
_STORING = frozenset({"append", "appendleft", "add", "extend", "update", "setdefault", "insert"})
_QUEUEING = frozenset({"put", "put_nowait", "send_nowait"})
_DEEPEST = 24


_NOTHING = Verdict("false", "nothing is done with it")


@dataclass
class Journey:
    """What happens to a value inside one function."""

    reached: Verdict = _NOTHING
    returned: bool = False
    logged: bool = False
    used: bool = False
    """Whether a call other than a log takes it."""


@dataclass
class Flow:
    """Follows values from function to function; answers for parameters are remembered."""

    graph: CallGraph
    liveness: Liveness
    closed: frozenset[Definition] = frozenset()
    """Classes that are no way to a transport."""
    _known: dict[tuple[Function, str], Journey] = field(default_factory=dict)
    _busy: set[tuple[Function, str]] = field(default_factory=set)

    @cached_property
    def passed(self) -> Passed:
        return Passed(self.graph)

    def of_name(self, name: str, function: Function) -> Journey:
        """The journey of whatever a parameter or a `self.x` of this function holds."""
        key = (function, name)
        if key in self._known:
            return self._known[key]
        if key in self._busy or len(self._busy) > _DEEPEST:
            return Journey(Verdict("false", f"{function.dotted} only hands it to itself"))
        self._busy.add(key)
        try:
            journey = _Trace(self, function, {name}).run()
        finally:
            self._busy.discard(key)
        self._known[key] = journey
        return journey

    def of_expression(self, origin: Expression, function: Function) -> Journey:
        """The journey of one expression, from where it stands in a function's body."""
        return _Trace(self, function, set(), origin=origin).run()

    def of_result(self, call: int, function: Function) -> Journey:
        """The journey of what a call gives back, by the call's position in the body."""
        return _Trace(self, function, set(), results={call}).run()


class _Trace:
    """One function's calls, assignments and returns, as far as the value gets into them."""

    def __init__(
        self,
        flow: Flow,
        function: Function,
        names: set[str],
        *,
        origin: Expression | None = None,
        results: set[int] | None = None,
    ) -> None:
        self._flow = flow
        self._graph = flow.graph
        self._function = function
        self._names = names
        self._origin = origin
        self._results = results or set()
        self._done: set[int] = set()
        self._kept: set[str] = set()
        self._journey = Journey()

    def run(self) -> Journey:
        body = self._function.body
        grown = True
        while grown:
            before = (len(self._names), len(self._results), len(self._done))
            self._closures()
            for index, call in enumerate(body.calls):
                if isinstance(call.callee, Path) and call.callee.text in self._names:
                    self._results.add(index)  # what holds the value may give it back
                if index not in self._done and self._takes(call):
                    self._done.add(index)
                    self._call(index, call)
            for assignment in body.assignments:
                if self._holds(assignment.value) and not self._blocked(assignment):
                    self._assigned(assignment.target)
            grown = before != (len(self._names), len(self._results), len(self._done))
        for found in body.returns:
            if self._holds(found.value):
                self._journey.returned = True
        return self._journey

    def _closures(self) -> None:
        """What functions inside this one do with the names that they share with it."""
        for nested in self._graph.program.nested(self._function):
            own = {a.target for a in nested.body.assignments}
            own |= {p.name for p in nested.fact.parameters} if nested.fact else set()
            for name in sorted(self._names - own):
                journey = self._flow.of_name(name, nested)
                if journey.returned:
                    self._names.add(nested.name)
                if journey.reached and self._flow.liveness.of(nested):
                    self._journey.used = True
                    self._found(journey.reached)

    def _blocked(self, step: Call | Assignment) -> str:
        return self._flow.liveness.blocked(self._function, step.place, step.line)

    # what holds the value

    def _holds(self, expression: Expression) -> bool:
        """Whether the value passes into an expression's own value."""
        if self._origin is not None and expression is self._origin:
            return True
        match expression:
            case Path():
                return any(
                    expression.text == name or expression.text.startswith(f"{name}.")
                    for name in self._names
                )
            case Result():
                return expression.call in self._results
            case Member() | Item() | Element():
                return self._holds(expression.owner)
            case Entered():
                return self._holds(expression.manager)
            case Group():
                return any(self._holds(value) for value in expression.values)
            case Joined() | Opaque():
                return any(self._holds(part) for part in expression.parts)
            case Choice():
                return any(self._holds(option) for option in expression.options)
        return False

    def _takes(self, call: Call) -> bool:
        if any(self._holds(argument.value) for argument in call.arguments):
            return True
        owner = owner_of(call.callee)
        return owner is not None and self._holds(owner)

    def _assigned(self, target: str) -> None:
        head, _, rest = target.partition(".")
        if rest and head == self._function.receiver:
            if target not in self._names:
                self._names.add(target)
                self._stored(rest.partition(".")[0], queued=False)
        else:
            self._names.add(head)

    # calls

    def _call(self, index: int, call: Call) -> None:
        callee = self._graph.inference.of(call.callee, self._function)
        if _is_log(call):
            self._journey.logged = True
            return
        self._journey.used = True
        if why := self._blocked(call):
            self._found(Verdict("false", why))
            return
        if called_name(call) == "group_send" and (handler := group_handler(call)):
            self._to_group(call, handler)
            return
        targets = self._graph.targets(call, self._function)
        has_body = any(not is_abstract(target) for target in targets.functions)
        if not has_body and is_transport(call, callee):
            self._found(Verdict("true", f"sent in {self._where(call)}"))
            return
        if targets.functions or targets.classes or targets.missing:
            self._into(index, call, targets)
        elif not self._by_callers(index, call):
            if is_broker(call, callee):
                self._found(Verdict("unknown", f"handed to a broker in {self._where(call)}"))
            self._into(index, call, targets)
            self._unknown_callee(index, call, callee)

    def _to_group(self, call: Call, handler: str) -> None:
        """Channels calls the consumers' method that the message's type names."""
        methods = [m for m in self._graph.program.by_name.get(handler, ()) if m.owner is not None]
        if not methods:
            why = f"no consumer has the method {handler!r} that its type names"
            self._found(Verdict("false", f"{self._where(call)}: {why}"))
        for method in methods:
            for parameter in method.fact.parameters[1:2] if method.fact else ():
                self._found(self._flow.of_name(parameter.name, method).reached)

    def _by_callers(self, index: int, call: Call) -> bool:
        """Follow a call by what callers pass as its callee or receiver; whether that says anything."""
        program, passed = self._graph.program, self._flow.passed
        owner = owner_of(call.callee)
        if owner is None:
            values = passed.of(call.callee, self._function)
            found = [program.method(cls, "__call__") for cls in values.instances]
            targets = {*values.functions, *(method for method in found if method)}
        else:
            values = passed.of(owner, self._function)
            found = [program.method(cls, called_name(call)) for cls in values.instances]
            targets = {method for method in found if method}
        verdicts = [self._enter(index, call, target) for target in in_order(targets)]
        if not verdicts:
            return False
        self._results.add(index)
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
        why = f"bound by partial in {self._where(call)}; who calls it is not followed"
        for target in in_order(known):
            self._found(self._enter(index, inner, target).both(Verdict("unknown", why)))

    def _into(self, index: int, call: Call, targets: Targets) -> None:
        if targets.missing:
            self._found(Verdict("false", f"{self._where(call)}: {targets.missing}"))
            return
        for target in targets.functions:
            self._found(self._enter(index, call, target))
        if targets.guessed:
            self._found(self._guess([self._enter(index, call, t) for t in targets.guessed], call))
        reached = targets.functions or targets.guessed
        if targets.classes or not targets.functions:
            self._results.add(index)  # of an unknown receiver too: it may be somebody else's method
        if not reached and not targets.classes:
            self._outside(call)

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
        if self._graph.program.definition_of(target) in self._flow.closed:
            return Verdict("false", f"{target.dotted} does not count")
        verdict = Verdict("false", f"{target.dotted} does nothing with it")
        for name in self._bound(call, target):
            journey = self._flow.of_name(name, target)
            if journey.returned or target.name == "__init__":
                self._results.add(index)
            if journey.used:
                verdict = verdict.best(journey.reached) if verdict else journey.reached
        if verdict or target.name != "append":
            return verdict
        return self._read_back(target).best(verdict)

    def _read_back(self, append: Function) -> Verdict:
        """A journal: what is appended to it reaches a socket if what is read from it does."""
        nothing = Verdict("false", f"what {append.dotted} keeps is never sent")
        cls = self._graph.program.definition_of(append)
        read = self._graph.program.method(cls, "read") if cls else None
        for use in self._graph.uses(read) if read else ():
            for position, call in enumerate(use.function.body.calls):
                if call is use.call:
                    journey = self._flow.of_result(position, use.function)
                    nothing = nothing.best(journey.reached)
        return nothing

    def _bound(self, call: Call, target: Function) -> Iterator[str]:
        """The parameters of the callee that receive the value."""
        owner = owner_of(call.callee)
        if owner is not None and target.receiver and self._holds(owner):
            yield target.receiver
        for argument, parameter in bind(call, target):
            if self._holds(argument.value):
                yield parameter.name

    def _outside(self, call: Call) -> None:
        """A call of something that is not part of the program."""
        name, owner = called_name(call), owner_of(call.callee)
        if isinstance(owner, Path) and (name in _STORING or name in _QUEUEING):
            head, _, rest = owner.text.partition(".")
            if rest and head == self._function.receiver:
                if owner.text not in self._names:
                    self._names.add(owner.text)
                    self._stored(rest.partition(".")[0], queued=name in _QUEUEING)
            elif owner.text not in self._kept:
                self._kept.add(owner.text)
                self._names.add(head)
                self._stored_elsewhere(owner.text, queued=name in _QUEUEING)

    def _stored_elsewhere(self, owner: str, *, queued: bool) -> None:
        """The value now lies in something that the callers passed, or in `other.attribute`."""
        head, _, rest = owner.partition(".")
        if not rest:
            for caller, argument in self._flow.passed.arguments(head, self._function):
                if isinstance(argument.value, Path):
                    journey = self._flow.of_name(argument.value.text, caller)
                    if journey.reached:
                        self._found(journey.reached)
            return
        values = self._graph.inference.of(Path(head), self._function)
        if not values.instances:
            values = self._flow.passed.of(Path(head), self._function)
        for cls in sorted(values.instances, key=lambda cls: (cls.path, cls.line)):
            self._stored(rest.partition(".")[0], queued=queued, owner=cls)

    def _stored(self, attribute: str, *, queued: bool, owner: Definition | None = None) -> None:
        """The value now lies in `self.attribute`: see what the other methods make of it."""
        cls = owner or self._graph.program.definition_of(self._function)
        for method in self._methods(cls) if cls else ():
            if method is self._function or not method.receiver:
                continue
            journey = self._flow.of_name(f"{method.receiver}.{attribute}", method)
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
        is_first = self._journey.reached is _NOTHING
        best = self._journey.reached.best(verdict)
        self._journey.reached = verdict if is_first else best

    def _where(self, call: Call) -> str:
        return f"{self._function.path}:{call.line}"


def _is_log(call: Call) -> bool:
    text = call.callee.text if isinstance(call.callee, Path) else called_name(call)
    return bool(_LOG.search(text))
