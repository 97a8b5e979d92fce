"""From mined commits to the entries of the report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain

from consolidator.analysis.history.family import Member, groups
from consolidator.analysis.history.ledger import Index, Part, Whereabouts
from consolidator.analysis.history.mine import Mined
from consolidator.analysis.history.report import CommitEntry
from consolidator.analysis.history.statements import readable
from consolidator.plan import Plan
from consolidator.tree.modules import Layout

_MOST_CODE = 40
"""Statements shown of one fix."""


class Accounts:
    """The ledger of every fix: what it is, where it lives, who lacks it."""

    def __init__(self, members: dict[str, Member], plan: Plan, layout: Layout) -> None:
        self._members = members
        self._layout = layout
        self._modules: dict[str, str] = {}
        by_target: dict[str, set[str]] = {}
        for move in plan.moves:
            by_target.setdefault(move.target, {move.target}).add(move.source)
        self._merged = [frozenset(names) for names in by_target.values()]
        self._groups = groups(members.values(), self._merged)
        self.canonical = tuple(sorted(by_target))
        self._index = Index(members, self.canonical)
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
        at_risk = judgement.verdict == "fix" and bool(absent if self.canonical else place.stands)
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
            places=place.places,
            code=tuple(dict.fromkeys(_shown(mined.parts)))[:_MOST_CODE],
            order=tuple(
                dict.fromkeys(
                    (readable(first), readable(second))
                    for part in mined.parts
                    for first, second in part.order
                )
            ),
            at_risk=at_risk,
            superseded=bool(mined.parts) and not place.lives_in and not place.stands,
        )

    def _symbol(self, path: str, unit: str) -> str:
        module = self._modules.get(path)
        if module is None:
            module = self._modules[path] = (self._layout.names(path) or [path])[0]
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


def _shown(parts: Iterable[Part]) -> Iterator[str]:
    for part in parts:
        yield from (readable(carrier.key) for carrier in part.carriers)
        yield from (readable(key) for key in dict.fromkeys(chain.from_iterable(part.order)))


def _iso(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC).isoformat()
