"""Which method of another class does the same job under another name.

Told by what the name says is done (`remove` and `disconnect` are one), by the names of the parameters and,
where several would do, by what is called. Only what is best in both directions counts.
"""

from __future__ import annotations

import re
from functools import lru_cache

from consolidator.analysis.history.family import Member
from consolidator.analysis.history.outline import UnitOutline

_VERBS = (
    {"accept", "add", "attach", "bind", "connect", "join", "open", "put", "register", "subscribe"},
    {
        *("close", "delete", "detach", "disconnect", "discard", "drop", "evict", "leave", "pop"),
        *("remove", "unbind", "unregister", "unsubscribe"),
    },
    {"deliver", "dispatch", "emit", "forward", "notify", "publish", "push", "send", "write"},
    {"announce", "broadcast", "multicast"},
    {"cleanup", "expire", "prune", "purge", "reap", "sweep"},
    {"fetch", "find", "get", "load", "lookup", "read", "resolve"},
    {"handle", "on", "process", "receive"},
)
_HEADER = re.compile(r"(?:async )?def (\w+)\((.*)\)$")
_PARAMETER = re.compile(r"(?:^|,)\*{0,2}(\w+)")
_CALLED = re.compile(r"(\w+)\(")
_ALIKE = 0.5
"""Share of parameters that two methods of one job have in common."""


def same_job(name: str, one: Member, other: Member) -> UnitOutline | None:
    """The method of `other` that does what method `name` of `one` does; None where that is not sure.

    Methods whose name both classes have are each other's, and nobody else's.
    """
    found = _best(name, one, other)
    return other.units[found] if found is not None and _best(found, other, one) == name else None


def _best(name: str, one: Member, other: Member) -> str | None:
    unit = one.units.get(name)
    if unit is None or name in other.units:
        return None
    verb, parameters = _verb(name), _parameters(unit)
    ranked = sorted(
        (
            (_overlap(_called(unit), _called(candidate)), each)
            for each, candidate in other.units.items()
            if verb is not None
            and each not in one.units
            and _verb(each) == verb
            and parameters
            and _overlap(parameters, _parameters(candidate)) >= _ALIKE
        ),
        reverse=True,
    )
    if not ranked or (len(ranked) > 1 and ranked[0][0] == ranked[1][0]):
        return None
    return ranked[0][1]


@lru_cache(1 << 12)
def _verb(name: str) -> int | None:
    first = name.strip("_").split("_")[0].lower()
    return next((number for number, verbs in enumerate(_VERBS) if first in verbs), None)


@lru_cache(1 << 12)
def _parameters(unit: UnitOutline) -> frozenset[str]:
    header = next((found for key in unit.order if (found := _HEADER.match(key))), None)
    return frozenset(_PARAMETER.findall(header[2])) - {"self", "cls"} if header else frozenset()


@lru_cache(1 << 12)
def _called(unit: UnitOutline) -> frozenset[str]:
    body = (key for key in unit.order if not _HEADER.match(key))
    return frozenset(name for key in body for name in _CALLED.findall(key))


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    union = len(one | other)
    return len(one & other) / union if union else 0.0
