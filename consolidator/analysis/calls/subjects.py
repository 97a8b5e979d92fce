"""What a plan moves, as classes and functions, and which of it a value in the code may be.

Before `migrate imports`, and wherever the tree before it is known (see `earlier`), a receiver is an
instance of the legacy class itself. Elsewhere the same receiver is an instance of the target, got under the legacy name where imports keep it. So a call on
the target counts as a legacy call only where

- the target has no such member and a legacy class that moves onto it does, or
- the arguments fit a legacy signature and not the target's, or
- the target was got under the name of the legacy class, and that is not its own name.

Anything else on a target is code that was written for it, or migrated before: it is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from consolidator.analysis.flow.values import Value
from consolidator.analysis.flow.world import Class, Function, World
from consolidator.analysis.members import Member, Members
from consolidator.analysis.signatures import Signature, signature_of
from consolidator.plan import Move, Plan

CONSTRUCTOR = "__init__"
CALL = "__call__"


@dataclass(frozen=True, eq=False)
class Subject:
    """One move of the plan. What can't be read is None."""

    move: Move
    legacy: Class | Function | None
    target: Class | Function | None
    members: Members

    @property
    def legacy_name(self) -> str:
        return self.move.source.rpartition(".")[2]

    @property
    def target_name(self) -> str:
        return self.move.target.rpartition(".")[2]

    def target_is(self, dotted: str) -> bool:
        return dotted == (self.target.dotted if self.target else self.move.target)

    def legacy_member(self, name: str) -> Member | None:
        if isinstance(self.legacy, Class):
            return self.members.find(self.legacy, name)
        return None

    def target_member(self, name: str) -> Member | None:
        return self.members.find(self.target, name) if isinstance(self.target, Class) else None

    def knows(self, name: str) -> bool:
        """Whether the legacy side has a member or the plan says something about it."""
        return (
            name in self.move.methods
            or name in self.move.attributes
            or name in self.move.calls
            or self.legacy_member(name) is not None
        )

    def legacy_signature(self, name: str) -> Signature | None:
        return _signature(self.legacy, name, self.members)

    def target_signature(self, name: str) -> Signature | None:
        return _signature(self.target, name, self.members)

    def lacking(self, name: str, new_name: str) -> str:
        """That the target has no such member; and whether the legacy class had one."""
        legacy = self.legacy if isinstance(self.legacy, Class) else None
        had = legacy is None or self.members.find(legacy, name) or self.members.doubt(legacy)
        more = "" if had else f", and neither had {self.move.source}"
        return f"{self.move.target} has no {new_name!r}{more}"

    def doubt(self) -> str:
        """Why the target may have members that can't be seen; empty where all are known."""
        if isinstance(self.target, Class):
            return self.members.doubt(self.target)
        return f"{self.move.target} can't be read"


def _repeats(subject: Subject, others: Sequence[Subject]) -> bool:
    """Whether it moves another name of what a different move moves to the same place, and no more."""
    move = subject.move
    return (
        subject.legacy is not None
        and subject.legacy.dotted != move.source
        and not (move.methods or move.attributes or move.calls)
        and any(
            other.legacy is subject.legacy and other.move.target == move.target
            for other in others
            if other.legacy is not None and other.legacy.dotted == other.move.source
        )
    )


def _signature(owner: Class | Function | None, name: str, members: Members) -> Signature | None:
    if isinstance(owner, Function):
        return signature_of(owner.fact, bound=False) if name == CALL else None
    if owner is None:
        return None
    if name == CONSTRUCTOR:
        return members.constructor(owner)
    member = members.find(owner, name)
    return member.signature if member else None


@dataclass(frozen=True, slots=True)
class Candidates:
    """The moves that a value may stand for. `certain` where it is the legacy definition itself, or the
    target under a name that only the legacy one had."""

    subjects: tuple[Subject, ...]
    certain: bool
    named: bool = True
    """Whether the code still uses a legacy name for it."""


class Subjects:
    """Every move of a plan that is a class or a function."""

    def __init__(self, world: World, plan: Plan) -> None:
        self.world = world
        self.members = Members(world)
        every = [self._subject(move) for move in plan.moves]
        self.all = tuple(subject for subject in every if not _repeats(subject, every))

    def _subject(self, move: Move) -> Subject:
        target = self.world.named(move.target)
        legacy = self.world.named(move.source)
        if legacy is not None and (legacy is target or not legacy.source.first_party):
            legacy = None  # an alias that was moved already
        return Subject(move, legacy, target, self.members)

    def is_alias(self, subject: Subject) -> bool:
        """Whether the legacy name is only another name of the target: nothing changes but the name."""
        return (
            subject.target is not None and self.world.named(subject.move.source) is subject.target
        )

    def of_instance(self, value: Value, member: str) -> Candidates:
        """Moves that an attribute of an instance, or of the class, may concern."""
        cls = self.world.class_of(value.name)
        for ancestor in self.world.lineage(cls) if cls else ():
            legacy = tuple(s for s in self.all if s.legacy is ancestor)
            if legacy:
                if cls and self._another_base_has(cls, legacy, member):
                    return Candidates((), certain=False)
                return Candidates(legacy, certain=True)
            targets = [s for s in self.all if s.target is ancestor]
            if targets:
                return self._by_name(targets, value, member)
            if member in ancestor.functions:
                return Candidates((), certain=False)
        unread = [s for s in self.all if s.target is None and s.move.target == value.name]
        return self._by_name(unread, value, member)

    def _another_base_has(self, cls: Class, legacy: Sequence[Subject], member: str) -> bool:
        """Whether an heir has a member from itself or its other bases that the legacy class lacks."""
        return self.members.find(cls, member) is not None and not any(
            subject.legacy_member(member) for subject in legacy
        )

    def of_function(self, value: Value) -> Candidates:
        legacy = tuple(s for s in self.all if s.legacy and s.legacy.dotted == value.name)
        if legacy:
            return Candidates(legacy, certain=True)
        return self._by_name([s for s in self.all if s.target_is(value.name)], value, CALL)

    def _by_name(self, targets: Sequence[Subject], value: Value, member: str) -> Candidates:
        """After imports moved: those whose legacy name the code still uses, else all that know the
        member."""
        knowing = [s for s in targets if member in (CALL, CONSTRUCTOR) or s.knows(member)]
        named = [s for s in knowing if s.legacy_name == value.via]
        certain = bool(named) and all(s.legacy_name != s.target_name for s in named)
        return Candidates(tuple(named or knowing), certain, bool(named))

    def concerns(self, value: Value) -> bool:
        """Whether a value is an instance or class of any move, or inherits from one."""
        cls = self.world.class_of(value.name)
        ends = {s.legacy for s in self.all} | {s.target for s in self.all}
        return (
            any(ancestor in ends for ancestor in self.world.lineage(cls))
            if cls
            else any(s.move.target == value.name for s in self.all)
        )

    def legacy_definitions(self, path: str) -> Iterator[tuple[int, int]]:
        """Line ranges of the definitions in a file that move: their own code is going to be deleted."""
        for subject in self.all:
            if subject.legacy is not None and subject.legacy.path == path:
                fact = subject.legacy.fact
                yield fact.line, fact.end_line
