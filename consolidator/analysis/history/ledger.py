"""Where a fix lives at the revision asked about: found by content, unit by unit, not by path."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from consolidator.analysis.history.family import Member
from consolidator.analysis.history.jobs import same_job
from consolidator.analysis.history.naming import other_names, renamed
from consolidator.analysis.history.outline import UnitOutline
from consolidator.analysis.history.records import FileEdit, UnitEdit
from consolidator.analysis.history.report import Place
from consolidator.analysis.history.statements import PLAIN

_WORD = re.compile(r"\w+")
_ABSENT = re.compile(r"if ([\w.]+) is None")
_NEGATED = re.compile(r"if not ([\w.]+)")
_ALIKE = 0.75
"""Share of words at which an edited statement still counts as the same one."""
_SAME_JOB = 0.3
_SAME_UNIT = 0.6
"""Share of a unit's statements at which a member holds that unit, whatever it is called."""
_UNFIXED = 0.5
"""Share of words at which a statement is taken for the one that a fix rewrote."""
_LIKE_BEFORE = 0.55
_MANY_WORDS = 4
"""Of a statement in a method that has no counterpart, to be taken for the one that a fix rewrote."""
_FEW_WORDS = 3
"""Of a statement that a fix did away with, to be known again in the method that it was in."""
_LIVES = 0.5
"""Share of a fix that a class must hold to count as having it."""
_STANDS = 0.6
"""Share of what stood around a fix by which the code that it mended is still the same."""
_TELLING = 30
"""A statement of this many characters identifies itself wherever it stands."""
_COMMONPLACE = 20
"""A statement that more members hold than this says nothing about where it came from."""


@dataclass(frozen=True, slots=True)
class Carrier:
    key: str
    before: str = ""
    """What the statement was before it was rewritten: a copy that still has that lacks the fix."""


@dataclass(frozen=True, slots=True)
class Part:
    """The share of a fix that one unit carries."""

    owner: str
    unit: str
    carriers: tuple[Carrier, ...]
    banned: frozenset[str]
    """Statements that the fix took away; they count where nothing was put in their place."""
    after: frozenset[str]
    whole: bool = False
    """The unit itself came with the fix."""
    gone: tuple[str, ...] = ()
    """Statements as they were before the fix."""
    order: tuple[tuple[str, str], ...] = ()
    """Which statement has to come before which, where the fix only changed places."""

    @property
    def size(self) -> int:
        return len(self.carriers) or len(self.order) or 1


@dataclass(frozen=True, slots=True)
class Whereabouts:
    surviving: float
    lives_in: tuple[str, ...]
    missing_from: tuple[str, ...]
    places: tuple[Place, ...] = ()
    """The functions of those that have it that hold it."""
    stands: bool = False
    """Whether it lives nowhere, and some code that it mended still stands, or calls what it brought."""


def parts_of(file: FileEdit, whole: frozenset[str]) -> list[Part]:
    """What carries the fix in one file; of `whole`, units that are new, every statement."""
    return [
        part
        for edit in file.units
        if edit.status == "changed" or edit.name in whole
        if (part := _part(edit)) is not None
    ]


def _part(edit: UnitEdit) -> Part | None:
    fresh = [Carrier(key) for key in edit.added if key not in PLAIN]
    fresh += [Carrier(new, old) for old, new in edit.rewritten]
    gone = frozenset(edit.removed)
    banned = frozenset() if fresh else gone - PLAIN or gone.difference(edit.after)
    if not fresh and not banned and not edit.order:
        return None
    short = edit.name[len(edit.owner) + 1 :] if edit.owner else edit.name
    whole = edit.status == "added"
    after = frozenset(edit.added if whole else edit.after)
    return Part(edit.owner, short, tuple(fresh), banned, after, whole, edit.went, edit.order)


class Index:
    """Every member at the revision, by the statements that it holds."""

    def __init__(self, members: Mapping[str, Member], replacements: Collection[str] = ()) -> None:
        self.members = members
        self._replacements = frozenset(replacements)
        self._holders: dict[str, list[str]] = {}
        self._named: dict[str, list[str]] = {}
        for name in sorted(members):
            self._named.setdefault(members[name].name, []).append(name)
            for key in members[name].keys:
                self._holders.setdefault(key, []).append(name)

    def holders(self, part: Part) -> set[str]:
        """Members with a telling statement of the part, or most of its unit, wherever they are."""
        telling = (item.key for item in part.carriers if _tells(item.key))
        held = (self._holders.get(key, []) for key in telling)
        found = {name for names in held if len(names) <= _COMMONPLACE for name in names}
        shared = Counter(name for key in part.after for name in self._holders.get(key, ()))
        return found | {
            name
            for name, count in shared.items()
            if count >= 2 and count >= _SAME_UNIT * len(part.after)
        }

    def locate(self, shares: Sequence[tuple[Part, frozenset[str]]]) -> Whereabouts:
        """Looks for each part in those that ought to have it, and in whoever holds a piece of it."""
        found = total = 0
        lives: set[str] = set()
        lacks: set[str] = set()
        places: set[Place] = set()
        for part, group in shares:
            size = part.size
            alive: set[int] = set()
            having: set[str] = set()
            for name in (group & self.members.keys()) | self.holders(part):
                held = _held(part, self.members[name])
                alive |= held
                if held and len(held) >= (1.0 if part.order else _LIVES) * size:
                    having.add(name)
                    places |= set(_places(part, self.members[name], held))
            total += size
            found += len(alive)
            lives |= having
            lacks |= {
                name
                for name in group - having
                if self._ought(part, name, having) and not self._reaches(part, name, having)
            }
        surviving = found / total if total else 0.0
        stands = not lives and any(
            _stands(part, self.members[name])
            for part, group in shares
            for name in group & self.members.keys()
        )
        lacking = tuple(sorted(lacks - lives))
        return Whereabouts(
            round(surviving, 3),
            tuple(sorted(lives)),
            lacking,
            tuple(sorted(places, key=lambda it: (it.path, not it.line, it.line, it.symbol))),
            stands,
        )

    def _reaches(self, part: Part, name: str, having: set[str]) -> bool:
        """Whether a member inherits or calls what has the fix, or left the method to a subclass that has."""
        member = self.members.get(name)
        if member is not None and having & self._used(part, member):
            return True
        if having & self._ancestors(name):
            return member is None or not _overrides(part, member)
        left = member is not None and bool(part.unit) and part.unit not in member.units
        return left and any(name in self._ancestors(each) for each in having)

    def _used(self, part: Part, member: Member) -> set[str]:
        """Members that a member calls by their name where the fix belongs, and of functions also those
        that these call. What it calls in other methods says nothing of this one."""
        found: set[str] = set()
        unit = _counterpart(part, member)
        pending = [(member, unit)] if unit is not None else []
        while pending:
            caller, place = pending.pop()
            for used in caller.used_by(place) - {caller.name}:
                fresh = set(self._named.get(used, ())) - found
                found |= fresh
                known = [self.members[each] for each in sorted(fresh)]
                pending += [(m, m.units[m.name]) for m in known if m.is_function]
        return found

    def _ancestors(self, name: str) -> set[str]:
        """Members that a member inherits from, by the names of its bases."""
        found: set[str] = set()
        pending = [name]
        while pending:
            member = self.members.get(pending.pop())
            for base in member.bases if member else ():
                known = self._named.get(base.rpartition(".")[2], [])
                near = [each for each in known if member and self.members[each].path == member.path]
                chosen = near or (known if len(known) == 1 else [])
                pending += set(chosen) - found
                found |= set(chosen)
        return found

    def _ought(self, part: Part, name: str, having: set[str]) -> bool:
        """A copy lacks a fix only where it has what was fixed; a replacement always ought to."""
        member = self.members.get(name)
        if member is None or name in self._replacements:
            return True
        if not having:
            return _stands(part, member)
        if part.whole:
            return True
        unit = _counterpart(part, member, _SAME_UNIT) if part.unit else None
        if unit is None:
            innocent = {key for each in having for key in self.members[each].keys}
            return bool(having) and (
                _still_unfixed(part, member, innocent)
                or any(_does_without(part, member, self.members[each]) for each in sorted(having))
            )
        if _is_stub(unit):
            return False
        earlier = [_words(carrier.before) for carrier in part.carriers if carrier.before]
        if len(earlier) < len(part.carriers) or not earlier:
            return True
        theirs = [_words(key) for key in unit.keys]
        return any(_overlap(old, new) >= _UNFIXED for old in earlier for new in theirs)

    def nearest(self, part: Part, names: Sequence[str]) -> list[str]:
        """Of classes with one name, those whose code is the part's."""
        scored = [(self._nearness(part, name), name) for name in names]
        best = max((score for score, _ in scored), default=0.0)
        return [name for score, name in scored if score >= min(best, _SAME_JOB)]

    def _nearness(self, part: Part, name: str) -> float:
        unit = _counterpart(part, self.members[name])
        return _overlap(part.after, unit.keys) if unit is not None else 0.0


def _held(part: Part, member: Member) -> set[int]:
    """Which carriers of a part a class holds, by index; 0 stands for the whole of a removal."""
    unit = _counterpart(part, member)
    if part.order:
        return _in_order(part, unit)
    if not part.carriers:
        return {0} if unit is not None and not part.banned & unit.keys else set()
    near = unit.keys if unit is not None else frozenset()
    held = {
        index
        for index, carrier in enumerate(part.carriers)
        if carrier.key in near
        or (_tells(carrier.key) and carrier.key in member.keys)
        or _evolved(carrier, near)
    }
    if unit is None or len(held) == len(part.carriers):
        return held
    names = other_names(part.after, near)
    return held | {
        index
        for index, carrier in enumerate(part.carriers)
        if not near.isdisjoint(_otherwise_said(carrier.key, names))
    }


def _otherwise_said(key: str, names: Mapping[str, str]) -> Iterator[str]:
    """A statement with the names of another version, and with the other way to ask for nothing."""
    said = renamed(key, names)
    yield said
    if absent := _ABSENT.fullmatch(said):
        yield f"if not {absent[1]}"
    elif negated := _NEGATED.fullmatch(said):
        yield f"if {negated[1]} is None"


def _overrides(part: Part, member: Member) -> bool:
    """Whether a subclass has the code of old in a method of its own that does not call its base's."""
    own = member.units.get(part.unit) if part.unit else None
    return (
        own is not None
        and _overlap(part.after, own.keys) >= _SAME_JOB
        and not any("super()" in key for key in own.keys)
    )


def _is_stub(unit: UnitOutline) -> bool:
    """Whether a method only declares itself, or refuses."""
    acts = (key for key in unit.keys if not key.startswith(("def ", "async def ", "@")))
    return all(key.startswith("raise ") or key in PLAIN for key in acts)


def _places(part: Part, member: Member, held: set[int]) -> Iterator[Place]:
    unit = _counterpart(part, member)
    keys = {part.carriers[index].key for index in held if index < len(part.carriers)}
    found = {name for key in keys for name in member.where.get(key, ())}
    if unit is not None and (not keys or not found or keys & unit.keys):
        found = {name for name, each in member.units.items() if each is unit}
    for name in sorted(found):
        symbol = member.qualname if name in ("", member.name) else f"{member.qualname}.{name}"
        yield Place(member.path, member.units[name].line, symbol)


def _counterpart(part: Part, member: Member, share: float = _SAME_JOB) -> UnitOutline | None:
    same = member.units.get(part.unit)
    if same is not None:
        return same
    best = max(
        member.units.values(), key=lambda unit: _overlap(part.after, unit.keys), default=None
    )
    return best if best is not None and _overlap(part.after, best.keys) >= share else None


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    union = len(one | other)
    return len(one & other) / union if union else 0.0


def _evolved(carrier: Carrier, keys: frozenset[str]) -> bool:
    if carrier.before in keys:
        return False
    words, earlier = _words(carrier.key), _words(carrier.before)
    near = (
        theirs for theirs in map(_words, keys) if abs(len(theirs) - len(words)) * 3 <= len(words)
    )
    return any(
        _overlap(words, theirs) >= _ALIKE and _overlap(words, theirs) > _overlap(earlier, theirs)
        for theirs in near
    )


def _in_order(part: Part, unit: UnitOutline | None) -> set[int]:
    places = {key: place for place, key in enumerate(unit.order if unit else ())}
    return {
        index
        for index, (first, second) in enumerate(part.order)
        if first in places and second in places and places[first] < places[second]
    }


def _tells(key: str) -> bool:
    return len(key) >= _TELLING and not key.startswith("except ")


def _still_unfixed(part: Part, member: Member, innocent: set[str]) -> bool:
    """Whether a class whose methods are others still does what the fix did away with; what those
    that have the fix do as well, elsewhere, is no sign of it."""
    fixed = [_words(carrier.key) for carrier in part.carriers]
    theirs = [_words(key) for key in sorted(member.keys)]

    def done(old: frozenset[str]) -> bool:
        near = max(theirs, key=lambda other: _overlap(old, other), default=frozenset())
        likeness = _overlap(old, near)
        return likeness >= _LIKE_BEFORE and all(_overlap(new, near) < likeness for new in fixed)

    gone = [_words(key) for key in part.gone if key not in innocent]
    telling = [words for words in gone if len(words) >= _MANY_WORDS]
    return bool(telling) and all(done(words) for words in telling)


def _stands(part: Part, member: Member) -> bool:
    """Whether a class has the mended code without the fix: what it did away with is back, or most of
    what stood around it is there; of a function that came with it, whether it is still called."""
    if part.whole:
        called = f".{part.unit}("
        return part.unit not in member.units and any(called in key for key in member.keys)
    unit = _counterpart(part, member)
    if unit is None:
        return False
    if any(key in unit.keys for key in part.gone if len(_words(key)) >= _FEW_WORDS):
        return True
    brought = {carrier.key for carrier in part.carriers}
    around = {key for key in part.after - brought if not key.startswith(("def ", "async def "))}
    around -= PLAIN
    return bool(around) and len(around & unit.keys) >= _STANDS * len(around)


def _does_without(part: Part, member: Member, fixed: Member) -> bool:
    """Whether the method that does the job of the fixed one, under another name, has nothing like
    what the fix only put in; what it put in the place of something else may never have been needed."""
    unit = None if part.gone else same_job(part.unit, fixed, member)
    if unit is None:
        return False
    telling = [item for item in part.carriers if not item.key.startswith("except")]
    theirs = [_words(key) for key in unit.keys]
    return bool(telling) and not any(
        _overlap(_words(item.key), words) >= _UNFIXED for item in telling for words in theirs
    )


@lru_cache(maxsize=1 << 16)
def _words(key: str) -> frozenset[str]:
    return frozenset(_WORD.findall(key))
