"""What a function still does, in another manner than the baseline says: order, conditions, arguments."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from consolidator.analysis.emissions.program.function import Function
from consolidator.analysis.emissions.steps.acts import Act
from consolidator.analysis.emissions.steps.meant import bare, is_identity, is_made
from consolidator.analysis.emissions.steps.steps import StepReader, Steps

Group = tuple[str, str]
"""What is called, and what tells it from other calls of the name."""
Given = Mapping[str, set[str]]
"""What goes into each place of the calls of a group."""


class ActChanges:
    """The acts of a baseline against those of the present program."""

    def __init__(self, before: Iterable[Steps], reader: StepReader) -> None:
        self._reader = reader
        self._signatures: dict[str, set[tuple[str, ...]]] = {}
        self._known: set[str] = set()
        for steps in before:
            self._known.update(steps.has)
            around, _, name = steps.function.rpartition(".")
            if name == "__init__":
                name = around.rpartition(".")[2]
            self._signatures.setdefault(name, set()).add(steps.takes)

    def find(
        self, was: Steps, functions: Sequence[Function], fresh: Sequence[Function], gone: set[str]
    ) -> Iterator[str]:
        """`verb what`; `fresh` are functions that it newly calls, `gone` what it calls no more."""
        return _Comparison(
            was, functions, fresh, gone, self._reader, self._signatures, self._known
        ).find()


class _Comparison:
    def __init__(
        self,
        was: Steps,
        functions: Sequence[Function],
        fresh: Sequence[Function],
        gone: set[str],
        reader: StepReader,
        signatures: Mapping[str, set[tuple[str, ...]]],
        known: set[str],
    ) -> None:
        self._reader, self._gone, self._signatures = reader, gone, signatures
        self._known = known
        self._takes = [name for f in functions for name in reader.takes(f)]
        self._has = {name for f in functions for name in reader.has(f)} | set(self._takes)
        self._used = {name for f in functions for name in f.names}
        self._had = {*was.has, *was.takes}
        renamed = _renamed(was.takes, self._takes)
        self._before = _grouped(_under_new_names(act, renamed) for act in was.acts)
        self._now = _grouped(act for f in functions for act in reader.acts(f))
        self._refused = max(
            0, _least_refused(self._now, self._before) - _least_refused(self._before)
        )
        self._elsewhere = {(a.name, a.about) for f in fresh for a in reader.acts(f)}

    def find(self) -> Iterator[str]:
        for group, acts in sorted(self._before.items()):
            kind, now = acts[0].kind, self._now.get(group, [])
            if kind == "other":
                continue
            if not now:
                yield from self._lost(group)
                now = self._in_its_place(group)
            if not now:
                continue
            if group[0] != "put" and kind != "part":
                yield from self._done_less(group, acts, now)
            yield from self._given(group, acts, now)
        yield from self._orders()

    def _in_its_place(self, group: Group) -> list[Act]:
        """What is told apart by something else now, where only one thing can be meant."""
        fresh = [g for g in self._now if g[0] == group[0] and g not in self._before]
        gone = [g for g in self._before if g[0] == group[0] and g not in self._now]
        return self._now[fresh[0]] if len(fresh) == len(gone) == 1 else []

    def _lost(self, group: Group) -> Iterator[str]:
        """What is no longer done, where the name alone does not tell."""
        name, about = group
        if name in self._gone or name in ("put", "say"):
            return
        if name[:1] == "~" and not about:
            if self._is_unused(name):
                yield f"lose {said(group)}"
            return
        if not about:
            if self._is_left_out(name):
                yield f"lose {said(group)}"
            return
        if any(about == other for _, other in self._elsewhere) or (name, "") in self._elsewhere:
            return
        namesakes = [g for g in self._now if g[0] == name]
        known = self._reader.program.by_name
        others = [g for g in self._now if g[1] == about and g not in self._before and g[0] in known]
        if others or (name, "") in set(namesakes) - set(self._before):
            return
        if name != "yield" and not self._is_still_known(about):
            return
        yield f"lose {said(group)}"

    def _is_left_out(self, name: str) -> bool:
        """Whether a function of the program that had a part in a call has none, and nothing that the
        program knows took its place."""
        known = self._reader.program.by_name
        names = {group[0] for group in self._now}
        fresh = names - {group[0] for group in self._before}
        elsewhere = {other for other, _ in self._elsewhere}
        return name in known and name not in names | elsewhere and not fresh & set(known)

    def _is_still_known(self, about: str) -> bool:
        if self._reader.is_known(about):
            return True
        tree, paths = self._reader.program.tree, self._reader.program.paths
        return any(tree.containing(f'"{about}"', f"'{about}'", paths=paths))

    def _done_less(self, group: Group, acts: list[Act], now: list[Act]) -> Iterator[str]:
        """What is done in fewer places, under more conditions, after more ways out, not awaited."""
        is_merged = (
            min(len(a.under) for a in now) < min(len(a.under) for a in acts)
            or ({a.section for a in now} - {a.section for a in acts}) & {"finally"}
            or group in self._elsewhere
        )
        if len(now) < len(acts) and not is_merged:
            yield f"times {said(group)}"
        hard, soft = min((a.hard, a.soft) for a in acts)
        harder, softer = min((a.hard, a.soft) for a in now)
        harder -= self._refused
        if harder > hard and harder + softer > hard + soft and group not in self._elsewhere:
            yield f"gate {said(group)}"
        elif len(now) <= len(acts) and max(a.exits for a in now) > max(a.exits for a in acts):
            yield f"exits {said(group)}"
        was_awaited = sum(a.fate == "awaited" for a in acts) > sum(a.fate == "awaited" for a in now)
        is_dropped = sum(a.fate == "dropped" for a in now) > sum(a.fate == "dropped" for a in acts)
        if was_awaited and is_dropped:
            yield f"pause {said(group)}"

    def _orders(self) -> Iterator[str]:
        """Two things that change places."""
        groups = [g for g in sorted(self._before) if g in self._now and g[0] != "put"]
        for position, one in enumerate(groups):
            for other in groups[position + 1 :]:
                kinds = {self._before[one][0].kind, self._before[other][0].kind}
                if "part" in kinds or kinds <= {"other"} or kinds == {"other", "way"}:
                    continue
                was = _order(self._before[one], self._before[other])
                if was and was == -_order(self._now[one], self._now[other]):
                    first, second = (other, one) if was < 0 else (one, other)
                    yield f"order {said(first)}, {said(second)}"

    def _given(self, group: Group, acts: list[Act], now: list[Act]) -> Iterator[str]:
        """Arguments that change places, and those that stand for somebody else now."""
        before, after = _places(acts), _places(now)
        for place, things in sorted(before.items()):
            for thing in sorted(things - after.get(place, set())):
                fresh = after.get(place, set()) - things
                if thing[:1] in "?*":
                    continue
                moved = [
                    other
                    for other in after
                    if other != place
                    and thing in after[other] - before.get(other, set())
                    and _is_beside(place, other)
                ]
                if moved and fresh:
                    if not place.isdigit() or self._takes_the_same(group[0]):
                        yield f"swap {said(group)}"
                elif self._stands_for_another(thing, fresh, group[0]):
                    yield f"give {said(group)}"

    def _stands_for_another(self, thing: str, fresh: set[str], name: str) -> bool:
        if any(self._is_mixed_up(thing, other) for other in fresh):
            return True
        return self._is_unused(thing) and not (name == "put" and any(map(is_made, fresh)))

    def _takes_the_same(self, name: str) -> bool:
        """Whether what is called takes what it took, as far as that is known."""
        was = self._signatures.get(name)
        program = self._reader.program
        namesakes = list(program.by_name.get(name, ())) if name != "put" else []
        makers = program.by_name.get("__init__", ())
        namesakes += [f for f in makers if f.owner is not None and f.owner.name == name]
        if any(p.kind == "vararg" for f in namesakes if f.fact for p in f.fact.parameters):
            return False
        if was is None or not namesakes:
            return True
        return any(self._reader.takes(f) in was for f in namesakes)

    def _is_mixed_up(self, before: str, now: str) -> bool:
        """Whether one thing stands where another did, and both are still at hand: no new name for it."""
        one, other = bare(before), bare(now)
        if one == other or not one or not other or {before[:1], now[:1]} & set("'?*"):
            return False
        if is_made(now):
            return not is_made(before) and (before[:1] == "~" or self._reader.is_known(before))
        if other in _NOTHING or (hasattr(builtins, other) and other not in self._had):
            return True
        if one in other or other in one or is_made(before):
            return False
        if other in self._had and self._is_at_hand(before):
            return True
        is_about_somebody = is_identity(before) or is_identity(now)
        return (
            is_about_somebody
            and now[:1] != "~"
            and other in self._known
            and self._is_at_hand(before)
        )

    def _is_at_hand(self, thing: str) -> bool:
        if thing[:1] in "~.":
            return bare(thing) in self._has
        program = self._reader.program
        return self._reader.is_known(thing) or any(
            program.tree.containing(thing, paths=program.paths)
        )

    def _is_unused(self, thing: str) -> bool:
        """Whether it is a parameter that is taken and no longer used."""
        name = thing[1:]
        return thing[:1] == "~" and name in self._takes and name not in self._used


_NOTHING = frozenset({"None", "False", "True"})


def _least_refused(acts: Mapping[Group, Sequence[Act]], among: Iterable[Group] = ()) -> int:
    """How much is asked before anything is done, and raises: then the whole run is refused aloud."""
    groups = [g for g in among or acts if g in acts and g[0] != "put"]
    return min((a.refused for g in groups for a in acts[g] if a.kind != "part"), default=0)


def said(group: Group) -> str:
    """A group in words."""
    name, about = (part.lstrip("~") for part in group)
    return f"{name} {about}" if about else name


def _grouped(acts: Iterable[Act]) -> dict[Group, list[Act]]:
    found: dict[Group, list[Act]] = {}
    for act in acts:
        found.setdefault((act.name, act.about), []).append(act)
    return found


def _renamed(before: Sequence[str], now: Sequence[str]) -> dict[str, str]:
    """Parameters under their new names, where as many went as came."""
    gone = [name for name in before if name not in now]
    fresh = [name for name in now if name not in before]
    return dict(zip(gone, fresh, strict=True)) if len(gone) == len(fresh) else {}


def _under_new_names(act: Act, renamed: Mapping[str, str]) -> Act:
    if not renamed:
        return act

    def new(what: str) -> str:
        return f"~{renamed.get(what[1:], what[1:])}" if what[:1] == "~" else what

    given = tuple((place, new(what)) for place, what in act.given)
    return msgspec.structs.replace(act, name=new(act.name), given=given)


def _order(one: Sequence[Act], other: Sequence[Act]) -> int:
    """-1 where the first comes first, 1 where the other does, 0 where that can't be said."""
    first, second = min(one, key=lambda a: a.at), min(other, key=lambda a: a.at)
    excluded = {-number for number in first.under}
    is_together = excluded.isdisjoint(second.under) and "except" not in (
        first.section,
        second.section,
    )
    if not is_together or first.at == second.at:
        return 0
    return -1 if first.at < second.at else 1


def _places(acts: Iterable[Act]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for act in acts:
        for place, what in act.given:
            found.setdefault(place, set()).add(what)
    return found


def _is_beside(place: str, other: str) -> bool:
    """Whether both are positions, or both keywords."""
    return "on" not in (place, other) and place.isdigit() == other.isdigit()
