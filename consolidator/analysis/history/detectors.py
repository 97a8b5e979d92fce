"""Seeing the signals of `signals.py` in a difference: one small detector each."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from consolidator.analysis.history.delta import UnitDelta
from consolidator.analysis.history.records import Evidence
from consolidator.analysis.history.rewrites import (
    DEFINITIONS,
    DISPATCH,
    SWITCH,
    argument,
    attribute,
    awaited,
    condition,
    converted,
    fallbacks,
    identity,
    pattern,
    renamed_call,
    returned,
    rewritten,
    value,
)
from consolidator.analysis.history.statements import Statement, is_log

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
_REFUSED = re.compile(r"\.close\((code=)?(\w+\.)*(4\d\d\d|1008|\w*POLICY_VIOLATION)\b")
"""A connection is closed with a code that says: not for you (RFC 6455, 7.4)."""
_FOR_LATER = re.compile(
    r"\bself\.\w*(buffer|queue|backlog|pending|outbox|missed|undelivered|unsent)\w*\b.*\.(append|appendleft|put|put_nowait)\(",
    re.IGNORECASE,
)
_BOUND = re.compile(
    r"\b(maxsize|maxlen|max_\w+|\w*_limit|\w*ttl\w*|expir\w+|stale\w*|idle\w*)\b", re.IGNORECASE
)
_SERIAL = re.compile(
    r"isoformat\(|model_dump|mode=\"json\"|jsonable|json_safe|safe_\w*(json|serial)\w*|_?seriali[sz]\w+\(|dumps?\(.*\bdefault=|cls=\w*Encoder|to_dict\("
)
_DURABLE = re.compile(r"\bos\.(replace|rename|fsync)\(|\bmkstemp\(|\bNamedTemporaryFile\(")
_SEND = re.compile(
    r"\.(_?send\w*|_?emit\w*|_?notify\w*|_?broadcast\w*|_?publish\w*|_?deliver\w*|put_nowait|put)\("
)
_SNAPSHOT = re.compile(r"(^|[ =(])(list|tuple|set|dict)\([\w.]+[.(]|\.copy\(\)")
_STRICT = re.compile(r"^del |\w\[|\.remove\(|\.pop\(|app\.state\.")
_TOLERANT = re.compile(
    r"(?<!kwargs)(?<!kwds)(?<!options)\.pop\([^()]+,None\)|\.get\(|\.discard\(|getattr\(.+,None\)"
)
_SPAWN = re.compile(r"\b(create_task|ensure_future)\(")
_BOUNDED = re.compile(r"\b(maxlen|maxsize)=")
_ASSIGNMENTS = (ast.Assign, ast.AnnAssign)
_BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While)
"""What is asked within a new one of these is part of what is new."""
_EXITS = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_WORD = re.compile(r"\w+")
_KEPT_OTHER = re.compile(r"\bself\.[\w.()\[\]]+( ?is not\b|!=)|(\bis not ?|!=)self\.")
"""What an object keeps turns out to be something else."""
_WATCHED = re.compile(r"\.add_done_callback\(")


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
    more has to look at what was asked. A guard that compares one with what is kept is more than that."""
    fresh = {
        name for pair in delta.rewritten for name in _parameters(pair.new) - _parameters(pair.old)
    }
    if not fresh:
        return delta

    def speaks(statement: Statement) -> bool:
        said = (statement.key, *statement.context)
        return any(fresh & set(_WORD.findall(key)) for key in said)

    def compares(statement: Statement) -> bool:
        return isinstance(statement.node, ast.If) and _KEPT_OTHER.search(statement.key) is not None

    added = tuple(item for item in delta.added if compares(item) or not speaks(item))
    rewritten = tuple(pair for pair in delta.rewritten if not speaks(pair.new))
    return replace(delta, added=added, rewritten=rewritten)


def _parameters(statement: Statement) -> set[str]:
    if not isinstance(statement.node, DEFINITIONS):
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
        if not isinstance(node, ast.If) or DISPATCH.match(item.key) or SWITCH.search(item.key):
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
    return fresh or rewritten(
        delta,
        lambda pair: bool(_TIMEOUT.search(pair.new.key)) and not _TIMEOUT.search(pair.old.key),
    )


def _cleanup(delta: UnitDelta) -> str | None:
    if not delta.name or _first(delta.removed, _CLEANUP):
        return None
    return _first(tuple(item for item in delta.added if not _REFUSED.search(item.key)), _CLEANUP)


def _refused(delta: UnitDelta) -> str | None:
    return None if _first(delta.removed, _REFUSED) else _first(delta.added, _REFUSED)


def _kept_for_later(delta: UnitDelta) -> str | None:
    return None if _first(delta.removed, _FOR_LATER) else _first(delta.added, _FOR_LATER)


def _bound(delta: UnitDelta) -> str | None:
    fresh = tuple(item for item in delta.added if isinstance(item.node, ast.If | ast.While))
    found = _first(fresh, _BOUND)
    return (
        found
        or rewritten(
            delta,
            lambda pair: bool(_BOUND.search(pair.new.key)) and not _BOUND.search(pair.old.key),
        )
        or _bounded(delta)
    )


def _bounded(delta: UnitDelta) -> str | None:
    """What is kept is kept in something with a bound now."""
    before = {
        item.key.partition("=")[0] for item in delta.removed if isinstance(item.node, _ASSIGNMENTS)
    }
    now = (item.key for item in delta.added if isinstance(item.node, _ASSIGNMENTS))
    return next(
        (key for key in now if _BOUNDED.search(key) and key.partition("=")[0] in before), None
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
    return rewritten(delta, lambda pair: _caught(pair.new) > _caught(pair.old) != set())


def _caught(statement: Statement) -> set[str]:
    if not isinstance(statement.node, ast.ExceptHandler) or statement.node.type is None:
        return set()
    caught = statement.node.type
    each = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return {ast.unparse(name) for name in each}


def _serialised(delta: UnitDelta) -> str | None:
    fresh = None if _first(delta.removed, _SERIAL) else _first(delta.added, _SERIAL)
    return fresh or rewritten(
        delta, lambda pair: bool(_SERIAL.search(pair.new.key)) and not _SERIAL.search(pair.old.key)
    )


def _durable(delta: UnitDelta) -> str | None:
    return None if _first(delta.removed, _DURABLE) else _first(delta.added, _DURABLE)


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
    fallback = rewritten(delta, lambda pair: fallbacks(pair.new) > fallbacks(pair.old))
    if fallback is not None:
        return fallback
    came = [*delta.added, *(pair.new for pair in delta.rewritten)]
    went = [*delta.removed, *(pair.old for pair in delta.rewritten)]
    strict = any(_STRICT.search(item.key) for item in went)
    if not strict or any(_TOLERANT.search(item.key) for item in went):
        return None
    return next((item.key for item in came if _TOLERANT.search(item.key)), None)


def _looped(delta: UnitDelta) -> str | None:
    if any(_loops(item) for item in delta.removed):
        return next((item.key for item in delta.added if _loops(item)), None)
    return rewritten(delta, lambda pair: _loops(pair.new))


def _spawned(delta: UnitDelta) -> str | None:
    return _first(delta.removed, _SPAWN)


def _watched(delta: UnitDelta) -> str | None:
    return None if _first(delta.removed, _WATCHED) else _first(delta.added, _WATCHED)


def _reordered(delta: UnitDelta) -> str | None:
    if not delta.reordered or delta.name == delta.owner:  # the order of fields is no order of steps
        return None
    first, second = delta.order[0] if delta.order else (delta.name, "")
    return f"{first} before {second}" if second else first


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


_DETECTORS: dict[str, Detector] = {
    "guard": _guard,
    "branch": _branch,
    "raise": _raise,
    "lock": _lock,
    "retry": _retry,
    "timeout": _timeout,
    "cleanup": _cleanup,
    "refused": _refused,
    "kept-for-later": _kept_for_later,
    "bound": _bound,
    "narrowed": _narrowed,
    "unswallowed": _unswallowed,
    "handled": _handled,
    "awaited": awaited,
    "serialised": _serialised,
    "durable": _durable,
    "identity": identity,
    "ensured": _ensured,
    "unconditional": _unconditional,
    "spawned": _spawned,
    "watched": _watched,
    "tolerant": _tolerant,
    "looped": _looped,
    "renamed-call": renamed_call,
    "converted": converted,
    "pattern": pattern,
    "attribute": attribute,
    "argument": argument,
    "condition": condition,
    "returned": returned,
    "reordered": _reordered,
    "snapshot": _snapshot,
    "delivered": _delivered,
    "value": value,
}
