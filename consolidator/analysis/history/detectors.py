"""Seeing the signals of `signals.py` in a difference: one small detector each."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache

from consolidator.analysis.history.delta import Rewrite, UnitDelta
from consolidator.analysis.history.records import Evidence
from consolidator.analysis.history.statements import Statement, expressions, is_log

_LOCK = re.compile(
    r"(^|[._( ])(\w*lock\w*|\w*mutex\w*|\w*semaphore\w*|\w*condition)\b", re.IGNORECASE
)
_RETRY = re.compile(r"retr(y|ies)|attempt|backoff|reconnect", re.IGNORECASE)
_TIMEOUT = re.compile(
    r"\bwait_for\(|\btimeout(_at)?\(|\btimeout\s*=|\bmove_on_after\(|\bfail_after\(", re.IGNORECASE
)
_CLEANUP = re.compile(
    r"(?<!kwargs)(?<!kwds)(?<!options)\.(pop|popitem|discard|remove|clear|cancel|close|aclose|unregister|disconnect|cleanup\w*|release)\("
    r"|^del |_cleanup\w*\(|\bcleanup_\w+\(|\bweakref\.|\bunsubscribe\("
)
_BOUND = re.compile(
    r"\b(maxsize|maxlen|max_\w+|\w*_limit|\w*ttl\w*|expir\w+|stale\w*|idle\w*)\b", re.IGNORECASE
)
_SERIAL = re.compile(
    r"isoformat\(|model_dump|mode=\"json\"|jsonable|json_safe|safe_\w*(json|serial)\w*|_?seriali[sz]\w+\(|dumps?\(.*\bdefault=|cls=\w*Encoder|to_dict\("
)
_DURABLE = re.compile(r"\bos\.(replace|rename|fsync)\(|\bmkstemp\(|\bNamedTemporaryFile\(")
_IDENTITY = re.compile(
    r"\b_?(user_?id|tenant_?id|thread_?id|run_?id|connection_?id|client_?id|session_?id|stream_?id|\w+_key|key)\b",
    re.IGNORECASE,
)
_SEND = re.compile(
    r"\.(_?send\w*|_?emit\w*|_?notify\w*|_?broadcast\w*|_?publish\w*|_?deliver\w*|put_nowait|put)\("
)
_SNAPSHOT = re.compile(r"(^|[ =(])(list|tuple|set|dict)\([\w.]+[.(]|\.copy\(\)")
_STRICT = re.compile(r"^del |\w\[|\.remove\(|\.pop\(|app\.state\.")
_TOLERANT = re.compile(
    r"(?<!kwargs)(?<!kwds)(?<!options)\.pop\([^()]+,None\)|\.get\(|\.discard\(|getattr\(.+,None\)"
)
_ATTRIBUTE = re.compile(r"\.[^\W\d]\w*\b(?!\()")
_SPAWN = re.compile(r"\b(create_task|ensure_future)\(")
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While)
"""What is asked within a new one of these is part of what is new."""
_EXITS = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_SWITCH = re.compile(
    r"\b(\w*environment|env|(is_|in_)?(test|tests|testing|dev|development|staging|production|debug)"
    r"|\w*mock\w*|enable_\w+|\w+_enabled|type_checking|(get)?options?|verbos\w*|environ|getenv)\b"
    r"|\b_?(config|settings)\.",
    re.IGNORECASE,
)
"""Conditions that ask where the program runs, or what it was told: they switch behaviour, they do not
mend it."""
_DISPATCH = re.compile(
    r"^if ([\w.]*\b|[\w.]+(\.get\(|\[)\")(\w*type|kind|action|command|event|method|data|message|msg)"
    r"(\"[)\]])?(==| in[\[({])",
    re.IGNORECASE,
)
"""Another kind of message that is answered is a feature."""
_SETTINGS = re.compile(
    r"os|env|environ|get|getenv|getattr|\w*(get_env|config|settings?|environment)\w*", re.IGNORECASE
)
_CLASS = re.compile(r"(^|\.)_*[A-Z]\w*[a-z]\w*$")
_WORD = re.compile(r"\w+")
_REGEX = re.compile(r"\bre\.\w+\(")
_PROSE = re.compile(r"\s")


Detector = Callable[[UnitDelta], str | None]


def detect(delta: UnitDelta) -> Iterator[Evidence]:
    """The signals of one changed unit, each with the statement that shows it."""
    if delta.status != "changed":
        return
    older = _without_new_parameters(delta)
    for name, detector in _DETECTORS.items():
        shown = detector(older)
        if shown is not None:
            yield Evidence(name, shown)


def _without_new_parameters(delta: UnitDelta) -> UnitDelta:
    """The unit without what only speaks of parameters that it did not take before: who can be asked for
    more has to look at what was asked."""
    fresh = {
        name for pair in delta.rewritten for name in _parameters(pair.new) - _parameters(pair.old)
    }
    if not fresh:
        return delta

    def speaks(statement: Statement) -> bool:
        said = (statement.key, *statement.context)
        return any(fresh & set(_WORD.findall(key)) for key in said)

    added = tuple(item for item in delta.added if not speaks(item))
    rewritten = tuple(pair for pair in delta.rewritten if not speaks(pair.new))
    return replace(delta, added=added, rewritten=rewritten)


def _parameters(statement: Statement) -> set[str]:
    if not isinstance(statement.node, _DEFINITIONS):
        return set()
    taken = statement.node.args
    return {each.arg for each in (*taken.posonlyargs, *taken.args, *taken.kwonlyargs)}


def _first(statements: tuple[Statement, ...], pattern: re.Pattern[str]) -> str | None:
    return next((item.key for item in statements if pattern.search(item.key)), None)


def _guard(delta: UnitDelta) -> str | None:
    return next((key for key, body in _conditions(delta) if isinstance(body[-1], _EXITS)), None)


def _branch(delta: UnitDelta) -> str | None:
    return next((key for key, body in _conditions(delta) if not isinstance(body[-1], _EXITS)), None)


def _conditions(delta: UnitDelta) -> Iterator[tuple[str, list[ast.stmt]]]:
    """New conditions on which something else is done, each with what is done."""
    named = _named_before(delta)
    fresh = {item.key for item in delta.added if isinstance(item.node, _BLOCKS)}
    for item in delta.added:
        node = item.node
        if fresh.intersection(item.context):
            continue
        if not isinstance(node, ast.If) or _DISPATCH.match(item.key) or _SWITCH.search(item.key):
            continue
        if isinstance(node.test, ast.Name) and node.test.id in named:
            continue
        body = [each for each in node.body if not _is_idle(each)]
        if body:
            yield item.key, body


def _is_idle(node: ast.stmt) -> bool:
    warned = isinstance(node, ast.Expr) and ast.unparse(node).startswith("warnings.warn(")
    return warned or is_log(node) or isinstance(node, ast.Pass | ast.Import | ast.ImportFrom)


def _named_before(delta: UnitDelta) -> set[str]:
    """Variables that only name what stood inside another statement before."""
    gone = [item.key for item in delta.removed] + [pair.old.key for pair in delta.rewritten]
    assigned = (
        item.key.partition("=") for item in delta.added if isinstance(item.node, ast.Assign)
    )
    return {name for name, _, value in assigned if any(value in key for key in gone)}


def _raise(delta: UnitDelta) -> str | None:
    gone = any(isinstance(item.node, ast.Raise) for item in delta.removed)
    for item in delta.added:
        if isinstance(item.node, ast.Raise) and item.node.exc is not None and not gone:
            return item.key
    return None


def _lock(delta: UnitDelta) -> str | None:
    for item in delta.added:
        if isinstance(item.node, ast.With | ast.AsyncWith) and _LOCK.search(item.key):
            return item.key
    return next(
        (item.key for item in delta.added if re.search(r"\b\w*(Lock|Semaphore)\(", item.key)), None
    )


def _retry(delta: UnitDelta) -> str | None:
    for item in delta.added:
        if isinstance(item.node, ast.For | ast.While | ast.AsyncFor) and _RETRY.search(item.key):
            return item.key
    return None


def _timeout(delta: UnitDelta) -> str | None:
    if _first(delta.removed, _TIMEOUT):
        return None
    fresh = _first(delta.added, _TIMEOUT)
    return fresh or _rewritten(
        delta,
        lambda pair: bool(_TIMEOUT.search(pair.new.key)) and not _TIMEOUT.search(pair.old.key),
    )


def _cleanup(delta: UnitDelta) -> str | None:
    if not delta.name:
        return None
    return None if _first(delta.removed, _CLEANUP) else _first(delta.added, _CLEANUP)


def _bound(delta: UnitDelta) -> str | None:
    fresh = tuple(item for item in delta.added if isinstance(item.node, ast.If | ast.While))
    found = _first(fresh, _BOUND)
    return found or _rewritten(
        delta, lambda pair: bool(_BOUND.search(pair.new.key)) and not _BOUND.search(pair.old.key)
    )


_BROAD = {"except", "except Exception", "except BaseException"}


def _handlers(statements: tuple[Statement, ...]) -> list[str]:
    keys = [item.key for item in statements if isinstance(item.node, ast.ExceptHandler)]
    return [key for key in keys if "ImportError" not in key and "ModuleNotFound" not in key]


def _narrowed(delta: UnitDelta) -> str | None:
    gone = _handlers(delta.removed) + [
        pair.old.key for pair in delta.rewritten if isinstance(pair.old.node, ast.ExceptHandler)
    ]
    come = _handlers(delta.added) + [
        pair.new.key for pair in delta.rewritten if isinstance(pair.new.node, ast.ExceptHandler)
    ]
    if _BROAD & set(gone):
        return next((key for key in come if key not in _BROAD), None)
    return None


def _unswallowed(delta: UnitDelta) -> str | None:
    for item in delta.added:
        handled = any(block.startswith("except") for block in item.context)
        if isinstance(item.node, ast.Raise) and handled:
            return item.key
    gone = [key for key in _handlers(delta.removed) if key in _BROAD]
    return f"drops `{gone[0]}`" if gone and not _handlers(delta.added) else None


def _handled(delta: UnitDelta) -> str | None:
    come = _handlers(delta.added)
    if come and not _handlers(delta.removed):
        return come[0]
    return _rewritten(delta, lambda pair: _caught(pair.new) > _caught(pair.old) != set())


def _caught(statement: Statement) -> set[str]:
    if not isinstance(statement.node, ast.ExceptHandler) or statement.node.type is None:
        return set()
    caught = statement.node.type
    each = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return {ast.unparse(name) for name in each}


def _awaits(statement: Statement) -> int:
    if "await" not in statement.key:
        return 0
    return sum(isinstance(node, ast.Await) for node in expressions(statement.node))


def _awaited(delta: UnitDelta) -> str | None:
    return _rewritten(delta, lambda pair: _awaits(pair.new) > _awaits(pair.old))


def _serialised(delta: UnitDelta) -> str | None:
    fresh = None if _first(delta.removed, _SERIAL) else _first(delta.added, _SERIAL)
    return fresh or _rewritten(
        delta, lambda pair: bool(_SERIAL.search(pair.new.key)) and not _SERIAL.search(pair.old.key)
    )


def _durable(delta: UnitDelta) -> str | None:
    return None if _first(delta.removed, _DURABLE) else _first(delta.added, _DURABLE)


def _identity(delta: UnitDelta) -> str | None:
    return _rewritten(
        delta,
        lambda pair: (
            not isinstance(pair.new.node, _DEFINITIONS)
            and not pair.new.key.startswith("@")
            and _keywords(pair.old) == _keywords(pair.new)
            and _IDENTITY.findall(pair.old.key) != _IDENTITY.findall(pair.new.key)
        ),
    )


def _ensured(delta: UnitDelta) -> str | None:
    for item in delta.added:
        if isinstance(item.node, ast.Try) and item.node.finalbody:
            return ast.unparse(item.node.finalbody[0]).partition("\n")[0]
    return None


def _unconditional(delta: UnitDelta) -> str | None:
    if any(isinstance(item.node, ast.If) for item in delta.added):
        return None
    return next((item.key for item in delta.removed if isinstance(item.node, ast.If)), None)


def _tolerant(delta: UnitDelta) -> str | None:
    fallback = _rewritten(delta, lambda pair: _fallbacks(pair.new) > _fallbacks(pair.old))
    if fallback is not None:
        return fallback
    came = [*delta.added, *(pair.new for pair in delta.rewritten)]
    went = [*delta.removed, *(pair.old for pair in delta.rewritten)]
    strict = any(_STRICT.search(item.key) for item in went)
    if not strict or any(_TOLERANT.search(item.key) for item in went):
        return None
    return next((item.key for item in came if _TOLERANT.search(item.key)), None)


def _fallbacks(statement: Statement) -> int:
    """How often a value is followed by what stands in for it: `x or ""`."""
    if "or" not in statement.key:
        return 0
    stands_in = (ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict)
    return sum(
        isinstance(node, ast.BoolOp)
        and isinstance(node.op, ast.Or)
        and isinstance(node.values[-1], stands_in)
        for node in expressions(statement.node)
    )


def _looped(delta: UnitDelta) -> str | None:
    if any(_loops(item) for item in delta.removed):
        return next((item.key for item in delta.added if _loops(item)), None)
    return _rewritten(delta, lambda pair: _loops(pair.new))


def _spawned(delta: UnitDelta) -> str | None:
    return _first(delta.removed, _SPAWN)


@lru_cache(1024)
def _calls(statement: Statement) -> list[ast.Call]:
    if "(" not in statement.key:
        return []
    return [node for node in expressions(statement.node) if isinstance(node, ast.Call)]


@lru_cache(1024)
def _callees(statement: Statement) -> list[str]:
    return sorted(ast.unparse(call.func) for call in _calls(statement))


def _renamed_call(delta: UnitDelta) -> str | None:
    return _rewritten(delta, lambda pair: _differ(_callees(pair.old), _callees(pair.new)))


def _converted(delta: UnitDelta) -> str | None:
    """The same value, but by way of one more call: `str(x)`, `x.strip()`, `list(x)`."""

    def by_way(pair: Rewrite) -> bool:
        old, new = Counter(_callees(pair.old)), Counter(_callees(pair.new))
        more = [name for name in new - old if not _CLASS.search(name)]
        same = set(_WORD.findall(pair.old.key)) <= set(_WORD.findall(pair.new.key))
        return bool(more) and not old - new and same and not isinstance(pair.new.node, _DEFINITIONS)

    return _rewritten(delta, by_way)


def _pattern(delta: UnitDelta) -> str | None:
    return _rewritten(
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


def _attribute(delta: UnitDelta) -> str | None:
    def another(pair: Rewrite) -> bool:
        old, new = _ATTRIBUTE.findall(pair.old.key), _ATTRIBUTE.findall(pair.new.key)
        differing = [one != other for one, other in zip(old, new, strict=False)]
        rest = _ATTRIBUTE.sub("", pair.old.key) == _ATTRIBUTE.sub("", pair.new.key)
        return rest and len(old) == len(new) and sum(differing) == 1

    return _rewritten(delta, another)


def _argument(delta: UnitDelta) -> str | None:
    return _rewritten(
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


def _condition(delta: UnitDelta) -> str | None:
    return _rewritten(
        delta,
        lambda pair: (
            isinstance(pair.new.node, ast.If | ast.While)
            and not _DISPATCH.match(pair.new.key)
            and not _SWITCH.search(pair.new.key)
        ),
    )


def _returned(delta: UnitDelta) -> str | None:
    return _rewritten(delta, lambda pair: isinstance(pair.new.node, ast.Return)) or _answers(delta)


def _answers(delta: UnitDelta) -> str | None:
    """A function that gave nothing gives something: `return` alone is no answer."""
    given = [item.key for item in delta.added if item.key.startswith("return ")]
    other = [key for key in delta.after if key.startswith("return ") and key not in given]
    others = [item for item in (*delta.removed, *delta.added) if isinstance(item.node, ast.If)]
    return given[0] if len(given) == 1 and not other and not others else None


def _reordered(delta: UnitDelta) -> str | None:
    return delta.name if delta.reordered else None


def _snapshot(delta: UnitDelta) -> str | None:
    looped = [item.key for item in delta.removed if _loops(item)]
    looped += [pair.old.key for pair in delta.rewritten if _loops(pair.new)]
    if not looped or any(_SNAPSHOT.search(key) for key in looped):
        return None
    came = (*delta.added, *(pair.new for pair in delta.rewritten))
    return _first(tuple(came), _SNAPSHOT)


def _loops(statement: Statement) -> bool:
    return isinstance(statement.node, ast.For | ast.AsyncFor)


def _delivered(delta: UnitDelta) -> str | None:
    return None if _first(delta.removed, _SEND) else _first(delta.added, _SEND)


def _value(delta: UnitDelta) -> str | None:
    return _rewritten(
        delta,
        lambda pair: (
            _constants(pair.old) != _constants(pair.new)
            or (_names(pair.old) == _names(pair.new) and _displays(pair.old) != _displays(pair.new))
        ),
    )


def _displays(statement: Statement) -> Counter[str]:
    """How many lists, tuples and the like a statement writes: `[a, b]` is not `[(a, b)]`."""
    kinds = (ast.List, ast.Tuple, ast.Set, ast.Dict)
    nodes = expressions(statement.node)
    return Counter(type(node).__name__ for node in nodes if isinstance(node, kinds))


def _names(statement: Statement) -> list[str]:
    return sorted(_WORD.findall(statement.key))


def _constants(statement: Statement) -> list[str]:
    """Values of a statement; words for people to read are none."""
    if statement.key.startswith("@") or isinstance(statement.node, _DEFINITIONS):
        return []
    found = (node.value for node in expressions(statement.node) if isinstance(node, ast.Constant))
    return sorted(repr(value) for value in found if not _is_prose(value))


def _is_prose(value: object) -> bool:
    return isinstance(value, str) and _PROSE.search(value) is not None


def _rewritten(delta: UnitDelta, holds: Callable[[Rewrite], bool]) -> str | None:
    return next(
        (pair.new.key for pair in delta.rewritten if holds(pair) and not _only_settings(pair)), None
    )


def _only_settings(pair: Rewrite) -> bool:
    """Whether the same is merely read from another place: the environment, a configuration."""
    old, new = set(_WORD.findall(pair.old.key)), set(_WORD.findall(pair.new.key))
    changed = old ^ new
    return bool(changed) and all(_SETTINGS.fullmatch(word) for word in changed)


_DETECTORS: dict[str, Detector] = {
    "guard": _guard,
    "branch": _branch,
    "raise": _raise,
    "lock": _lock,
    "retry": _retry,
    "timeout": _timeout,
    "cleanup": _cleanup,
    "bound": _bound,
    "narrowed": _narrowed,
    "unswallowed": _unswallowed,
    "handled": _handled,
    "awaited": _awaited,
    "serialised": _serialised,
    "durable": _durable,
    "identity": _identity,
    "ensured": _ensured,
    "unconditional": _unconditional,
    "spawned": _spawned,
    "tolerant": _tolerant,
    "looped": _looped,
    "renamed-call": _renamed_call,
    "converted": _converted,
    "pattern": _pattern,
    "attribute": _attribute,
    "argument": _argument,
    "condition": _condition,
    "returned": _returned,
    "reordered": _reordered,
    "snapshot": _snapshot,
    "delivered": _delivered,
    "value": _value,
}
