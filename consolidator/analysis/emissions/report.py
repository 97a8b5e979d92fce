"""What `guard` answers: the state of each event, its sites, and what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from consolidator.analysis.emissions.steps.steps import Steps
from consolidator.analysis.emissions.verdict import Certainty
from consolidator.analysis.finding import Finding, Severity
from consolidator.tree.facts import Skipped

EventStatus = Literal["ok", "weakened", "lost"]


@dataclass(frozen=True, slots=True)
class SiteReport:
    """A place that builds an event; `reachable` says whether the event gets from there to a socket."""

    path: str
    line: int
    form: str
    function: str
    """Qualified name of the function that holds it."""
    reachable: Certainty
    why: str


@dataclass(frozen=True, slots=True)
class EventReport:
    event: str
    sites: tuple[SiteReport, ...]
    status: EventStatus

    def causes(self) -> list[tuple[str, SiteReport]]:
        """Why its dead sites are dead, the reason of most of them first, each with its first site."""
        found: dict[str, list[SiteReport]] = {}
        for site in self.sites:
            if site.reachable == "false":
                found.setdefault(site.why, []).append(site)
        ranked = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
        return [(_counted(why, len(sites)), _first(sites)) for why, sites in ranked]


def _counted(why: str, sites: int) -> str:
    return why if sites == 1 else f"{why} ({sites} sites)"


def _first(sites: list[SiteReport]) -> SiteReport:
    return min(sites, key=lambda site: (site.form == "delegation", site.path, site.line))


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding, named by what it is: event, function and rule; its line only says where to look."""

    rule: str
    event: str
    function: str
    path: str
    line: int
    message: str
    severity: Severity = "error"
    baseline: bool = False
    """Frozen in the baseline: reported, but no reason to fail."""

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.event, self.function, self.rule)

    def as_finding(self) -> Finding:
        return Finding(self.path, self.line, self.rule, self.message, self.severity, self.baseline)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tree says by itself, and against the steps of an earlier one, without running anything."""

    events: tuple[EventReport, ...]
    problems: tuple[Problem, ...]
    skipped: tuple[Skipped, ...]
    steps: tuple[Steps, ...]


@dataclass(frozen=True, slots=True)
class GuardReport:
    root: str
    files: int
    skipped: tuple[Skipped, ...]
    events: tuple[EventReport, ...]
    findings: tuple[Problem, ...]
    steps: tuple[Steps, ...] = ()

    @property
    def failing(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.findings if problem.as_finding().fails)
