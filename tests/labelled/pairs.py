"""The labelled set as one tree and as pairs with their verdicts."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from itertools import combinations

from labelled.mutations import (
    MUTATIONS,
    Mutation,
    class_of,
    nested_in_a_class,
    nested_in_a_function,
)
from labelled.negatives import DIFFERENT, NEGATIVES, different_pairs
from labelled.originals import ORIGINALS
from labelled.roles import ROLES, SAME_ROLE


@dataclass(frozen=True)
class Pair:
    left: str
    right: str
    same: bool
    category: str


def files() -> dict[str, str]:
    """Path and text of every file; copies lie in one package for each mutation."""
    found = {f"originals/{name.lower()}.py": text for name, text in ORIGINALS.items()}
    for mutation in MUTATIONS:
        for name, text in ORIGINALS.items():
            found[f"{mutation.__name__}/{name.lower()}.py"] = mutation(text.lstrip("\n"))
    for group in (*ROLES.values(), *NEGATIVES.values()):
        found.update(group)
    return found


def pairs() -> list[Pair]:
    """Copies, classes of one role, hard negatives, and originals of different trades."""
    return [*_copies(), *_roles(), *_hard_negatives(), *_strangers()]


def _copies() -> list[Pair]:
    return [
        Pair(
            _original(name), _copy(mutation, name, text), True, mutation.__name__.replace("_", " ")
        )
        for mutation in MUTATIONS
        for name, text in ORIGINALS.items()
    ]


def _copy(mutation: Mutation, name: str, text: str) -> str:
    module = f"{mutation.__name__}.{name.lower()}"
    if mutation is nested_in_a_class:
        return f"{module}.Outer.{name}"
    if mutation is nested_in_a_function:
        return f"{module}.make.<locals>.{name}"
    return f"{module}.{class_of(ast.parse(mutation(text))).name}"


def _original(name: str) -> str:
    return f"originals.{name.lower()}.{name}"


def _roles() -> list[Pair]:
    return [
        Pair(left, right, True, f"role: {category}")
        for category, related in SAME_ROLE.items()
        for left, right in related
    ]


def _hard_negatives() -> list[Pair]:
    return [
        Pair(left, right, False, f"hard: {category}")
        for category in DIFFERENT
        for left, right in different_pairs(category)
    ]


def _strangers() -> list[Pair]:
    return [
        Pair(_original(left), _original(right), False, "strangers")
        for left, right in combinations(ORIGINALS, 2)
    ]
