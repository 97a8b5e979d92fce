"""Who takes things out of a queue that somebody puts things into."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from consolidator.analysis.emissions.bodies.code import Element, Expression, called_name, owner_of
from consolidator.analysis.emissions.callers.calls import CallGraph
from consolidator.analysis.emissions.program.function import Function
from consolidator.analysis.emissions.values.possible import Values

_TAKING = ("get", "get_nowait", "popleft", "pop", "receive", "receive_nowait")
Taker = tuple[Function, int | str]
"""A function, with the position of the call that takes, or the name that a loop gives each thing."""


class Queues:
    """Matches queues by the places where they are made."""

    def __init__(self, graph: CallGraph) -> None:
        self._graph = graph

    def takers(self, queue: Expression, function: Function) -> Sequence[Taker] | None:
        """Who takes from this queue; None where nobody knows where the queue is made."""
        made = self._values(queue, function).made
        if not made:
            return None
        return [found for place in sorted(made) for found in self._by_queue.get(place, ())]

    def is_asynchronous(self, queue: Expression, function: Function) -> bool:
        """Whether putting something into a queue has to be awaited."""
        known = self._graph.inference.of(queue, function)
        outside = known.outside | self._values(queue, function).outside
        return any(dotted.startswith(("asyncio.", "anyio.", "trio.")) for dotted in outside)

    def _values(self, queue: Expression, function: Function) -> Values:
        known = self._graph.inference.of(queue, function)
        return known if known.made else self._graph.passed.of(queue, function)

    @cached_property
    def _by_queue(self) -> dict[tuple[str, int, int], list[Taker]]:
        found: dict[tuple[str, int, int], list[Taker]] = {}
        for function, position, owner in self._taking():
            for place in self._values(owner, function).made:
                found.setdefault(place, []).append((function, position))
        return found

    def _taking(self) -> Iterator[tuple[Function, int | str, Expression]]:
        for path in self._graph.program.paths:
            for function in self._graph.program.functions(path):
                for position, call in enumerate(function.body.calls):
                    owner = owner_of(call.callee)
                    takes = called_name(call) in _TAKING and not call.arguments
                    if owner is not None and takes:
                        yield function, position, owner
                for assignment in function.body.assignments:
                    if isinstance(assignment.value, Element):
                        yield function, assignment.target, assignment.value.owner
