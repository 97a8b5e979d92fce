"""What earlier commits did, as far as a later one can be understood only from it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

import msgspec

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


class Memory(msgspec.Struct):
    """Fed every touching commit in order, parents first. Of statements only those that tell: of the
    others, the same stand everywhere."""

    removed: dict[str, set[str]] = {}
    """By the name of the function, without its class."""
    called: set[str] = set()
    defined: dict[str, int] = {}
    alive: dict[str, int] = {}
    """How often a statement stands somewhere."""
    placed: dict[tuple[str, str], dict[str, int]] = {}
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
        some = False
        for file in files:
            for unit in file.units:
                here = self.placed.get((file.path, unit.name), {})
                for key in unit.came:
                    if len(key) >= _TELLING:
                        some = True
                        if here.get(key, 0) <= 0:
                            return False
        return some

    def learn(self, file: FileEdit) -> None:
        for unit in file.units:
            short = _short(unit)
            if unit.status != "changed":
                change = 1 if unit.status == "added" else -1
                self.defined[short] = self.defined.get(short, 0) + change
            here = self.placed.setdefault((file.path, unit.name), {})
            came, went = unit.came, unit.went
            for key in came:
                if "(" in key:
                    self.called.update(_CALL.findall(key))
            for keys, change in ((came, 1), (went, -1)):
                for key in keys:
                    if len(key) >= _TELLING:
                        _count(self.alive, key, change)
                        _count(here, key, change)
            if not here:
                del self.placed[file.path, unit.name]
            gone = [key for key in went if len(key) >= _TELLING]
            if gone:
                self.removed.setdefault(short, set()).update(gone)

    def _of_new_unit(self, unit: UnitEdit) -> Iterator[tuple[str, Evidence]]:
        short = _short(unit)
        if short.startswith("__"):
            return
        if _share(unit, self.removed.get(short, set())) >= _SHARE:
            yield unit.name, Evidence("restored", f"def {short}")
        elif short in self.called and not self.defined.get(short):
            yield unit.name, Evidence("called-before", f"def {short}")

    def _of_changed_unit(self, path: str, unit: UnitEdit) -> Iterator[tuple[str, Evidence]]:
        telling = [
            key
            for key in unit.came
            if len(key) >= _TELLING and not key.startswith(("def ", "async def ", "@"))
        ]
        gone = self.removed.get(_short(unit), set())
        here = self.placed.get((path, unit.name), {})
        alive = self.alive
        back = [key for key in telling if key in gone and alive.get(key, 0) <= 0]
        ported = [key for key in telling if alive.get(key, 0) > max(here.get(key, 0), 0)]
        if back and len(back) >= _SHARE * len(unit.came):
            yield unit.name, Evidence("restored", back[0])
        elif len(ported) >= 2 and len(ported) >= _SHARE * len(telling):
            yield unit.name, Evidence("ported", ported[0])


def _count(counts: dict[str, int], key: str, change: int) -> None:
    count = counts.get(key, 0) + change
    if count:
        counts[key] = count
    else:
        del counts[key]


def _share(unit: UnitEdit, gone: Collection[str]) -> float:
    keys = {key for key in unit.added if len(key) >= _TELLING}
    return sum(key in gone for key in keys) / len(keys) if keys else 0.0


def _short(unit: UnitEdit) -> str:
    return unit.name.rpartition(".")[2]
