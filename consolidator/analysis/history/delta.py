"""What a commit did to one file, unit by unit: statements added, removed, rewritten, reordered."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from consolidator.analysis.history.cutting import Unit, Units
from consolidator.analysis.history.records import Status
from consolidator.analysis.history.repointing import imported, other_paths
from consolidator.analysis.history.statements import PLAIN, Statement

_WORD = re.compile(r"\w+")
_SIMILAR = 0.5
"""Share of words that a rewritten statement keeps; below it, it counts as one out and one in."""
_SAME_UNIT = 0.6
_RENAMED = 4
"""Times the same words replace the same others in one commit, from which on it is a renaming."""
_EXTRACTED = 0.4
"""Share of what left a function that went into new ones, from which on the rest is fallout."""


@dataclass(frozen=True, slots=True)
class Rewrite:
    old: Statement
    new: Statement
    repoints: bool = False
    """Whether only the path differs by which it comes to what imports bring."""


@dataclass(frozen=True, slots=True)
class UnitDelta:
    name: str
    owner: str
    status: Status
    added: tuple[Statement, ...] = ()
    removed: tuple[Statement, ...] = ()
    rewritten: tuple[Rewrite, ...] = ()
    reordered: bool = False
    noise: int = 0
    """Statements added or removed that can't act: imports, log lines, placeholders."""
    after: frozenset[str] = frozenset()
    """Every statement of a changed unit afterwards."""
    order: tuple[tuple[str, str], ...] = ()
    """Where no statement of its own came or went: neighbours that were none before."""


@dataclass(frozen=True, slots=True)
class FileDelta:
    path: str
    status: Status
    units: tuple[UnitDelta, ...] = ()
    moved: int = 0
    """Units that only changed their name or their file."""


def compare(path: str, before: Iterable[Units], after: Units | None) -> FileDelta:
    """The difference to every version before it: of a merge, what no parent had."""
    parents = list(before)
    if after is None:
        gone = parents[0].values() if parents else ()
        return FileDelta(path, "removed", tuple(_removed(unit) for unit in gone))
    if not parents:
        return FileDelta(path, "added", tuple(_added(unit) for unit in after.values()))
    old = parents[0]
    known = [unit for units in parents[1:] for unit in units.values()]
    pairs, moved = _paired(old, after)
    deltas = [changed(one, other, known) for one, other in pairs]
    taken = old.keys() | {other.name for _, other in moved}
    left = after.keys() | {one.name for one, _ in moved}
    deltas += [changed(one, other, known) for one, other in moved]
    deltas += [_added(unit) for name, unit in after.items() if name not in taken]
    deltas += [_removed(unit) for name, unit in old.items() if name not in left]
    real = tuple(_repointed([delta for delta in deltas if delta is not None], old, after))
    return FileDelta(path, "changed", real, len(moved))


def _repointed(deltas: list[UnitDelta], old: Units, new: Units) -> Iterator[UnitDelta]:
    """Rewritten statements are marked that say `new.home.Thing`, or `Thing`, where they said `old.Thing`."""
    paths = {
        pair: found
        for delta in deltas
        for pair in delta.rewritten
        if (found := other_paths(pair.old.key, pair.new.key))
    }
    before, after = (imported(old), imported(new)) if paths else (set(), set())

    def seen(pair: Rewrite) -> Rewrite:
        roots = [[name.partition(".")[0] for name in names] for names in paths.get(pair, ())]
        repoints = bool(roots) and all(one in before and other in after for one, other in roots)
        return replace(pair, repoints=True) if repoints else pair

    for delta in deltas:
        yield replace(delta, rewritten=tuple(map(seen, delta.rewritten))) if paths else delta


def without_extractions(units: Sequence[UnitDelta]) -> list[UnitDelta]:
    """What is left once statements that only moved into new functions of the file are set aside."""
    fresh = [unit for unit in units if unit.status == "added"]
    moved = {item.key for unit in fresh for item in unit.added}
    names = {unit.name.rpartition(".")[2] for unit in fresh}
    if not fresh:
        return list(units)
    return [_remainder(unit, moved, names) if unit.status == "changed" else unit for unit in units]


def without_renames(files: Sequence[FileDelta]) -> list[FileDelta]:
    """What is left once renaming is set aside: of classes, of what the commit itself defines, of the path
    to what imports bring, and of any word that is replaced by another again and again. A call that is made
    by the name of a method that was there already is no renaming: it was wrong before."""
    units = [unit for file in files for unit in file.units]
    times = Counter(_substitution(pair) for unit in units for pair in unit.rewritten)
    defined = {unit.name.rpartition(".")[2] for unit in units if unit.status != "changed"}
    awaitable = {unit.name.rpartition(".")[2] for unit in units if _made_awaitable(unit)}

    def renamed(pair: Rewrite) -> bool:
        if pair.repoints:
            return True
        old, new = _substitution(pair)
        if not old and set(new) == {"await"}:
            return not awaitable.isdisjoint(_WORD.findall(pair.new.key))
        if not old or not new or isinstance(pair.new.node, ast.ExceptHandler):
            return False
        if defined.intersection(new) or all(map(_names_class, (*old, *new))):
            return True
        return times[old, new] >= _RENAMED and not _calls_another(pair, old, new)

    def kept(unit: UnitDelta) -> UnitDelta:
        if not unit.rewritten:
            return unit
        local = {_substitution(pair) for pair in unit.rewritten if _rebinds(pair)}
        odd = (pair for pair in unit.rewritten if _substitution(pair) not in local)
        return replace(unit, rewritten=tuple(pair for pair in odd if not renamed(pair)))

    return [replace(file, units=tuple(kept(unit) for unit in file.units)) for file in files]


def _rebinds(pair: Rewrite) -> bool:
    """Whether it only gives a variable or parameter another name, which others then use."""
    old, new = _substitution(pair)
    if len(old) != 1 or len(new) != 1:
        return False
    if isinstance(pair.new.node, ast.FunctionDef | ast.AsyncFunctionDef):
        return pair.new.node.name != new[0]
    return pair.old.key.startswith(f"{old[0]}=") and pair.new.key.startswith(f"{new[0]}=")


def _names_class(word: str) -> bool:
    return word[0].isupper() and word not in {"True", "False", "None"}


def _made_awaitable(unit: UnitDelta) -> bool:
    return any(
        isinstance(pair.new.node, ast.AsyncFunctionDef)
        and isinstance(pair.old.node, ast.FunctionDef)
        for pair in unit.rewritten
    )


def _calls_another(pair: Rewrite, old: tuple[str, ...], new: tuple[str, ...]) -> bool:
    """Whether only the name of one method that is called differs."""
    called = f".{new[0]}(" in pair.new.key and f".{old[0]}(" in pair.old.key
    return len(old) == len(new) == 1 and called


def _substitution(pair: Rewrite) -> tuple[tuple[str, ...], tuple[str, ...]]:
    old, new = Counter(_WORD.findall(pair.old.key)), Counter(_WORD.findall(pair.new.key))
    return tuple(sorted((old - new).elements())), tuple(sorted((new - old).elements()))


def _remainder(unit: UnitDelta, moved: set[str], names: set[str]) -> UnitDelta:
    gone = [*unit.removed, *(pair.old for pair in unit.rewritten)]
    extracted = sum(item.key in moved for item in gone)
    if extracted >= 2 and extracted >= _EXTRACTED * len(gone):
        return replace(unit, added=(), removed=(), rewritten=(), reordered=False)

    def delegates(statement: Statement) -> bool:
        return extracted > 0 and any(name in names for name in _WORD.findall(statement.key))

    return replace(
        unit,
        added=tuple(item for item in unit.added if not delegates(item)),
        removed=tuple(item for item in unit.removed if item.key not in moved),
        rewritten=tuple(pair for pair in unit.rewritten if not delegates(pair.new)),
    )


def _added(unit: Unit) -> UnitDelta:
    acting = tuple(statement for statement in unit.statements if statement.acts)
    return UnitDelta(
        unit.name, unit.owner, "added", added=acting, noise=len(unit.statements) - len(acting)
    )


def _removed(unit: Unit) -> UnitDelta:
    acting = tuple(statement for statement in unit.statements if statement.acts)
    return UnitDelta(unit.name, unit.owner, "removed", removed=acting)


def _paired(old: Units, new: Units) -> tuple[list[tuple[Unit, Unit]], list[tuple[Unit, Unit]]]:
    same = [
        (old[name], unit)
        for name, unit in new.items()
        if name in old and old[name].text != unit.text
    ]
    lone_old = [unit for name, unit in old.items() if name not in new and unit.keys]
    lone_new = [unit for name, unit in new.items() if name not in old and unit.keys]
    return same, list(_renamed(lone_old, lone_new))


def _renamed(old: list[Unit], new: list[Unit]) -> Iterable[tuple[Unit, Unit]]:
    free = list(old)
    for unit in new:
        best = max(free, key=lambda other: _overlap(other, unit), default=None)
        if best is not None and _overlap(best, unit) >= _SAME_UNIT:
            free.remove(best)
            yield best, unit


def _overlap(one: Unit, other: Unit) -> float:
    union = len(one.keys | other.keys)
    return len(one.keys & other.keys) / union if union else 0.0


def changed(old: Unit, new: Unit, known: Sequence[Unit] = ()) -> UnitDelta | None:
    """None where the two are the same; of a merge, `known` are the units of its other parents."""
    before = Counter(statement.key for statement in old.statements)
    after = Counter(statement.key for statement in new.statements)
    elsewhere = {key for unit in known if unit.name == new.name for key in unit.keys}
    added = [item for item in _surplus(new.statements, after - before) if item.key not in elsewhere]
    removed = _surplus(old.statements, before - after)
    acting_new = [item for item in added if item.acts]
    acting_old = [item for item in removed if item.acts]
    rewritten = _rewrites(acting_old, acting_new)
    reordered = not added and not removed and old.order != new.order
    noise = len(added) + len(removed) - len(acting_new) - len(acting_old)
    if not (added or removed or reordered):
        return None
    plain = {item.key for item in acting_new}
    untold = reordered or (not rewritten and bool(plain) and plain <= PLAIN)
    olds = {id(pair.old) for pair in rewritten}
    news = {id(pair.new) for pair in rewritten}
    return UnitDelta(
        new.name,
        new.owner,
        "changed",
        tuple(item for item in acting_new if id(item) not in news),
        tuple(item for item in acting_old if id(item) not in olds),
        tuple(rewritten),
        reordered,
        noise,
        new.keys,
        _new_neighbours(old, new, plain) if untold else (),
    )


def _new_neighbours(old: Unit, new: Unit, came: set[str]) -> tuple[tuple[str, str], ...]:
    """Those of what came; where nothing did, those that followed one another the other way round."""
    before, places = set(pairwise(old.order)), {key: place for place, key in enumerate(old.order)}
    fresh = [pair for pair in pairwise(new.order) if pair not in before]
    if came:
        return tuple(pair for pair in fresh if not came.isdisjoint(pair))
    turned = [
        (first, second) for first, second in fresh if places.get(first, -1) > places.get(second, -1)
    ]
    return tuple(turned or fresh)


def _surplus(statements: tuple[Statement, ...], surplus: Counter[str]) -> list[Statement]:
    left = Counter(surplus)
    found = []
    for statement in reversed(statements):
        if left[statement.key] > 0:
            left[statement.key] -= 1
            found.append(statement)
    return found[::-1]


def _rewrites(removed: list[Statement], added: list[Statement]) -> list[Rewrite]:
    pairs: list[Rewrite] = []
    free = list(added)
    for old in removed:
        words = frozenset(_WORD.findall(old.key))
        same_kind = [new for new in free if _kind(new) == _kind(old)]
        best = max(same_kind, key=lambda new: _likeness(words, new), default=None)
        if best is not None and _likeness(words, best) >= _SIMILAR:
            free.remove(best)
            pairs.append(Rewrite(old, best))
    return pairs


def _kind(statement: Statement) -> type[ast.AST]:
    kind = type(statement.node)
    return (
        ast.Expr
        if kind in {ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Delete}
        else ast.FunctionDef
        if kind is ast.AsyncFunctionDef
        else kind
    )


def _likeness(words: frozenset[str], other: Statement) -> float:
    theirs = frozenset(_WORD.findall(other.key))
    union = len(words | theirs)
    return len(words & theirs) / union if union else 1.0
