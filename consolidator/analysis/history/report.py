"""What `extract` answers, as plain values. Encoded, the fields are the keys of the contract."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from consolidator.analysis.history.verdict import Verdict
from consolidator.plan import Plan
from consolidator.tree.facts import Skipped


class Place(msgspec.Struct, frozen=True):
    path: str
    line: int
    """Where the function starts; 0 where a class or module body holds it."""
    symbol: str


class CommitEntry(msgspec.Struct, frozen=True, kw_only=True):
    hash: str
    date: str
    """ISO 8601, UTC: the author's clock."""
    author: str
    subject: str
    verdict: Verdict
    score: float
    why: tuple[str, ...]
    category: str | None
    paths: tuple[str, ...]
    symbols: tuple[str, ...]
    surviving: float
    lives_in: tuple[str, ...]
    missing_from: tuple[str, ...]
    tests: tuple[str, ...]
    code: tuple[str, ...] = ()
    """The statements that carry a fix, in normal form."""
    places: tuple[Place, ...] = ()
    """The functions that hold it at the revision."""
    order: tuple[tuple[str, str], ...] = ()
    """Where the fix only changed places: which statement has to come before which."""
    at_risk: bool = False
    """A fix that the plan's replacement lacks, or, without a plan, that lives nowhere any more although
    the code that it mended still stands."""
    superseded: bool = False
    """A fix that lives nowhere any more, and neither does the code that it mended."""
    acknowledged: str | None = None
    """What the plan says about it: `kept`, or why it may be dropped."""
    reverted_by: str | None = None
    copies: tuple[str, ...] = ()
    """Other commits that brought the same fix, such as cherry-picks; they are no fixes of their own."""


class ExtractReport(msgspec.Struct, frozen=True, kw_only=True):
    root: str
    revision: str
    """The commit asked about; empty in a repository without commits."""
    files: int
    """Files of the family that were read, at any time in the history."""
    skipped: tuple[Skipped, ...]
    complete: bool = True
    """False where the repository lacks blobs: another time, the same question may be answered better."""
    read: int
    """Commits looked at; `commits` holds those that touch the family, newest first."""
    shallow: bool
    family: tuple[str, ...]
    """Qualified names at the revision, the classes first asked about and their relatives."""
    canonical: tuple[str, ...]
    """What the plan moves the family to."""
    commits: tuple[CommitEntry, ...]

    @property
    def fixes(self) -> tuple[CommitEntry, ...]:
        return tuple(entry for entry in self.commits if entry.verdict == "fix")

    @property
    def at_risk(self) -> tuple[CommitEntry, ...]:
        """The most urgent first: what the plan left open, what still lives somewhere and is lost with the
        last copy, what a class of today lacks, what most speaks for, by what is worst to lose, the newest."""
        return tuple(sorted((entry for entry in self.fixes if entry.at_risk), key=_urgency))

    @property
    def uneven(self) -> tuple[CommitEntry, ...]:
        """Not at risk now, but some class has it and another lacks it: which is kept decides."""
        uneven = (each for each in self.fixes if each.lives_in and each.missing_from)
        return tuple(sorted((each for each in uneven if not each.at_risk), key=_urgency))

    @property
    def superseded(self) -> tuple[CommitEntry, ...]:
        """Not at risk, and nothing is left of them or of what they mended; the newest first."""
        return tuple(each for each in self.fixes if each.superseded and not each.at_risk)

    @property
    def categories(self) -> dict[str, int]:
        """Fixes per category, the largest first."""
        names = [entry.category or "other" for entry in self.fixes]
        return {
            name: names.count(name)
            for name in sorted(set(names), key=lambda n: (-names.count(n), n))
        }


_WORST = (
    *("event loss", "isolation/security", "race/concurrency", "leak/lifecycle", "reconnect"),
    *("ordering", "serialisation", "error handling", "performance"),
)


def _urgency(entry: CommitEntry) -> tuple[bool, bool, bool, float, int]:
    place = _WORST.index(entry.category) if entry.category in _WORST else len(_WORST)
    open_first = entry.acknowledged is not None, not entry.lives_in, not entry.missing_from
    return *open_first, -round(entry.score, 1), place


def decision(entry: CommitEntry, plan: Plan) -> str | None:
    """What the plan says about a fix; a `[[drop]]` gives its reason."""
    dropped = [drop.because for drop in plan.drops if acknowledged(entry, [drop.fix])]
    kept = any(acknowledged(entry, [keep.fix]) for keep in plan.keeps)
    return dropped[0] if dropped else "kept" if kept else None


def acknowledged(entry: CommitEntry, decided: Iterable[str]) -> bool:
    """Whether a `[[keep]]` or `[[drop]]` names the commit, by at least seven digits of its hash."""
    names = (entry.hash, *entry.copies)
    return any(len(fix) >= 7 and name.startswith(fix.lower()) for fix in decided for name in names)


def unacknowledged(report: ExtractReport, plan: Plan) -> list[CommitEntry]:
    """Fixes at risk about which the plan says neither `[[keep]]` nor `[[drop]]`."""
    return [entry for entry in report.at_risk if decision(entry, plan) is None]
