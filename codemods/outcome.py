"""What became of one source text: a rewrite returns one of four values and never prints or raises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Omission:
    """A reference that a rewrite saw and left alone. Lines count from 1, columns (characters) from 0."""

    path: str
    """Empty where the rewrite was given a text without a name."""
    line: int
    column: int
    text: str
    """The source of the reference, on one line."""
    kind: str
    why: str
    leads_to: tuple[str, ...] = ()
    """Where it may lead, as far as that is known and `why` doesn't say it."""
    is_guess: bool = False
    """Whether it may as well refer to nothing that moves: what it means can't be followed."""


_LONGEST = 160
"""Characters of source that an omission shows."""


def one_line(source: str) -> str:
    """Source as an omission shows it."""
    return " ".join(source.split())[:_LONGEST]


@dataclass(frozen=True, slots=True)
class Changed:
    """`text` is the new source; `kinds` counts the edits by kind."""

    text: str
    kinds: Mapping[str, int] = field(default_factory=dict)
    omissions: tuple[Omission, ...] = ()


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Nothing to edit; there can still be references that need a human."""

    omissions: tuple[Omission, ...] = ()


@dataclass(frozen=True, slots=True)
class Skipped:
    """The text was not examined: it can't be decoded or parsed, or it is out of the rewrite's scope."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The rewrite produced something that it must not write; the text stays as it was."""

    line: int
    reason: str


Outcome = Changed | Unchanged | Skipped | Failed
