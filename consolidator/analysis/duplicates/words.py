"""Names taken apart: what a class is called beyond its adjectives, what a method does beyond its verb."""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(
    r"[A-Z]{2,}s(?![a-z\d])|(?!V\d)[A-Z]+\d+(?![a-z\d])|[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+"
)
_COMPOUNDS = {
    ("web", "socket"): "websocket",
    ("data", "base"): "database",
    ("time", "out"): "timeout",
}

VARIANT_WORDS = frozenset(
    [
        "abc",
        "abstract",
        "adapted",
        "advanced",
        "base",
        "basic",
        "better",
        "common",
        "concrete",
        "core",
        "custom",
        "default",
        "enhanced",
        "extended",
        "final",
        "fixed",
        "generic",
        "impl",
        "implementation",
        "improved",
        "interface",
        "isolated",
        "legacy",
        "lite",
        "main",
        "managed",
        "modern",
        "my",
        "new",
        "old",
        "optimised",
        "optimized",
        "original",
        "plain",
        "proto",
        "protocol",
        "real",
        "refactored",
        "robust",
        "safe",
        "scoped",
        "secure",
        "shared",
        "simple",
        "simplified",
        "smart",
        "standard",
        "standardised",
        "standardized",
        "strict",
        "the",
        "typed",
        "unified",
        "updated",
        "v",
        "validated",
    ]
)
"""Words that tell one version of a thing from another, not one thing from another."""

_VERSION_WORDS = frozenset(
    "better core enhanced final fixed improved legacy modern new old optimised optimized original "  # noqa: SIM905
    "refactored standard unified updated v".split()
)
"""Of these, the words that date a thing; the others may tell how it behaves (`Strict`, `Scoped`)."""

DOUBLE_WORDS = frozenset("dummy fake mock mocked mocking spy stub stubbed test testing".split())  # noqa: SIM905
"""Words that mark a stand-in for tests. `InMemory…` is none: such classes ship."""

_VERBS = {
    verb: group
    for group, verbs in {
        "emit": "broadcast dispatch emit fire notify publish push send trigger",
        "get": "fetch find get load lookup obtain read retrieve",
        "remove": "delete discard drop remove unregister",
        "add": "add append attach insert register",
        "close": "cleanup close dispose shutdown stop teardown",
        "open": "initialise initialize open setup start startup",
        "make": "build create generate make new",
        "check": "check ensure validate verify",
        "handle": "handle on process",
    }.items()
    for verb in verbs.split()
}

GENERIC_CONCEPTS = frozenset(
    [
        "add",
        "call",
        "check",
        "clear",
        "close",
        "configure",
        "emit",
        "execute",
        "filter",
        "get",
        "get_stats",
        "get_status",
        "get_metrics",
        "get_config",
        "get_all",
        "get_by_id",
        "get_health",
        "get_state",
        "get_name",
        "handle",
        "init",
        "is_valid",
        "list",
        "main",
        "make",
        "name",
        "next",
        "open",
        "parse",
        "process",
        "remove",
        "render",
        "reset",
        "run",
        "save",
        "search",
        "set",
        "setup_logging",
        "size",
        "state",
        "status",
        "to_dict",
        "from_dict",
        "to_json",
        "from_json",
        "update",
        "update_config",
        "value",
        "write",
        "health_check",
        "is_healthy",
        "add_arguments",
        "enter",
        "exit",
        "flush",
        "connect",
        "disconnect",
        "report",
    ]
)
"""What so many classes do that doing it too proves nothing."""


@lru_cache(maxsize=65536)
def words(name: str) -> tuple[str, ...]:
    """The words of a CamelCase or snake_case name in lower case: `UserWSEmitter` has three."""
    found = [word.lower() for word in _WORD.findall(name)]
    merged: list[str] = []
    for word in found:
        pair = (merged[-1], word) if merged else None
        if pair in _COMPOUNDS:
            merged[-1] = _COMPOUNDS[pair]
        else:
            merged.append(word)
    return tuple(merged)


@lru_cache(maxsize=65536)
def role_words(name: str) -> tuple[str, ...]:
    """The words that say what a class is for, without variants, test-double marks and a version at
    the end: `RoomsV2` and `Rooms2` are `rooms`, but the number in `UUID4` or `Base64Codec` is part of
    the name."""
    found = words(name)
    kept = tuple(w for w in found if w not in VARIANT_WORDS and w not in DOUBLE_WORDS)
    if len(kept) > 1 and kept[-1].isdigit() and len(kept[-1]) == 1:
        kept = kept[:-1]
    return kept or found


@lru_cache(maxsize=65536)
def concept(method: str) -> str:
    """A method's name with its verb made common: `emit_agent_started`, `notify_agent_started` and
    `send_agent_started` are one concept."""
    found = words(method)
    if not found:
        return method
    verb = _VERBS.get(found[0], found[0])
    return "_".join((verb, *found[1:]))


@lru_cache(maxsize=262144)
def name_similarity(left: str, right: str) -> float:
    """0..1: 1 for one name, 0.95 for names that differ in variant words only, else the cosine of
    their role words where the head noun (the last word) is the same; 0 where it is not."""
    if left == right:
        return 1.0
    a, b = role_words(left), role_words(right)
    if a == b:
        return 0.95
    if a[-1] != b[-1]:
        return 0.0
    shared = len(set(a) & set(b))
    return float(0.95 * shared / (len(set(a)) * len(set(b))) ** 0.5)


_ASYNC_WORDS = frozenset({"aio", "async", "asyncio", "asynchronous", "sync", "synchronous"})


def async_twins(left: str, right: str) -> bool:
    """Whether two qualified names differ in a word such as `Async`: the names of the classes in
    nothing else, or, for classes of one name, their modules in nothing else."""
    (module, _, name), (other_module, _, other) = left.rpartition("."), right.rpartition(".")
    apart = {*role_words(name)} ^ {*role_words(other)}
    if not apart:
        apart = {*words(module)} ^ {*words(other_module)}
    return bool(apart) and apart <= _ASYNC_WORDS


def async_apart(left: str, right: str) -> bool:
    """Whether two qualified names differ in words such as `Async`, whatever else they differ in."""
    return _ASYNC_WORDS & {*words(left)} != _ASYNC_WORDS & {*words(right)}


def contrast(left: str, right: str) -> bool:
    """Whether two names speak of one thing and each has a word that the other lacks, as `DiskStore`
    and `BucketStore`: variants of one thing rather than one thing."""
    a, b = {*role_words(left)}, {*role_words(right)}
    return bool(a & b) and bool(a - b) and bool(b - a)


def one_name(left: str, right: str) -> bool:
    """Whether two names are one but for words that date it: `RoomHub`, `ModernRoomHub`."""
    return {*words(left)} ^ {*words(right)} <= _VERSION_WORDS
