"""What callers hand to a function: the values of its parameters, and of the fields that keep them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from consolidator.analysis.emissions.calls import CallGraph, accepts, bind
from consolidator.analysis.emissions.code import Argument, Call, Expression, Path
from consolidator.analysis.emissions.possible import EMPTY, UNKNOWN, Values, union
from consolidator.analysis.emissions.program import Function
from consolidator.analysis.emissions.values import in_order

_DEEPEST = 4  # callers of callers
_MOST = 60
"""Functions handed on that are tried for a call of an unknown one."""


class Passed:
    """Looks at call sites where inference by assignments and annotations knows nothing."""

    def __init__(self, graph: CallGraph) -> None:
        self._graph = graph
        self._program = graph.program
        self._busy: set[tuple[Function, str]] = set()

    def of(self, expression: Expression, function: Function) -> Values:
        """What a name can be by what callers pass; unknown where that says nothing."""
        if not isinstance(expression, Path):
            return UNKNOWN
        found = self._name(expression.text, function)
        return found if found != EMPTY else UNKNOWN

    def _name(self, text: str, function: Function) -> Values:
        key = (function, text)
        if key in self._busy or len(self._busy) >= _DEEPEST:
            return EMPTY
        self._busy.add(key)
        try:
            head, _, rest = text.partition(".")
            if not rest:
                return union(self._arguments(text, function))
            if head == function.receiver and "." not in rest:
                return union(self._kept(rest, function))
            return EMPTY
        finally:
            self._busy.discard(key)

    def _arguments(self, name: str, function: Function) -> Iterator[Values]:
        for caller, argument in self.arguments(name, function):
            yield self._value(argument.value, caller)

    def _value(self, expression: Expression, function: Function) -> Values:
        known = self._graph.inference.of(expression, function)
        if known.is_known or not isinstance(expression, Path):
            return known
        found = self._name(expression.text, function)
        return found if found != EMPTY else known

    def _kept(self, name: str, function: Function) -> Iterator[Values]:
        cls = self._program.definition_of(function)
        for relative in self._program.ancestors(cls) if cls is not None else ():
            for where, assignment in self._program.fields(relative, name):
                yield self._value(assignment.value, where)

    def arguments(self, name: str, function: Function) -> Iterator[tuple[Function, Argument]]:
        """Callers, with what they pass as this parameter."""
        if function.fact is None or not any(p.name == name for p in function.fact.parameters):
            return
        for use in self._graph.uses(function):
            for argument, parameter in bind(use.call, function) if use.call is not None else ():
                if parameter.name == name and not argument.starred:
                    yield use.function, argument

    def callbacks(self, call: Call, function: Function) -> list[Function]:
        """Functions that somebody hands on, and that take a call's arguments: any of them may be what
        an unknown callee is. Those of the caller's own file come first."""
        fitting = [f for f in self._handed_on if accepts(f, call) and f is not function]
        return sorted(fitting, key=lambda f: f.path != function.path)[:_MOST]

    @cached_property
    def _handed_on(self) -> list[Function]:
        found: set[Function] = set()
        for path in self._program.paths:
            for user in self._program.functions(path):
                for expression, _, _ in user.body.handed_on if not user.is_library else ():
                    if isinstance(expression, Path) and expression.last in self._program.by_name:
                        found |= self._graph.inference.of(expression, user).functions
        return [f for f in in_order(found) if not f.is_library]
