"""Which objects a method is called on, told apart by the places that make them."""

from __future__ import annotations

from consolidator.analysis.emissions.bodies.code import Path, Result, called_name, owner_of
from consolidator.analysis.emissions.callers.calls import CallGraph
from consolidator.analysis.emissions.callers.passed import Passed
from consolidator.analysis.emissions.callers.uses import Use
from consolidator.analysis.emissions.program.function import Function

Made = frozenset[tuple[str, int, int]]
_DEEPEST = 6


class Objects:
    def __init__(self, graph: CallGraph) -> None:
        self._graph = graph
        self._passed = Passed(graph, tells_objects=True)
        self._known: dict[Function, Made | None] = {}
        self._busy: set[Function] = set()

    def are_apart(self, one: Function, other: Function) -> bool:
        """Whether two methods are never called on the same object, as far as every caller of both is
        known."""
        if one is other or not one.receiver or not other.receiver:
            return False
        first = self.of(one)
        second = self.of(other) if first else None
        return bool(first and second) and not (first or Made()) & (second or Made())

    def of(self, method: Function) -> Made | None:
        """Where the objects are made that a method is called on; None where that is not known."""
        if method in self._known:
            return self._known[method]
        if method in self._busy or len(self._busy) > _DEEPEST:
            return None
        self._busy.add(method)
        try:
            found = self._find(method)
        finally:
            self._busy.discard(method)
        self._known[method] = found
        return found

    def _find(self, method: Function) -> Made | None:
        if method.name.startswith("__"):
            return None
        made = Made()
        for use in self._graph.uses(method):
            own = self._receivers(use)
            if own is None:
                return None
            made |= own
        return made

    def _receivers(self, use: Use) -> Made | None:
        if use.call is None or not use.certain:
            return None
        owner, user = owner_of(use.call.callee), use.function
        if owner is None:
            return None
        is_super = isinstance(owner, Result) and called_name(user.body.calls[owner.call]) == "super"
        if is_super or (isinstance(owner, Path) and owner.text == user.receiver != ""):
            return self.of(user)
        values = self._passed.of(owner, user)
        return None if values.open or not values.made else values.made
