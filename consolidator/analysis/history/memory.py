"""What earlier commits did, as far as a later one can be understood only from it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from consolidator.analysis.history.records import Evidence, FileEdit, UnitEdit

_CALL = re.compile(r"\.(\w+)\(")
_TELLING = 24
_SHARE = 0.5
_FEW = 4
"""New methods in one file: who brings more builds something, and calls by their names mean others."""
_QUOTED = re.compile(r'Revert "(.+)"$', re.M)
_REVERTED = re.compile(r"[Tt]his reverts commit ([0-9a-f]{7,64})")


def reverted(message: str) -> tuple[str | None, str | None]:
    """The hash and the subject of the commit that a message says it takes back."""
    named, quoted = _REVERTED.search(message), _QUOTED.match(message.lstrip())
    return (named[1] if named else None, quoted[1] if quoted else None)


class Memory:
    """Fed every touching commit in order, parents first."""

    def __init__(self) -> None:
        self._removed: dict[str, Counter[str]] = {}
        self._called: Counter[str] = Counter()
        self._defined: Counter[str] = Counter()
        self._alive: Counter[str] = Counter()
        self._placed: Counter[tuple[str, str, str]] = Counter()
        """The same by path and unit: what another branch did to the very same place is no other copy."""

    def evidence(self, file: FileEdit) -> Iterator[tuple[str, Evidence]]:
        """What is known about a difference before it is learned."""
        if file.status != "changed":
            return
        fresh = sum(unit.status == "added" for unit in file.units)
        for unit in file.units:
            if unit.status == "added":
                if fresh <= _FEW:
                    yield from self._of_new_unit(unit)
            elif unit.status == "changed":
                yield from self._of_changed_unit(file.path, unit)

    def holds(self, files: Iterable[FileEdit]) -> bool:
        """Whether all that a commit brings already stands at the very same places: it was brought on
        another branch."""
        places = [
            (file.path, unit.name, key)
            for file in files
            for unit in file.units
            for key in unit.came
            if len(key) >= _TELLING
        ]
        return bool(places) and all(self._placed[place] > 0 for place in places)

    def learn(self, file: FileEdit) -> None:
        for unit in file.units:
            short = _short(unit)
            if unit.status != "changed":
                self._defined[short] += 1 if unit.status == "added" else -1
            for key in unit.came:
                self._alive[key] += 1
                self._placed[file.path, unit.name, key] += 1
                for called in _CALL.findall(key):
                    self._called[called] += 1
            gone = self._removed.setdefault(short, Counter())
            for key in unit.went:
                self._alive[key] -= 1
                self._placed[file.path, unit.name, key] -= 1
                gone[key] += 1

    def _of_new_unit(self, unit: UnitEdit) -> Iterator[tuple[str, Evidence]]:
        short = _short(unit)
        if short.startswith("__"):
            return
        if self._share(unit, self._removed.get(short, Counter())) >= _SHARE:
            yield unit.name, Evidence("restored", f"def {short}")
        elif self._called[short] and not self._defined[short]:
            yield unit.name, Evidence("called-before", f"def {short}")

    def _of_changed_unit(self, path: str, unit: UnitEdit) -> Iterator[tuple[str, Evidence]]:
        telling = [
            key
            for key in unit.came
            if len(key) >= _TELLING and not key.startswith(("def ", "async def ", "@"))
        ]
        gone = self._removed.get(_short(unit), Counter())
        back = [key for key in telling if gone[key] and self._alive[key] <= 0]
        ported = [
            key for key in telling if self._alive[key] > max(self._placed[path, unit.name, key], 0)
        ]
        if back and len(back) >= _SHARE * len(unit.came):
            yield unit.name, Evidence("restored", back[0])
        elif len(ported) >= 2 and len(ported) >= _SHARE * len(telling):
            yield unit.name, Evidence("ported", ported[0])

    @staticmethod
    def _share(unit: UnitEdit, gone: Counter[str]) -> float:
        keys = {key for key in unit.added if len(key) >= _TELLING}
        return sum(key in gone for key in keys) / len(keys) if keys else 0.0


def _short(unit: UnitEdit) -> str:
    return unit.name.rpartition(".")[2]
