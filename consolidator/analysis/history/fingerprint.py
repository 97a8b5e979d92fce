"""Whether a fix still lives in a tree: for whoever watches it after it was kept.

`fingerprint(entry)` is taken from the report of `extract` where the fix lives; `alive` and `missing_tests`
are then asked of any later tree. Watch only fixes with `alive` above zero when the watch begins: a kept
fix may have been built anew in a replacement, where its own statements never stood.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

from consolidator.analysis.history.edits import units_of
from consolidator.analysis.history.report import CommitEntry
from consolidator.analysis.history.statements import UnparsableError, normal_form

_WORD = re.compile(r"[^\W\d]\w{3,}")


class Fingerprint(msgspec.Struct, frozen=True):
    fix: str
    """The hash of the commit."""
    hunk: tuple[str, ...]
    """The statements that carry it, in normal form."""
    tests: tuple[str, ...]
    """The tests that came with it, as `path::name`."""
    order: tuple[tuple[str, str], ...] = ()
    """Of a fix that only changed places: which statement has to come before which."""

    @property
    def words(self) -> tuple[str, ...]:
        """A telling word of each statement: a file without any of them holds none of the fix."""
        longest = (max(_WORD.findall(line), key=len, default="") for line in self.hunk)
        return tuple(sorted({word for word in longest if word}))


def fingerprint(entry: CommitEntry) -> Fingerprint:
    hunk = tuple(normal_form(line) for line in entry.code)
    order = tuple((normal_form(first), normal_form(second)) for first, second in entry.order)
    return Fingerprint(entry.hash, hunk, entry.tests, order)


def alive(mark: Fingerprint, sources: Iterable[bytes]) -> float:
    """The largest share of the hunk that one function or class body of the files holds, 0..1.

    Renames and moves of what holds it change nothing. A fix that only took something away leaves no hunk
    and can't be watched. A file that does not parse holds nothing.
    """
    if not mark.hunk:
        return 0.0
    return max((_share(mark, source) for source in sources), default=0.0)


def _share(mark: Fingerprint, source: bytes) -> float:
    try:
        units = units_of(source)
        owners: dict[str, set[str]] = {}
        for unit in units.values():
            owners.setdefault(unit.owner or unit.name, set()).update(unit.keys)
        orders = [unit.order for unit in units.values()]
    except UnparsableError:
        return 0.0
    if mark.order:
        return float(any(_in_order(mark, order) for order in orders))
    hunk = set(mark.hunk)
    return max((len(hunk & keys) / len(hunk) for keys in owners.values()), default=0.0)


def _in_order(mark: Fingerprint, order: tuple[str, ...]) -> bool:
    places = {key: place for place, key in enumerate(order)}
    return all(
        places.get(first, len(order)) < places.get(second, -1) for first, second in mark.order
    )


def missing_tests(mark: Fingerprint, tests: Mapping[str, bytes]) -> tuple[str, ...]:
    """The tests of the fix that no file of the tree defines any more, wherever they moved."""
    names = {
        name.decode() for text in tests.values() for name in re.findall(rb"def\s+(test_\w+)", text)
    }
    return tuple(test for test in mark.tests if test.rpartition("::")[2] not in names)
