"""Two versions of one function that call the same things by other names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

_WORD = re.compile(r"[^\W\d]\w*")
_BOUND = re.compile(
    r"^(?P<assigned>\w+(,\w+)*)=(?!=)|\bfor (?P<looped>[\w,()]+) in\b|\bas (?P<caught>\w+)|(?P<named>\w+):="
    r"|\bself\.(?P<kept>\w+)\b(?!\()"
)
_PARAMETERS = re.compile(r"^(?:async )?def \w+\((.*)\)$")
_PARAMETER = re.compile(r"(?:^|,)\**(\w+)")


def other_names(here: frozenset[str], there: frozenset[str]) -> dict[str, str]:
    """For variables, parameters and fields that only the statements `here` use, those that `there` stand in
    their place.

    Statements are compared that are the same but for such names; most of them decide, and no two names
    become one. Another function that is called, another class and another text are no other names.
    """
    lost = _bound(here) - _names(there)
    gained = _bound(there) - _names(here)
    if not lost or not gained:
        return {}
    shapes: dict[str, list[tuple[str, ...]]] = {}
    for key in there:
        shape, names = _shape(key)
        if not gained.isdisjoint(names):
            shapes.setdefault(shape, []).append(names)
    votes: Counter[tuple[str, str]] = Counter()
    for key in here:
        shape, names = _shape(key)
        if lost.isdisjoint(names):
            continue
        for others in shapes.get(shape, ()):
            pairs = {(one, other) for one, other in zip(names, others, strict=True) if one != other}
            if all(one in lost and other in gained for one, other in pairs):
                votes.update(pairs)
    found: dict[str, str] = {}
    for (one, other), _ in sorted(votes.items(), key=lambda item: (-item[1], item[0])):
        if one not in found and other not in found.values():
            found[one] = other
    return found


def renamed(key: str, names: Mapping[str, str]) -> str:
    """A statement in normal form with other names."""
    return _WORD.sub(lambda word: names.get(word[0], word[0]), key) if names else key


def _names(keys: frozenset[str]) -> set[str]:
    return {name for key in keys for name in _shape(key)[1]}


def _bound(keys: frozenset[str]) -> set[str]:
    return {name for key in keys for name in _bound_by(key)}


@lru_cache(maxsize=1 << 15)
def _bound_by(key: str) -> frozenset[str]:
    """Names of variables, parameters and fields that one statement binds or uses."""
    found = (word for match in _BOUND.finditer(key) for word in match.groupdict().values() if word)
    names = {name for words in found for name in _WORD.findall(words)}
    if parameters := _PARAMETERS.match(key):
        names |= set(_PARAMETER.findall(parameters[1]))
    return frozenset(names)


@lru_cache(maxsize=1 << 15)
def _shape(key: str) -> tuple[str, tuple[str, ...]]:
    return _WORD.sub("_", key), tuple(_WORD.findall(key))
