"""From mined commits to the entries of the report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import structs

from consolidator.analysis.history.family import Member, groups
from consolidator.analysis.history.ledger import Index, Part, Whereabouts
from consolidator.analysis.history.memory import reverted
from consolidator.analysis.history.mine import Mined
from consolidator.analysis.history.report import CommitEntry
from consolidator.analysis.history.statements import readable
from consolidator.plan import Plan
from consolidator.tree.modules import Layout


class Accounts:
    """The ledger of every fix: what it is, where it lives, who lacks it."""

    def __init__(self, members: dict[str, Member], plan: Plan, layout: Layout) -> None:
        self._members = members
        self._index = Index(members)
        self._layout = layout
        by_target: dict[str, set[str]] = {}
        for move in plan.moves:
            by_target.setdefault(move.target, {move.target}).add(move.source)
        self._merged = [frozenset(names) for names in by_target.values()]
        self._groups = groups(members.values(), self._merged)
        self.canonical = tuple(sorted(by_target))
        self.classes = [name for name in self._groups if members[name].methods]
        self._by_name: dict[str, list[str]] = {}
        for qualname, member in members.items():
            self._by_name.setdefault(member.name, []).append(qualname)
        self._plan_names = {
            name.rpartition(".")[2]: target
            for target, names in by_target.items()
            for name in sorted(names)
        }

    def entry(self, mined: Mined) -> CommitEntry:
        commit, judgement = mined.commit, mined.judgement
        place = self._whereabouts(mined.parts) if mined.parts else Whereabouts(0.0, (), ())
        absent = [name for name in place.missing_from if name in self.canonical]
        at_risk = judgement.verdict == "fix" and bool(
            absent if self.canonical else mined.parts and not place.lives_in
        )
        return CommitEntry(
            hash=commit.id,
            date=_iso(commit.time),
            author=commit.author,
            subject=commit.subject,
            verdict=judgement.verdict,
            score=judgement.score,
            why=judgement.why,
            category=judgement.category,
            paths=mined.paths,
            symbols=tuple(dict.fromkeys(self._symbol(*symbol) for symbol in mined.symbols)),
            surviving=place.surviving,
            lives_in=place.lives_in,
            missing_from=place.missing_from,
            tests=mined.new_tests,
            code=tuple(
                dict.fromkeys(
                    readable(carrier.key) for part in mined.parts for carrier in part.carriers
                )
            )[:40],
            at_risk=at_risk,
        )

    def _symbol(self, path: str, unit: str) -> str:
        module = (self._layout.names(path) or [path])[0]
        return f"{module}.{unit}" if unit else module

    def _whereabouts(self, parts: tuple[Part, ...]) -> Whereabouts:
        return self._index.locate([(part, self._group(part)) for part in parts])

    def _group(self, part: Part) -> frozenset[str]:
        """Who ought to have it: the groups of the class it is in, else of those that hold it now."""
        name = part.owner.rpartition(".")[2] or part.unit
        named = self._by_name.get(name, [])
        touched = self._index.nearest(part, named) or sorted(self._index.holders(part))
        planned = self._plan_names.get(name)
        group = frozenset().union(
            *(self._groups.get(member, frozenset()) for member in touched),
            *(names for names in self._merged if planned in names),
        )
        known = self._members.keys() | set(self.canonical)
        return frozenset(item for item in group & known if self._may_hold(item))

    def _may_hold(self, name: str) -> bool:
        member = self._members.get(name)
        if member is None or name in self.canonical:
            return True
        return not (member.protocol or member.wrapper) and bool(member.units.keys() - {""})


def with_reverts(mined: Sequence[Mined], entries: Sequence[CommitEntry]) -> list[CommitEntry]:
    """Links a fix to the commit that says it takes it back; that commit is then no fix itself."""
    by_hash = {entry.hash: entry for entry in entries}
    latest: dict[str, str] = {}
    for item in mined:
        name, subject = reverted(item.commit.message)
        taken = next((each for each in by_hash if name and each.startswith(name)), None)
        taken = taken or latest.get(subject or "")
        latest[item.commit.subject] = item.commit.id
        if taken is None or by_hash[taken].verdict != "fix":
            continue
        own = item.commit.id
        by_hash[taken] = structs.replace(by_hash[taken], reverted_by=own, at_risk=False)
        by_hash[own] = structs.replace(
            by_hash[own],
            verdict="other",
            category=None,
            at_risk=False,
            why=(f"takes back the fix {taken[:10]}", *by_hash[own].why),
        )
    return [by_hash[entry.hash] for entry in entries]


def _iso(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC).isoformat()
