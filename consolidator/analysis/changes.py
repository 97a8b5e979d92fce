"""What a rewrite of a tree wants to write, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from codemods.outcome import Omission
from consolidator.analysis.import_health import BrokenImport
from consolidator.tree.facts import Skipped


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


@dataclass(frozen=True, slots=True)
class Migration:
    """What a migration would write, and what it leaves."""

    files: int
    changes: tuple[FileChange, ...]
    omissions: tuple[Omission, ...]
    already_broken: tuple[BrokenImport, ...]
    skipped: tuple[Skipped, ...]
