"""One thing that a check has to say about one place, in the form that every CI format can carry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """`path` is relative to ROOT with `/`; `line` counts from 1, 0 where no line is concerned."""

    path: str
    line: int
    rule: str
    message: str
    severity: Severity = "error"
    baseline: bool = False
    """Known before and accepted: reported, but no reason to fail."""

    @property
    def fails(self) -> bool:
        """Whether it is a reason for a check to fail; a note never is."""
        return not self.baseline and self.severity != "note"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a rule id means, for formats that carry a catalogue of rules."""

    id: str
    title: str
    explanation: str = ""


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Without repetitions, by path, line, rule and message: the order of every report."""
    return sorted(set(findings))
