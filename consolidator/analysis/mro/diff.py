"""Two reports side by side: did a change leave inheritance as intended?"""

from __future__ import annotations

from dataclasses import dataclass

from consolidator.analysis.mro.report import ClassReport, MroReport


@dataclass(frozen=True, slots=True)
class Winner:
    """A method whose winning definition changed; empty where there is none."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Changed:
    qualname: str
    path: str
    line: int
    before: tuple[str, ...]
    after: tuple[str, ...]
    methods: tuple[Winner, ...]


@dataclass(frozen=True, slots=True)
class MroDiff:
    revision: str
    added: tuple[str, ...]
    gone: tuple[str, ...]
    changed: tuple[Changed, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.gone or self.changed)


def compare(before: MroReport, after: MroReport, revision: str) -> MroDiff:
    """What changed since a revision. Of several classes of one name the last counts, as at run time."""
    old = {entry.qualname: entry for entry in before.classes}
    new = {entry.qualname: entry for entry in after.classes}
    changed = (_changed(old[name], new[name]) for name in sorted(old.keys() & new.keys()))
    return MroDiff(
        revision,
        tuple(sorted(new.keys() - old.keys())),
        tuple(sorted(old.keys() - new.keys())),
        tuple(entry for entry in changed if entry is not None),
    )


def _changed(old: ClassReport, new: ClassReport) -> Changed | None:
    winners = []
    for name in sorted(old.methods.keys() | new.methods.keys()):
        before = old.methods[name].defined_in if name in old.methods else ""
        after = new.methods[name].defined_in if name in new.methods else ""
        if before != after:
            winners.append(Winner(name, before, after))
    if old.order == new.order and not winners:
        return None
    return Changed(new.qualname, new.path, new.line, old.order, new.order, tuple(winners))
