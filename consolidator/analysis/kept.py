"""Kept fixes: what a commit brought, and whether the tree still has it.

A trace is one statement that the fix put into a function, took out of it or before another one, or a
test that it added.
Statements are compared in the normal form of `extract`, so layout and comments do not count.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from consolidator.analysis.emissions.report import Problem
from consolidator.analysis.history.cutting import Unit, Units, cut, cut_by_tree, text_of
from consolidator.analysis.history.family import is_test
from consolidator.analysis.history.records import Edits, UnitEdit
from consolidator.analysis.history.statements import UnparsableError, readable
from consolidator.analysis.history.verdict import unit_weight
from consolidator.tree.index import Tree

RULE_ID = "fix-gone"
_WORD = re.compile(r"\w+")
_ALIKE = 0.75
"""Share of words at which an edited statement still counts as the same one."""
_PLAIN = frozenset(
    {"try", "finally", "else", "return", "return None", "continue", "break", "raise"}
)
_MENDING = 0.5
"""Share of the strongest unit's weight from which on a unit counts as mended."""
_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Trace:
    fix: str
    path: str
    unit: str
    """Function or class, qualified inside its module."""
    kind: Literal["statement", "removal", "order", "test"]
    text: str
    """Statement in normal form; for a test its name."""
    before: str = ""
    """What the statement was before the fix rewrote it."""
    after: str = ""
    """Of an order: the statement that has to come later."""


def traces_of(fix: str, edits: Edits) -> list[Trace]:
    """What a commit brought, where it mends something: what it did beside that may change again."""
    found: dict[Trace, None] = {}
    for test in edits.new_tests:
        path, _, name = test.rpartition("::")
        found[Trace(fix, path, name, "test", name)] = None
    for path, unit in _mended(edits):
        found.update(dict.fromkeys(_of_unit(fix, path, unit)))
    return list(found)


def _mended(edits: Edits) -> list[tuple[str, UnitEdit]]:
    """The units that most speaks for; where nothing speaks for any, all of them."""
    units = [(file.path, unit) for file in edits.files for unit in file.units]
    changed = [each for each in units if each[1].status == "changed"] or units
    weights = [unit_weight({evidence.signal for evidence in unit.evidence}) for _, unit in changed]
    enough = _MENDING * max(weights, default=0.0)
    return [each for each, weight in zip(changed, weights, strict=True) if weight >= enough]


def _of_unit(fix: str, path: str, unit: UnitEdit) -> Iterator[Trace]:
    for key in unit.added:
        if key not in _PLAIN:
            yield Trace(fix, path, unit.name, "statement", key)
    for before, key in unit.rewritten:
        yield Trace(fix, path, unit.name, "statement", key, before)
    if not unit.added and not unit.rewritten:
        for key in unit.removed:
            if key not in _PLAIN:
                yield Trace(fix, path, unit.name, "removal", key)
    for first, second in unit.order:
        yield Trace(fix, path, unit.name, "order", first, after=second)


def lost_traces(
    traces: Iterable[Trace], tree: Tree, moved: Sequence[str] = ()
) -> Iterator[Problem]:
    """One finding a trace that the tree no longer has.

    `moved` are names that the plan moves away: of those that are gone nothing is asked here. Whether
    the replacement has their fixes is what `extract` answers.
    """
    holders = _Holders(tree)
    for trace in traces:
        if holders.holds(trace) or (_is_of(trace, moved) and not holders.units(trace)):
            continue
        shown = readable(trace.text)[:_SHOWN]
        said = {
            "statement": f"`{shown}` is no longer in {trace.unit or 'the module'}",
            "removal": f"`{shown}` is back in {trace.unit or 'the module'}",
            "order": f"`{shown}` no longer comes before `{readable(trace.after)[:_SHOWN]}`",
            "test": f"its test {shown} is gone",
        }[trace.kind]
        path = trace.path if trace.path in holders.paths else ""
        yield Problem(
            RULE_ID,
            "",
            f"{trace.fix[:10]} {trace.unit}: {shown}",
            path,
            holders.line(trace) if path else 0,
            f"the kept fix {trace.fix[:10]} is being lost: {said}",
        )


def _is_of(trace: Trace, names: Sequence[str]) -> bool:
    """Whether a trace lies in a class or function of one of these names. Files may have been renamed
    since the fix, so the last names have to do."""
    return trace.unit.partition(".")[0] in {name.rpartition(".")[2] for name in names}


class _Holders:
    """Units of the tree, cut only where something is looked for."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.paths = frozenset(tree.paths)
        self._cut: dict[str, Units | None] = {}

    def holds(self, trace: Trace) -> bool:
        if trace.kind == "test":
            return bool(self._files(f"def {trace.text}(", test=True)) or self._renamed(trace)
        if units := self.units(trace):
            return any(_has(unit, trace) for unit in units)
        if trace.kind == "removal":
            return True
        word = max(_WORD.findall(trace.text), key=len, default="")
        return any(
            _has(unit, trace)
            for path in self._files(word, test=False)
            for unit in self._of(path).values()
        )

    def _renamed(self, trace: Trace) -> bool:
        """Whether the test's file has one whose name says nearly the same."""
        words = frozenset(trace.text.split("_"))
        facts = self._tree.facts(trace.path) if trace.path in self.paths else None
        return facts is not None and any(
            _alike(words, frozenset(fact.qualname.rpartition(".")[2].split("_")))
            for fact in facts.functions
        )

    def units(self, trace: Trace) -> list[Unit]:
        """The function or class as it is now: where it was, else wherever one of that name is."""
        own = self._of(trace.path).get(trace.unit) if trace.path in self.paths else None
        if own is not None or not trace.unit:
            return [own] if own is not None else []
        name = trace.unit.rpartition(".")[2]
        found = (self._of(path).get(trace.unit) for path in self._files(name, test=False))
        return [unit for unit in found if unit is not None]

    def line(self, trace: Trace) -> int:
        facts = self._tree.facts(trace.path)
        named = facts.functions if facts is not None else ()
        return next((fact.line for fact in named if fact.qualname == trace.unit), 0)

    def _files(self, needle: str, *, test: bool) -> list[str]:
        return [path for path in self._tree.containing(needle) if is_test(path) is test]

    def _of(self, path: str) -> Units:
        if path not in self._cut:
            self._cut[path] = _units(self._tree.read(path))
        return self._cut[path] or {}


def _has(unit: Unit, trace: Trace) -> bool:
    keys = unit.keys
    if trace.kind == "removal":
        return trace.text not in keys
    if trace.kind == "order":
        places = {key: place for place, key in enumerate(unit.order)}
        return places.get(trace.text, len(places)) < places.get(trace.after, -1)
    if trace.text in keys:
        return True
    if trace.before in keys:
        return False
    words = _words(trace.text)
    return any(_alike(words, _words(key)) for key in keys)


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= _ALIKE * len(one | other) > 0


@lru_cache(1 << 14)
def _words(key: str) -> frozenset[str]:
    return frozenset(_WORD.findall(key))


def _units(data: bytes | None) -> Units | None:
    """None where there is no file, or none that can be read."""
    text = text_of(data) if data is not None else None
    if text is None:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for way in (cut, cut_by_tree):
            try:
                units = way(text)
                for unit in units.values():
                    unit.keys  # noqa: B018 - a unit is parsed when it is first asked
            except UnparsableError:
                continue
            return units
    return None
