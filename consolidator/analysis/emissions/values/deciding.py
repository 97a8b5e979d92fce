"""What a function decides by an event's name: branches that this event does not take, tables that map it."""

from __future__ import annotations

from collections.abc import Callable

from consolidator.analysis.emissions.bodies.code import (
    Choice,
    Expression,
    Place,
    Result,
    Test,
    Text,
    last_name,
    owner_of,
)
from consolidator.analysis.emissions.program.function import Function
from consolidator.analysis.emissions.values.constants import entries, texts
from consolidator.analysis.emissions.values.values import Inference


class Decider:
    """`decided` turns true with the first answer that could be another one for another event."""

    def __init__(
        self,
        inference: Inference,
        function: Function,
        event: str,
        is_event: Callable[[Expression], bool],
    ) -> None:
        self._inference = inference
        self._function = function
        self._event = event
        self._is_event = is_event
        self.decided = False

    def excluded(self, place: Place) -> str | None:
        """Why the event never comes to a place; None where it may."""
        if not self._event:
            return None
        for condition in place.conditions:
            truth = self._truth(condition.test)
            self.decided |= truth is not None
            if truth is (not condition.holds):
                word = "false" if condition.holds else "true"
                where = f"the condition in {self._function.path}:{condition.line}"
                return f"{where} is {word} for {self._event}"
        return None

    def _truth(self, expression: Expression) -> bool | None:
        match expression:
            case Choice():
                # `a and b` carries its own Test as the last option.
                return self._truth(expression.options[-1])
            case Test(operator="not"):
                truth = self._truth(expression.operands[0])
                return None if truth is None else not truth
            case Test(operator="and" | "or"):
                truths = [self._truth(operand) for operand in expression.operands]
                deciding = expression.operator == "or"
                if deciding in truths:
                    return deciding
                return None if None in truths else not deciding
            case Test() if len(expression.operands) == 2:
                return self._comparison(expression)
            case Result():
                return self._start_or_end(expression)
        return True if self._is_event(expression) else None

    def _comparison(self, test: Test) -> bool | None:
        left, right = test.operands
        if test.operator in ("in", "not in"):
            known = entries(self._inference, right, self._function)
            if known is None or not self._is_event(left):
                return None
            return (self._event in known) is (test.operator == "in")
        if test.operator not in ("==", "!=", "is", "is not"):
            return None
        other = right if self._is_event(left) else left if self._is_event(right) else None
        named = texts(self._inference, other, self._function) if other is not None else frozenset()
        if not named or (self._event in named and len(named) > 1):
            return None
        return (self._event in named) is (test.operator in ("==", "is"))

    def _start_or_end(self, result: Result) -> bool | None:
        """`event.startswith("agent_")`."""
        call = self._function.body.calls[result.call]
        owner, name = owner_of(call.callee), last_name(call.callee)
        if name not in ("startswith", "endswith") or owner is None or len(call.arguments) != 1:
            return None
        part = call.arguments[0].value
        if not isinstance(part, Text) or not self._is_event(owner):
            return None
        starts = self._event.startswith(part.value)
        return starts if name == "startswith" else self._event.endswith(part.value)

    def is_table(self, container: Expression) -> bool:
        """Whether all keys of a container are written out."""
        return entries(self._inference, container, self._function) is not None

    def maps_to_itself(self, table: Expression) -> bool | None:
        """Whether a table that is written out has the event's own name for it; None where it has no
        entry, or can't be read."""
        known = entries(self._inference, table, self._function)
        if known is None or not self._event:
            return None
        self.decided = True
        return self._event in known[self._event] if self._event in known else None

    def translates(self, table: Expression, name: str) -> bool:
        """Whether a table that is written out has this name for the event's text."""
        known = entries(self._inference, table, self._function)
        return known is not None and name in known.get(self._event, ())
