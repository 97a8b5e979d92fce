"""Replacing spans of a text, so that nothing outside them can change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """`text` in place of the characters from `start` up to `end`; equal offsets insert."""

    start: int
    end: int
    text: str
    kind: str


class OverlapError(ValueError):
    """Two edits want the same characters; `start` is where the second one begins."""

    def __init__(self, edit: Edit) -> None:
        super().__init__(f"two edits overlap at character {edit.start}: {edit.text!r}")
        self.start = edit.start


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits made at once; `OverlapError` where two of them overlap.

    Insertions at one place keep the order in which they were given.
    """
    parts: list[str] = []
    position = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if edit.start < position:
            raise OverlapError(edit)
        parts += (text[position : edit.start], edit.text)
        position = edit.end
    parts.append(text[position:])
    return "".join(parts)


def count_kinds(edits: Iterable[Edit]) -> Mapping[str, int]:
    """How many edits there are of each kind, by name."""
    return dict(sorted(Counter(edit.kind for edit in edits if edit.kind).items()))
