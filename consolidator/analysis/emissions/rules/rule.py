"""What a rule of the guard is."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent

from consolidator.analysis.emissions.report import Problem
from consolidator.analysis.emissions.sites import Site
from consolidator.analysis.finding import Rule, Severity


@dataclass(frozen=True)
class GuardRule:
    """`explanation` and `example` are Markdown; `remedy` is what to do about a finding."""

    id: str
    title: str
    severity: Severity
    explanation: str
    example: str
    remedy: str

    def problem(self, site: Site, message: str) -> Problem:
        """A finding about a place that builds an event."""
        function = site.function
        return Problem(
            self.id, site.event, function.dotted, function.path, site.line, message, self.severity
        )

    def page(self) -> str:
        """The page that `guard --explain` prints."""
        return (
            f"# {self.id}: {self.title}\n\nSeverity: {self.severity}\n\n"
            f"{dedent(self.explanation).strip()}\n\n## Example\n\n```python\n"
            f"{dedent(self.example).strip()}\n```\n\n## What to do\n\n{dedent(self.remedy).strip()}\n"
        )

    def described(self) -> Rule:
        return Rule(self.id, self.title, dedent(self.explanation).strip())
