"""What an audit found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from consolidator.analysis.finding import Finding, Rule, Severity
from consolidator.tree.facts import Skipped

Status = Literal["ok", "broken", "at-risk", "not-found"]
Verdict = Literal["ok", "broken", "at-risk", "seen"]
"""What one place says about its point; "seen" says nothing for or against it."""


@dataclass(frozen=True, slots=True, order=True)
class Evidence:
    path: str
    line: int
    text: str
    """The source at the place, on one line."""
    verdict: Verdict = "ok"
    why: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    id: str
    title: str
    status: Status
    evidence: tuple[Evidence, ...]
    why: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Use:
    path: str
    line: int


@dataclass(frozen=True, slots=True, order=True)
class MissingMember:
    """A member of a legacy class that callers use and the replacement does not offer."""

    legacy: str
    member: str
    canonical: str
    used_by: tuple[Use, ...]
    asked_by: tuple[Use, ...] = ()
    """Places that ask for it by name first (`hasattr`, `getattr`): they go on, without it."""
    suggestion: str = ""
    certain: bool = True
    why: str = ""
    already: bool = False
    """Whether the legacy class lacks it too, so that nothing gets worse."""


@dataclass(frozen=True, slots=True, order=True)
class SignatureConflict:
    path: str
    line: int
    legacy: str
    canonical: str
    member: str
    why: str
    adapted: bool = False
    """Whether `migrate calls` writes the call so that it fits."""


@dataclass(frozen=True, slots=True, order=True)
class Shrunk:
    """A method whose replacement keeps the name and does less."""

    path: str
    line: int
    legacy: str
    canonical: str
    why: str


@dataclass(frozen=True, slots=True, order=True)
class UnraisedException:
    """A caller catches what the legacy member raises and its replacement never does."""

    path: str
    line: int
    legacy: str
    canonical: str
    member: str
    exception: str


@dataclass(frozen=True, slots=True, order=True)
class MixedIdentifier:
    """An identifier of one meaning passed where one of another is expected."""

    path: str
    line: int
    text: str
    why: str


@dataclass(frozen=True, slots=True, order=True)
class Dangling:
    """A document, configuration or script that names what the plan removes."""

    path: str
    line: int
    text: str
    names: str


@dataclass(frozen=True, slots=True)
class LostFix:
    """A fix that a legacy class holds, its replacement lacks, and the plan does not speak of."""

    path: str
    line: int
    fix: str
    """Hash of the commit."""
    subject: str
    category: str
    lives_in: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AuditReport:
    root: str
    files: int
    skipped: tuple[Skipped, ...]
    points: tuple[Point, ...]
    missing: tuple[MissingMember, ...]
    conflicts: tuple[SignatureConflict, ...]
    shrunk: tuple[Shrunk, ...] = ()
    mixed: tuple[MixedIdentifier, ...] = ()
    unraised: tuple[UnraisedException, ...] = ()
    dangling: tuple[Dangling, ...] = ()
    already_missing: tuple[MissingMember, ...] = ()
    """What callers use and the legacy classes themselves lack: broken before, and after."""
    lost_fixes: tuple[LostFix, ...] = ()
    """What `extract` calls at risk; not compared by `--since`."""
    unread: tuple[str, ...] = ()
    """Names of the plan that could not be read, and why: nothing is said about their members."""
    since: str = ""
    """The revision that the findings are compared with; empty for all of them."""

    def findings(self) -> list[Finding]:
        """All that is wrong, as CI formats carry it. Calls that `migrate calls` adapts are notes."""
        return sorted(self._findings())

    @property
    def failing(self) -> bool:
        return any(finding.severity != "note" for finding in self._findings())

    def _findings(self) -> Iterator[Finding]:
        for point in self.points:
            yield from _of_point(point)
        for missing in self.missing:
            severity: Severity = "error" if missing.certain and missing.used_by else "warning"
            message = f"{missing.canonical} has no {missing.member!r} (of {missing.legacy})"
            if missing.suggestion:
                message += f"; {missing.suggestion}"
            for use in (*missing.used_by, *missing.asked_by):
                yield Finding(use.path, use.line, "missing-member", message, severity)
        for conflict in self.conflicts:
            severity = "note" if conflict.adapted else "error"
            message = f"{conflict.legacy}.{conflict.member}: {conflict.why}"
            yield Finding(conflict.path, conflict.line, "signature-conflict", message, severity)
        for shrunk in self.shrunk:
            message = f"{shrunk.canonical} does less than {shrunk.legacy}: {shrunk.why}"
            yield Finding(shrunk.path, shrunk.line, "shrunk-body", message, "warning")
        for never in self.unraised:
            message = f"catches {never.exception} of {never.legacy}.{never.member}, which {never.canonical} never raises"
            yield Finding(never.path, never.line, "unraised-exception", message, "warning")
        for mixed in self.mixed:
            yield Finding(mixed.path, mixed.line, "mixed-identifier", mixed.why, "warning")
        for lost in self.lost_fixes:
            message = (
                f"the replacement lacks the {lost.category} fix {lost.fix[:12]} ({lost.subject})"
            )
            yield Finding(lost.path, lost.line, "lost-fix", message, "warning")
        for dangling in self.dangling:
            message = f"names {dangling.names}, which the plan moves away"
            yield Finding(dangling.path, dangling.line, "dangling-reference", message, "note")


def _of_point(point: Point) -> Iterator[Finding]:
    levels: dict[str, Severity] = {"broken": "error", "at-risk": "warning"}
    if point.status not in levels:
        return
    bad = [e for e in point.evidence if e.verdict in levels]
    for evidence in bad:
        message = f"{point.title}: {evidence.why or evidence.text}"
        yield Finding(
            evidence.path, evidence.line, f"point-{point.id}", message, levels[evidence.verdict]
        )
    if not bad:
        message = f"{point.title}: {point.why or point.status}"
        yield Finding("", 0, f"point-{point.id}", message, levels[point.status])


RULES = (
    Rule("missing-member", "A member that callers use is not offered by the replacement"),
    Rule("signature-conflict", "A call does not fit the replacement's signature"),
    Rule("shrunk-body", "A method keeps its name and does less"),
    Rule("unraised-exception", "A caller catches what the replacement never raises"),
    Rule("mixed-identifier", "An identifier of one meaning is passed where another is expected"),
    Rule("lost-fix", "A fix in the history is absent from the replacement, and nobody has decided"),
    Rule("dangling-reference", "A document, configuration or script names what the plan removes"),
)
