"""Which part of a thing is the value that is followed: the thing itself, one of its fields, or some part."""

from __future__ import annotations

Held = frozenset[tuple[str, bool]]
"""Pairs of a field's name (empty for the thing itself) and whether the field is exactly the value, and
not only something that the value is a part of. Empty where the value is not in the thing at all.

A list or a tuple holds what its elements hold: which of them it is does not matter."""

NOTHING: Held = frozenset()
ITSELF: Held = frozenset({("", True)})
SOMEWHERE: Held = frozenset({("", False)})


def under(held: Held, name: str) -> Held:
    """What a thing holds that has `held` in its field `name`."""
    return frozenset((name, exact and not field) for field, exact in held)


def field_of(held: Held, name: str) -> Held:
    """What the field `name` of a thing holds; `.value` of an enum member is the value itself."""
    found = {("", exact) for field, exact in held if field == name}
    found |= {("", exact and name == "value") for field, exact in held if not field}
    return frozenset(found)


def part_of(held: Held) -> Held:
    """What a thing holds that `held` is somehow a part of."""
    return SOMEWHERE if held else NOTHING


def is_exactly(held: Held) -> bool:
    """Whether a thing is the value and nothing else."""
    return ("", True) in held
