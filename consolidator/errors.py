"""Failures, by whose fault they are. The command line turns each into its exit code."""

from __future__ import annotations

from dataclasses import dataclass


class ConsolidatorError(Exception):
    """Base of every failure that is reported as one clear message, without a traceback."""

    exit_code = 3


class ToolError(ConsolidatorError):
    """The tool could not do its work: an unreadable ROOT, a broken repository (exit 3)."""


class UsageError(ConsolidatorError):
    """The caller asked for something that makes no sense (exit 2)."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake in a plan: where it is, what is wrong, what was expected."""

    path: str
    line: int
    key: str
    problem: str
    expected: str

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else self.path
        key = f" {self.key}:" if self.key else ""
        expected = f" (expected {self.expected})" if self.expected else ""
        return f"{where}:{key} {self.problem}{expected}"


class PlanError(ConsolidatorError):
    """The plan holds mistakes; all of them are listed at once (exit 2)."""

    exit_code = 2

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = tuple(mistakes)
