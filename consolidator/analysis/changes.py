"""What a rewrite of a tree wants to write, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from typing import TypeVar

from codemods.outcome import Omission
from consolidator.analysis.import_health import BrokenImport
from consolidator.tree.facts import Skipped

_Place = TypeVar("_Place", Omission, BrokenImport)


@dataclass(frozen=True, slots=True)
class FileChange:
    """New bytes of one file; `after` is None where the file goes away."""

    path: str
    before: bytes
    after: bytes | None
    kinds: Mapping[str, int] = field(default_factory=dict)
    """How many edits of each kind were made."""

    @property
    def edits(self) -> int:
        return sum(self.kinds.values())


@dataclass(frozen=True, slots=True)
class Rewriting:
    """Every change that a rewrite would make, sorted by path, and every reference it leaves."""

    changes: tuple[FileChange, ...]
    omissions: tuple[Omission, ...] = ()
    names: frozenset[str] = frozenset()
    """The words by which what it looked for goes anywhere in the tree. A second run over the changed
    files needs them, and need not look for them again."""

    def written_once(self, links: Mapping[str, str]) -> Rewriting:
        """Without what it says of links again: a file is written where it lies. Listed is a link that
        would be written otherwise, as relative imports count from where it stands."""
        changes = {change.path: change for change in self.changes}
        left = [omission for omission in self.omissions if omission.path not in links]
        for link, target in links.items():
            own, real = changes.pop(link, None), changes.get(target)
            if (own and own.after) != (real and real.after):
                why = f"is a link to {target}, which is rewritten as it has to read there"
                left.append(Omission(link, 1, 0, link, "link", why))
        return replace(self, changes=tuple(changes.values()), omissions=tuple(sorted(left)))


@dataclass(frozen=True, slots=True)
class Migration:
    """What a migration would write, and what it leaves, by the lines of the tree before it."""

    files: int
    changes: tuple[FileChange, ...]
    omissions: tuple[Omission, ...]
    already_broken: tuple[BrokenImport, ...]
    skipped: tuple[Skipped, ...]

    def written(self) -> Migration:
        """The same, by the lines of the tree after it."""
        named = {omission.path for omission in self.omissions}
        named |= {broken.path for broken in self.already_broken}
        lines = {
            change.path: _new_lines(change.before, change.after)
            for change in self.changes
            if change.after is not None and change.path in named
        }

        def moved(place: _Place) -> _Place:
            line = lines.get(place.path, {}).get(place.line, place.line)
            return replace(place, line=line)

        return replace(
            self,
            omissions=tuple(sorted(map(moved, self.omissions))),
            already_broken=tuple(sorted(map(moved, self.already_broken))),
        )


def _new_lines(before: bytes, after: bytes) -> dict[int, int]:
    """Where each line (from 1) is afterwards; one that changed is where what took its place begins."""
    new: dict[int, int] = {}
    matcher = SequenceMatcher(None, before.splitlines(), after.splitlines())
    for _, start, end, new_start, new_end in matcher.get_opcodes():
        for offset in range(end - start):
            new[start + offset + 1] = min(new_start + offset, max(new_end - 1, new_start)) + 1
    return new
