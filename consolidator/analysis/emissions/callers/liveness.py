"""Whether a function can run: a chain of callers from an entry point of the program."""

from __future__ import annotations

from functools import cached_property

from consolidator.analysis.emissions.bodies.code import Call, Place, last_name
from consolidator.analysis.emissions.callers.calls import CallGraph
from consolidator.analysis.emissions.callers.coroutines import is_coroutine, lost_coroutine, takers
from consolidator.analysis.emissions.callers.entries import Entries
from consolidator.analysis.emissions.callers.truth import Truth
from consolidator.analysis.emissions.callers.uses import NO_PLACE, Use
from consolidator.analysis.emissions.program.function import Function
from consolidator.analysis.emissions.verdict import Verdict


def _is_passed(before: Place, later: Place) -> bool:
    """Whether control that is at the later place has come through the earlier one unharmed."""
    same_try = later.handlers[len(later.handlers) - len(before.handlers) :] == before.handlers
    return set(before.conditions) <= set(later.conditions) and same_try and not before.dead


class Liveness:
    """Searches backwards from a function, so that the cost grows with the answer."""

    def __init__(self, graph: CallGraph, entries: Entries) -> None:
        self._graph = graph
        self._entries = entries
        self.truth = Truth(graph, self.of, lambda function: bool(entries.why(function)))
        self._known: dict[Function, Verdict] = {}
        self._busy: set[Function] = set()
        self._raising: dict[Function, bool] = {}
        self._risky: dict[Function, list[Call]] = {}

    def of(self, function: Function) -> Verdict:
        """Whether control comes to a function, and from where, or why not."""
        if function in self._known:
            return self._known[function]
        if function in self._busy:
            return Verdict("unknown", f"whether {function.dotted} runs depends on itself")
        if why := self.never_made(function):
            self._known[function] = Verdict("false", why)
            return self._known[function]
        self._busy.add(function)
        try:
            answer = self._search(function, certain=True) or self._search(function, certain=False)
        finally:
            self._busy.discard(function)
        self._known[function] = answer
        return answer

    def never_made(self, function: Function) -> str:
        """Why a method can have no object to be called on; empty where it may have one."""
        cls = self._graph.program.definition_of(function)
        needs_object = cls is not None and bool(function.receiver)
        if not needs_object or function.is_library or function.has_decorator("classmethod"):
            return ""
        return "" if cls is None or self._entries.is_made(cls) else f"nothing makes a {cls.dotted}"

    def _search(self, function: Function, *, certain: bool) -> Verdict:
        """Breadth first over callers, up to an entry point or a function that is known to run."""
        reached_by: dict[Function, Function | None] = {function: None}
        queue = [function]
        for current in queue:
            known = self._known.get(current)
            entry = self._entries.why(current)
            maybe = "" if certain else self._entries.maybe(current)
            if maybe and not entry:
                return Verdict("unknown", f"{maybe}: {current.dotted}")
            if entry or (known is not None and known.is_certain):
                why = f"{entry}: {current.dotted}" if entry else known.why if known else ""
                return self._found(current, reached_by, why, certain=certain)
            for use in self._graph.uses(current):
                caller = use.function
                if caller in reached_by or (certain and not use.certain) or self.obstacle(use):
                    continue
                reached_by[caller] = current
                queue.append(caller)
        if not certain:
            self._known.update({f: Verdict("false", self._reason(f)) for f in queue})
        return Verdict("false", self._reason(function))

    def _found(
        self,
        last: Function,
        reached_by: dict[Function, Function | None],
        why: str,
        *,
        certain: bool,
    ) -> Verdict:
        if not certain:
            return Verdict("unknown", "it is only called on objects of unknown class")
        current: Function | None = last
        while current is not None:
            self._known[current] = Verdict("true", why)
            current = reached_by[current]
        return Verdict("true", why)

    def obstacle(self, use: Use) -> str:
        """Why a use of a function never makes it run; empty where it may."""
        blocked = self.blocked(use.function, use.place, use.line)
        return blocked or self._never_awaited(use) or self._not_entered(use)

    def _not_entered(self, use: Use) -> str:
        """`with` around a generator that no decorator makes a context manager, and generators and
        context managers that are made and dropped."""
        if use.call is None or use.call.fate not in ("entered", "dropped"):
            return ""
        targets = self._graph.targets(use.call, use.function).functions
        if use.call.fate == "dropped":
            is_idle = bool(targets) and all(f.is_generator for f in targets)
            return f"what {use.function.path}:{use.line} makes is never begun" if is_idle else ""
        if targets and all(f.is_generator and f.fact and not f.fact.decorators for f in targets):
            return f"what {use.function.path}:{use.line} enters is no context manager"
        return ""

    def _never_awaited(self, use: Use) -> str:
        if use.call is None or not self.is_lost(use.call, use.function, use.reaches):
            return ""
        return f"the call in {use.function.path}:{use.line} is not awaited"

    def is_lost(self, call: Call, function: Function, target: Function | None = None) -> bool:
        """Whether the call makes a coroutine that nobody awaits, itself or with what it is given to.
        `target` is what it calls, where it is known from elsewhere."""
        if call.fate in ("awaited", "entered"):
            return False
        targets = self._graph.targets(call, function)
        reached = [target] if target else [*targets.functions, *targets.guessed]
        if not reached or not all(is_coroutine(f) for f in reached):
            return False
        if call.fate == "kept":
            return any(self.is_lost(outer, function) for outer in takers(call, function))
        return lost_coroutine(call, function)

    def blocked(self, function: Function, place: int, line: int) -> str:
        """Why control never comes to a statement; empty where it can."""
        if place == NO_PLACE:
            return ""
        circumstances = function.body.places[place]
        if obstacle := self.truth.obstacle(circumstances, function):
            return f"{function.path}: {obstacle}"
        for call in self._risky_calls(function):
            if call.line < line:
                before = function.body.places[call.place]
                if _is_passed(before, circumstances) and self._raises(call, function):
                    return f"the call in {function.path}:{call.line} never returns"
        return ""

    def blocked_call(self, function: Function, position: int) -> str:
        """Why control never comes to a call, by its position in the body; empty where it can."""
        call = function.body.calls[position]
        return self.blocked(function, call.place, call.line)

    def _risky_calls(self, function: Function) -> list[Call]:
        """Calls that may never return, by their names."""
        if function not in self._risky:
            self._risky[function] = [
                call
                for call in function.body.calls
                if last_name(call.callee) in self._raising_names
            ]
        return self._risky[function]

    @cached_property
    def _raising_names(self) -> frozenset[str]:
        """Names of functions that may never return, for a first look."""
        return frozenset(
            name
            for name, functions in self._graph.program.by_name.items()
            if any(not f.body.falls_through and not f.is_generator for f in functions)
        )

    def _raises(self, call: Call, function: Function) -> bool:
        targets = self._graph.targets(call, function).functions
        waits = call.fate in ("awaited", "entered") or not any(
            is_coroutine(target) for target in targets
        )
        return waits and bool(targets) and all(self._never_returns(target) for target in targets)

    def _never_returns(self, function: Function) -> bool:
        """Whether every way through a function ends in an exception, or never ends."""
        if function not in self._raising:
            self._raising[function] = False
            body = function.body
            if not (body.falls_through or function.is_generator or body.raises_only):
                self._raising[function] = all(
                    self.truth.obstacle(body.places[found.place], function)
                    for found in body.returns
                )
        return self._raising[function]

    def of_use(self, use: Use) -> Verdict:
        """Whether control comes to a use of a function and the use has its effect."""
        if lost := self._never_awaited(use):
            return Verdict("false", lost, "not-awaited")
        obstacle = self.obstacle(use)
        return Verdict("false", obstacle) if obstacle else self.of(use.function)

    def _reason(self, function: Function) -> str:
        uses = self._graph.uses(function)
        if not uses:
            return f"nothing calls {function.dotted}"
        for use in uses:
            obstacle = self.obstacle(use)
            if not obstacle and use.function is not function:
                return f"its caller {use.function.dotted} never runs"
        return obstacle or f"{function.dotted} is only called by itself"
