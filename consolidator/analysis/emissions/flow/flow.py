"""How far a value travels: from function to function, through returns, queues and groups, to a socket."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from consolidator.analysis.emissions.bodies.code import Call, Expression, Path, Result, called_name
from consolidator.analysis.emissions.callers.calls import CallGraph
from consolidator.analysis.emissions.callers.coroutines import lost_coroutine
from consolidator.analysis.emissions.callers.liveness import Liveness
from consolidator.analysis.emissions.callers.passed import Passed
from consolidator.analysis.emissions.callers.transports import (
    is_asynchronous,
    is_only_awaited,
    receivers,
)
from consolidator.analysis.emissions.flow.channels import Brokers, Groups
from consolidator.analysis.emissions.flow.held import ITSELF, SOMEWHERE, Held
from consolidator.analysis.emissions.flow.journey import UNUSED, Journey
from consolidator.analysis.emissions.flow.queues import Queues
from consolidator.analysis.emissions.flow.trace import Trace
from consolidator.analysis.emissions.program.function import Function
from consolidator.analysis.emissions.values.possible import Values
from consolidator.analysis.emissions.verdict import Verdict
from consolidator.tree.names import Definition

_DEEPEST = 24


@dataclass
class Flow:
    """Follows values from function to function; answers for parameters are remembered."""

    graph: CallGraph
    liveness: Liveness
    closed: frozenset[Definition] = frozenset()
    """Classes that are no way to a transport."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Texts that become an event's name only in a table; sent as they are, they are no event."""
    _known: dict[tuple[Function, str, Held, str], Journey] = field(default_factory=dict)
    _asked: dict[tuple[Function, str, Held, str], tuple[Journey, int]] = field(default_factory=dict)
    """Answers within circles, with the depth of the question that closes the circle."""
    _busy: dict[tuple[Function, str, Held], int] = field(default_factory=dict)
    """Questions that are being answered, with their depth."""
    _cut: int = sys.maxsize
    """The least depth of a question that a later one ran into."""

    @property
    def passed(self) -> Passed:
        return self.graph.passed

    @cached_property
    def queues(self) -> Queues:
        return Queues(self.graph)

    @cached_property
    def groups(self) -> Groups:
        return Groups(self.graph, self.liveness)

    @cached_property
    def brokers(self) -> Brokers:
        return Brokers(self.graph)

    @property
    def visited(self) -> frozenset[Function]:
        """Functions that some value has come through."""
        return frozenset(function for function, *_ in self._known)

    def of_name(
        self, name: str, function: Function, held: Held = SOMEWHERE, event: str = ""
    ) -> Journey:
        """The journey of what a parameter or a `self.x` of this function holds. `event` is the text
        that is followed, where it is one."""
        key = (function, name, held)
        texts = (event,) if event in self.aliases else ("", event)
        for text in texts:
            if (known := self._known.get((*key, text))) is not None:
                return known
        for text in texts:
            if (asked := self._asked.get((*key, text))) is not None:
                self._cut = min(self._cut, asked[1])
                return asked[0]
        depth = len(self._busy)
        if key in self._busy or depth > _DEEPEST:
            self._cut = min(self._cut, self._busy.get(key, 0))
            return Journey(Verdict("false", f"{function.dotted} only hands it to itself"))
        self._busy[key] = depth
        outer, self._cut, before = self._cut, sys.maxsize, len(self._asked)
        try:
            journey = Trace(self, function, event, names={name: held}).run()
        finally:
            del self._busy[key]
            own, self._cut = self._cut, min(self._cut, outer)
        answer = (*key, event if journey.decided else "")
        if own < depth:
            self._asked[answer] = (journey, own)
        else:
            self._cut = outer
            self._known[answer] = journey
            self._settle(before, journey)
        return journey

    def _settle(self, before: int, last: Journey) -> None:
        """The circle is closed: what was found within it while its own answer was taken to be false
        is right if that is so, or if it could not be better."""
        while len(self._asked) > before:
            answer, (journey, _) = self._asked.popitem()
            if not last.reached or journey.reached.is_certain:
                self._known[answer] = journey

    def of_expression(self, origin: Expression, function: Function, event: str = "") -> Journey:
        """The journey of one expression, from where it stands in a function's body, and on through
        the callers that it is returned to."""
        journey = Trace(self, function, event, origin=origin).run()
        return self._returned(journey, function, event)

    def of_constant(self, name: str, function: Function, event: str) -> Journey:
        """The journey of a constant from all places of a function's body where its name stands."""
        journey = Trace(self, function, event, names={name: ITSELF}).run()
        return self._returned(journey, function, event)

    def of_result(
        self, call: int, function: Function, held: Held = ITSELF, event: str = ""
    ) -> Journey:
        """The journey of what a call gives back, by the call's position in the body."""
        journey = Trace(self, function, event, results={call: held}).run()
        return self._returned(journey, function, event)

    def _returned(self, journey: Journey, function: Function, event: str) -> Journey:
        if not journey.returned or journey.reached:
            return journey
        reached = self.of_return(function, journey.returned, event)
        used = journey.used or reached is not UNUSED
        return Journey(
            journey.reached.best(reached) if journey.used else reached,
            journey.returned,
            journey.kept,
            journey.logged,
            used,
            journey.decided,
        )

    def of_return(self, function: Function, held: Held, event: str) -> Verdict:
        """Whether what a function gives back reaches a socket from any of its callers."""
        key = (function, "return", held)
        if key in self._busy or len(self._busy) > _DEEPEST:
            self._cut = min(self._cut, self._busy.get(key, 0))
            return UNUSED
        self._busy[key] = len(self._busy)
        try:
            best = UNUSED
            for use in self.graph.uses(function):
                if use.call is None or self.liveness.obstacle(use):
                    continue
                for position, call in enumerate(use.function.body.calls):
                    if call is use.call:
                        journey = self.of_result(position, use.function, held, event)
                        if journey.used or journey.reached:
                            best = best.best(journey.reached)
            return best
        finally:
            del self._busy[key]

    # what a send does

    def sent(self, call: Call, callee: Values, function: Function) -> Verdict:
        """Whether a call that is a send puts its arguments on a socket."""
        where = f"{function.path}:{call.line}"
        if (lost := self.lost_send(call, function, callee)) is not None:
            return lost
        for receiver in receivers(call):
            if self.liveness.truth.of(receiver, function) is False:
                reason = self.liveness.truth.because or "it is empty"
                return Verdict("false", f"sent to nobody in {where}: {reason}")
        if nobody := self.groups.nobody_enters(call):
            return Verdict("false", f"{where}: {nobody}")
        return Verdict("true", f"sent in {where}")

    def lost_send(
        self, call: Call, function: Function, callee: Values | None = None
    ) -> Verdict | None:
        """Why a send of an asynchronous library never happens: it is not awaited."""
        if not lost_coroutine(call, function):
            return None
        if not function.is_async:
            known = self.passed.of(call.callee, function)
            callee = known | callee if callee is not None else known
            if call.fate != "dropped" or not is_asynchronous(callee):
                return None
        certain = is_only_awaited(call, callee)
        if certain is None:
            return None
        why = f"the send in {function.path}:{call.line} is not awaited"
        return Verdict("false" if certain else "unknown", why, "not-awaited")

    def handed_over(self, call: Call, function: Function, event: str) -> Verdict:
        """What becomes of something that is given to a broker: who hears it in this program?"""
        where = f"{function.path}:{call.line}"
        if function.is_async and lost_coroutine(call, function):
            callee = self.graph.inference.of(call.callee, function)
            outside = callee.outside | self.passed.of(call.callee, function).outside
            if any("asyncio" in dotted or "aio" in dotted for dotted in outside) or not outside:
                return Verdict("false", f"the call in {where} is not awaited", "not-awaited")
        heard = self.brokers.heard(call, function)
        if heard.nobody:
            return Verdict("false", f"{where}: {heard.nobody}")
        best = UNUSED
        for listener, position in heard.listeners:
            journey = self.of_result(position, listener, SOMEWHERE, event)
            best = best.best(journey.reached.both(self.liveness.of(listener)))
        if heard.listeners:
            return (
                best if best else Verdict("false", f"what {where} publishes is heard and not sent")
            )
        return Verdict("unknown", f"handed to a broker in {where}")

    def drained(
        self, queue: Expression, put: Call, function: Function, held: Held, event: str
    ) -> Verdict | None:
        """What becomes of something that is put into a queue; None where the queue is not known."""
        takers = self.queues.takers(queue, function)
        if takers is None:
            return None
        if self.queues.is_asynchronous(queue, function) and _is_dropped_put(put, function):
            why = f"the put in {function.path}:{put.line} is not awaited"
            return Verdict("false", why, "not-awaited")
        best = Verdict("false", "nobody takes it out of its queue")
        for taker, position in takers:
            if isinstance(position, str):
                journey = self.of_name(position, taker, held, event)
                blocked = ""
            else:
                journey = self.of_result(position, taker, held, event)
                blocked = self.liveness.blocked_call(taker, position)
            reached = journey.reached.both(self.liveness.of(taker))
            if blocked:
                reached = Verdict("false", blocked)
            best = best.best(reached) if best else reached
        return best

    def calls_partial(self, made: int, function: Function) -> Verdict:
        """Whether somebody calls what `partial(…)` gives, by the position of that call in the body."""
        where = f"{function.path}:{function.body.calls[made].line}"
        names = [a.target for a in function.body.assignments if a.value == Result(made)]
        if not names or not function.qualname:
            return Verdict("unknown", f"bound by partial in {where}; who calls it is not followed")
        for index, call in enumerate(function.body.calls):
            if isinstance(call.callee, Path) and call.callee.text in names:
                blocked = self.liveness.blocked_call(function, index)
                if not blocked and not self.liveness.is_lost(call, function):
                    return Verdict("true", f"called in {function.path}:{call.line}")
            if any(isinstance(a.value, Path) and a.value.text in names for a in call.arguments):
                return Verdict("unknown", f"bound by partial in {where}, and handed on")
        if any("." in name for name in names):
            return Verdict("unknown", f"bound by partial in {where}; who calls it is not followed")
        return Verdict("false", f"nobody calls what partial makes in {where}")


def _is_dropped_put(put: Call, function: Function) -> bool:
    is_put = called_name(put) in ("put", "send")
    return is_put and function.is_async and lost_coroutine(put, function)
