"""Whether a function can run: a chain of callers from an entry point of the program."""

from __future__ import annotations

from consolidator.analysis.emissions.calls import CallGraph, Use
from consolidator.analysis.emissions.entries import Entries
from consolidator.analysis.emissions.program import Function
from consolidator.analysis.emissions.truth import Truth
from consolidator.analysis.emissions.verdict import Verdict


def is_coroutine(function: Function) -> bool:
    """Whether a call of it does nothing until it is awaited."""
    return function.is_async and not function.is_generator


class Liveness:
    """Searches backwards from a function, so that the cost grows with the answer."""

    def __init__(self, graph: CallGraph, entries: Entries) -> None:
        self._graph = graph
        self._entries = entries
        self.truth = Truth(graph.inference, lambda function: bool(self.of(function)))
        self._known: dict[Function, Verdict] = {}
        self._busy: set[Function] = set()

    def of(self, function: Function) -> Verdict:
        """Whether control comes to a function, and from where, or why not."""
        if function in self._known:
            return self._known[function]
        if function in self._busy:
            return Verdict("unknown", f"whether {function.dotted} runs depends on itself")
        self._busy.add(function)
        try:
            answer = self._search(function, certain=True) or self._search(function, certain=False)
        finally:
            self._busy.discard(function)
        self._known[function] = answer
        return answer

    def _search(self, function: Function, *, certain: bool) -> Verdict:
        """Breadth first over callers, up to an entry point or a function that is known to run."""
        reached_by: dict[Function, Function | None] = {function: None}
        queue = [function]
        for current in queue:
            known = self._known.get(current)
            entry = self._entries.why(current)
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
        place = use.function.body.places[use.place]
        if obstacle := self.truth.obstacle(place, use.function):
            return f"{obstacle} of {use.function.path}"
        return self._never_awaited(use)

    def _never_awaited(self, use: Use) -> str:
        if use.call is None or use.call.fate != "dropped":
            return ""
        targets = self._graph.targets(use.call, use.function)
        reached = [*targets.functions, *targets.guessed]
        if reached and all(is_coroutine(f) for f in reached):
            return f"the call in {use.function.path}:{use.line} is not awaited"
        return ""

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
