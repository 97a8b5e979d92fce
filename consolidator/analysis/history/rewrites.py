"""Signals that show in one statement that was rewritten, or in the one that stands in its place."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable
from functools import lru_cache

from consolidator.analysis.history.delta import Rewrite, UnitDelta
from consolidator.analysis.history.statements import Statement, expressions

_IDENTITY = re.compile(
    r"\b_?(user_?id|tenant_?id|thread_?id|run_?id|connection_?id|client_?id|session_?id|stream_?id|\w+_key|key)\b",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r"\.[^\W\d]\w*\b(?!\()")
_SETTINGS = re.compile(
    r"os|env|environ|get|getenv|getattr|\w*(get_env|config|settings?|environment)\w*", re.IGNORECASE
)
_CLASS = re.compile(r"(^|\.)_*[A-Z]\w*[a-z]\w*$")
_WORD = re.compile(r"\w+")
_REGEX = re.compile(r"\bre\.\w+\(")
_PROSE = re.compile(r"\w\W*\s\W*\w")
_AGAIN = re.compile(r"(\w+)=(?!await )[\w.]*\b(\w+)\(.*\b\1\b|(\w+)=\3\.\w+\(")
"""A value that takes the place of itself by way of a call."""
_CONSTANT_NAME = re.compile(r"_*[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
SWITCH = re.compile(
    r"\b(\w*environment|env|(is_|in_)?(test|tests|testing|dev|development|staging|production|debug)"
    r"|\w*mock\w*|enable_\w+|\w+_enabled|type_checking|(get)?options?|verbos\w*|environ|getenv)\b"
    r"|\b_?(config|settings)\.",
    re.IGNORECASE,
)
"""Conditions that ask where the program runs, or what it was told: they switch behaviour, they do not
mend it."""
DISPATCH = re.compile(
    r"^if ([\w.]*\b|[\w.]+(\.get\(|\[)\")(\w*type|kind|action|command|event|method|data|message|msg)"
    r"(\"[)\]])?(==| in[\[({])",
    re.IGNORECASE,
)
"""Another kind of message that is answered is a feature."""
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _awaits(statement: Statement) -> int:
    if "await" not in statement.key:
        return 0
    return sum(isinstance(node, ast.Await) for node in _nodes(statement))


def awaited(delta: UnitDelta) -> str | None:
    return rewritten(delta, lambda pair: _awaits(pair.new) > _awaits(pair.old))


def identity(delta: UnitDelta) -> str | None:
    return rewritten(
        delta,
        lambda pair: (
            not isinstance(pair.new.node, DEFINITIONS)
            and not pair.new.key.startswith("@")
            and _keywords(pair.old) == _keywords(pair.new)
            and _IDENTITY.findall(pair.old.key) != _IDENTITY.findall(pair.new.key)
        ),
    )


def fallbacks(statement: Statement) -> int:
    """How often a value is followed by what stands in for it: `x or ""`."""
    if "or" not in statement.key:
        return 0
    stands_in = (ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict)
    return sum(
        isinstance(node, ast.BoolOp)
        and isinstance(node.op, ast.Or)
        and isinstance(node.values[-1], stands_in)
        for node in _nodes(statement)
    )


@lru_cache(1024)
def _nodes(statement: Statement) -> tuple[ast.AST, ...]:
    return tuple(expressions(statement.node))


@lru_cache(1024)
def _calls(statement: Statement) -> list[ast.Call]:
    if "(" not in statement.key:
        return []
    return [node for node in _nodes(statement) if isinstance(node, ast.Call)]


@lru_cache(1024)
def _callees(statement: Statement) -> list[str]:
    return sorted(ast.unparse(call.func) for call in _calls(statement))


def renamed_call(delta: UnitDelta) -> str | None:
    return rewritten(delta, lambda pair: _differ(_callees(pair.old), _callees(pair.new)))


def converted(delta: UnitDelta) -> str | None:
    """The same value, but by way of one more call: `str(x)`, `x.strip()`, `list(x)`."""

    def by_way(pair: Rewrite) -> bool:
        old, new = Counter(_callees(pair.old)), Counter(_callees(pair.new))
        more = [name for name in new - old if not _CLASS.search(name)]
        same = set(_WORD.findall(pair.old.key)) <= set(_WORD.findall(pair.new.key))
        return bool(more) and not old - new and same and not isinstance(pair.new.node, DEFINITIONS)

    return rewritten(delta, by_way) or _again(delta)


def _again(delta: UnitDelta) -> str | None:
    """The same before it is used: `user_id = str(user_id)`."""
    new = [item.key for item in delta.added if isinstance(item.node, ast.Assign)]
    names = Counter(key.partition("=")[0] for key in new)
    return next(
        (key for key in new if _AGAIN.match(key) and names[key.partition("=")[0]] == 1), None
    )


def pattern(delta: UnitDelta) -> str | None:
    return rewritten(
        delta,
        lambda pair: (
            bool(_REGEX.search(pair.new.key))
            and _callees(pair.old) == _callees(pair.new)
            and _constants(pair.old) != _constants(pair.new)
        ),
    )


def _differ(old: list[str], new: list[str]) -> bool:
    """Whether another is called: a class that is merely imported another way is the same."""
    return len(old) == len(new) and any(
        one != other and not _same_class(one, other) for one, other in zip(old, new, strict=True)
    )


def _same_class(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return short[0].isupper() and long.endswith(f".{short}")


def attribute(delta: UnitDelta) -> str | None:
    def another(pair: Rewrite) -> bool:
        old, new = _ATTRIBUTE.findall(pair.old.key), _ATTRIBUTE.findall(pair.new.key)
        differing = [one != other for one, other in zip(old, new, strict=False)]
        rest = _ATTRIBUTE.sub("", pair.old.key) == _ATTRIBUTE.sub("", pair.new.key)
        return rest and len(old) == len(new) and sum(differing) == 1

    return rewritten(delta, another)


def argument(delta: UnitDelta) -> str | None:
    return rewritten(
        delta,
        lambda pair: (
            _callees(pair.old) == _callees(pair.new)
            and sum(len(call.args) + len(call.keywords) for call in _calls(pair.old))
            != sum(len(call.args) + len(call.keywords) for call in _calls(pair.new))
            and not _tells_more(pair)
        ),
    )


def _keywords(statement: Statement) -> int:
    return sum(len(call.keywords) for call in _calls(statement))


def _tells_more(pair: Rewrite) -> bool:
    """Whether a class is only made with more fields than before: new data, or a new setting."""
    old, new = Counter(_keyed(pair.old)), Counter(_keyed(pair.new))
    return bool(new - old) and not old - new and all(_CLASS.search(name) for name, _ in new - old)


def _keyed(statement: Statement) -> list[tuple[str, str]]:
    return [
        (ast.unparse(call.func), ast.unparse(each))
        for call in _calls(statement)
        for each in (*call.args, *call.keywords)
    ]


def condition(delta: UnitDelta) -> str | None:
    changed = rewritten(
        delta,
        lambda pair: (
            isinstance(pair.new.node, ast.If | ast.While)
            and not DISPATCH.match(pair.new.key)
            and not SWITCH.search(pair.new.key)
        ),
    )
    return changed or _another(delta, ast.While)


def _another(delta: UnitDelta, kind: type[ast.stmt]) -> str | None:
    """The one statement of a kind that stands in the place of another, with few words of it."""
    gone = [item for item in delta.removed if isinstance(item.node, kind)]
    come = [item for item in delta.added if isinstance(item.node, kind)]
    return come[0].key if len(gone) == len(come) == 1 else None


def returned(delta: UnitDelta) -> str | None:
    return (
        rewritten(delta, lambda pair: isinstance(pair.new.node, ast.Return))
        or _answers(delta)
        or _another(delta, ast.Return)
    )


def _answers(delta: UnitDelta) -> str | None:
    """A function that gave nothing gives something: `return` alone is no answer."""
    given = [item.key for item in delta.added if item.key.startswith("return ")]
    other = [key for key in delta.after if key.startswith("return ") and key not in given]
    others = [item for item in (*delta.removed, *delta.added) if isinstance(item.node, ast.If)]
    return given[0] if len(given) == 1 and not other and not others else None


def value(delta: UnitDelta) -> str | None:
    return rewritten(
        delta,
        lambda pair: (
            _constants(pair.old) != _constants(pair.new)
            or (_names(pair.old) == _names(pair.new) and _displays(pair.old) != _displays(pair.new))
        ),
    )


def _displays(statement: Statement) -> Counter[str]:
    """How many lists, tuples and the like a statement writes: `[a, b]` is not `[(a, b)]`."""
    kinds = (ast.List, ast.Tuple, ast.Set, ast.Dict)
    nodes = _nodes(statement)
    return Counter(type(node).__name__ for node in nodes if isinstance(node, kinds))


def _names(statement: Statement) -> list[str]:
    return sorted(_WORD.findall(statement.key))


def _constants(statement: Statement) -> list[str]:
    """Values of a statement; words for people to read are none."""
    if statement.key.startswith("@") or isinstance(statement.node, DEFINITIONS):
        return []
    found = (node.value for node in _nodes(statement) if isinstance(node, ast.Constant))
    return sorted(repr(value) for value in found if not _is_prose(value))


def _is_prose(value: object) -> bool:
    return isinstance(value, str) and _PROSE.search(value) is not None


def rewritten(delta: UnitDelta, holds: Callable[[Rewrite], bool]) -> str | None:
    return next(
        (pair.new.key for pair in delta.rewritten if holds(pair) and not _only_moved(pair)), None
    )


def _only_moved(pair: Rewrite) -> bool:
    """Whether the same is merely read from another place: the environment, a configuration, a constant
    that has a name now."""
    old, new = set(_WORD.findall(pair.old.key)), set(_WORD.findall(pair.new.key))
    changed = old ^ new
    if changed and all(_SETTINGS.fullmatch(word) for word in changed):
        return True
    named = new - old
    return (
        bool(named)
        and all(_CONSTANT_NAME.fullmatch(word) for word in named)
        and _callees(pair.old) == _callees(pair.new)
        and not old - new - _in_constants(pair.old)
    )


def _in_constants(statement: Statement) -> set[str]:
    return {word for value in _constants(statement) for word in _WORD.findall(value)}
