"""The values that flow analysis tells apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "instance",
    "class",
    "function",
    "method",
    "module",
    "awaitable",
    "context",
    "items",
    "tuple",
    "callable",
    "alias",
    "none",
    "unknown",
]


@dataclass(frozen=True, slots=True)
class Value:
    """One thing that an expression can be. A set of them says what it can be on some path.

    `name` is the dotted definition of the class (instance, class, method), function or module.
    `via` is the name by which the source got hold of the class or factory: after an import was
    rewritten to `from new import New as Old`, it still says `Old`.
    """

    kind: Kind
    name: str = ""
    via: str = ""
    member: str = ""
    """The method of `name` that a "method" is."""
    of: frozenset[Value] = frozenset()
    """What an awaitable, a context manager or a container holds, what a callable gives; instances that
    a type alias means."""
    parts: tuple[frozenset[Value], ...] = ()
    """What stands at each place of a tuple of known length."""
    mock: bool = False
    """Whether a test double stands in for the class."""


Values = frozenset[Value]

NONE = Value("none")
UNKNOWN = Value("unknown")
NOTHING_KNOWN: Values = frozenset({UNKNOWN})


def holding(kind: Literal["awaitable", "context", "items"], of: Values) -> Values:
    """A wrapper around what is known; nothing where nothing is known about the content."""
    return frozenset({Value(kind, of=of)}) if of - {UNKNOWN} else NOTHING_KNOWN


def giving(of: Values) -> Values:
    """Something to be called of which only the result is known."""
    return frozenset({Value("callable", of=of)}) if of - {UNKNOWN} else NOTHING_KNOWN


def contents(values: Values, kind: Literal["awaitable", "context", "items"]) -> Values:
    """What the wrappers of one kind among the values hold; anything else makes it unknown, but None,
    which can't be entered, awaited or looped over."""
    found: set[Value] = set()
    for value in values - {NONE}:
        if value.kind == "tuple" and kind == "items":
            found = found.union(*value.parts)
        else:
            found |= value.of if value.kind == kind else {UNKNOWN}
    return frozenset(found) or NOTHING_KNOWN


def row(*parts: Values) -> Values:
    """A tuple of known length; nothing where no part is known."""
    known = any(part - {UNKNOWN} for part in parts)
    return frozenset({Value("tuple", parts=parts)}) if known else NOTHING_KNOWN


def part_of(values: Values, index: int, length: int | None = None) -> Values:
    """What stands at a place of a tuple, or in a container of any length."""
    found: set[Value] = set()
    others: set[Value] = set()
    for value in values:
        fits = value.kind == "tuple" and length in (None, len(value.parts))
        if fits and -len(value.parts) <= index < len(value.parts):
            found |= value.parts[index]
        else:
            others.add(value)
    return frozenset(found) | (contents(frozenset(others), "items") if others else frozenset())
