"""What in one function holds a value that is followed: names, results of calls, and what they are part of."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from consolidator.analysis.emissions.bodies.code import (
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
    Text,
    owner_of,
)
from consolidator.analysis.emissions.flow.held import (
    ITSELF,
    NOTHING,
    Held,
    field_of,
    is_exactly,
    part_of,
    under,
)


class Holdings:
    """Grows while the function is followed. `origin` is the expression that is the value itself;
    `maps_to_itself` says of a table whether it gives back what it is asked for."""

    def __init__(
        self,
        names: Mapping[str, Held] | None,
        results: Mapping[int, Held] | None,
        origin: Expression | None,
        maps_to_itself: Callable[[Expression], bool | None],
    ) -> None:
        self.names: dict[str, Held] = dict(names or {})
        self._results: dict[int, Held] = dict(results or {})
        self._origin = origin
        self._maps_to_itself = maps_to_itself

    @property
    def size(self) -> int:
        """Grows with every new thing that is known to hold the value."""
        return sum(len(h) for h in (*self.names.values(), *self._results.values()))

    def is_event(self, expression: Expression) -> bool:
        return is_exactly(self.of(expression))

    def of(self, expression: Expression) -> Held:
        """What an expression's own value holds of the value."""
        if self._origin is not None and expression is self._origin:
            return ITSELF
        match expression:
            case Path():
                return self._of_path(expression.text)
            case Result():
                return self._results.get(expression.call, NOTHING)
            case Member():
                return field_of(self.of(expression.owner), expression.name)
            case Item():
                return self._of_item(expression)
            case Element() | Entered():
                return self.of(
                    expression.owner if isinstance(expression, Element) else expression.manager
                )
            case Group():
                return self._of_group(expression)
            case Joined() | Opaque():
                return part_of(self.of_any(expression.parts))
            case Choice():
                return self.of_any(expression.options)
        return NOTHING

    def of_any(self, expressions: tuple[Expression, ...]) -> Held:
        return NOTHING.union(*(self.of(expression) for expression in expressions))

    def _of_path(self, text: str) -> Held:
        found = NOTHING
        for name, held in self.names.items():
            if text == name:
                found |= held
            elif text.startswith(f"{name}."):
                for attribute in text.removeprefix(f"{name}.").split("."):
                    held = field_of(held, attribute)  # noqa: PLW2901 - one step after the other
                found |= held
        return found

    def _of_item(self, item: Item) -> Held:
        held = self.of(item.owner)
        if held:
            return field_of(held, item.key.value) if isinstance(item.key, Text) else held
        if self.is_event(item.key):
            return ITSELF if self._maps_to_itself(item.owner) else NOTHING
        return NOTHING

    def _of_group(self, group: Group) -> Held:
        if not group.keys:
            return self.of_any(group.values)
        found = NOTHING
        for key, value in zip(group.keys, group.values, strict=True):
            held = self.of(value)
            if isinstance(key, Text):
                found |= under(held, key.value)
            elif key is None:
                found |= held
            else:
                found |= part_of(held | self.of(key))
        return found

    def taken_by(self, call: Call) -> tuple[Held, ...]:
        """What a call's receiver and each of its arguments hold."""
        owner = owner_of(call.callee)
        held = self.of(owner) if owner is not None else NOTHING
        return (held, *(self.of(argument.value) for argument in call.arguments))

    def add_result(self, call: int, held: Held) -> None:
        if held:
            self._results[call] = self._results.get(call, NOTHING) | held

    def add_name(self, name: str, held: Held) -> None:
        self.names[name] = self.names.get(name, NOTHING) | held

    def kept_by(self, receiver: str) -> Held:
        """What the attributes of `self` hold, each under its name."""
        start = f"{receiver}."
        found = NOTHING
        for name, held in self.names.items():
            if len(start) > 1 and name.startswith(start):
                found |= under(held, name.removeprefix(start).partition(".")[0])
        return found

    def of_new(self, call: Call, fields: tuple[str, ...] | None) -> Held:
        """What a record made by a call holds; `fields` in the order of its positions, None if unknown."""
        found = NOTHING
        for position, argument in enumerate(call.arguments):
            held = self.of(argument.value)
            if argument.starred:
                found |= held
            elif argument.keyword:
                known = fields is None or argument.keyword in fields
                found |= under(held, argument.keyword) if known else NOTHING
            elif fields is not None and position < len(fields):
                found |= under(held, fields[position])
            else:
                found |= part_of(held)
        return found
