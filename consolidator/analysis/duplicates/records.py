"""What `duplicates` answers: families of classes, their members, and how each method compares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["same-name", "clone", "same-role"]
Role = Literal["implementation", "protocol", "wrapper", "re-export", "test-double"]
CLASS_ROLES: tuple[Role, ...] = ("implementation", "wrapper", "protocol")
"""Roles of members that are classes of their own: no other names, no doubles."""
Verdict = Literal["same", "differs", "missing"]
Relation = Literal["identical", "diverged"]


@dataclass(frozen=True, slots=True)
class Member:
    """One name in a family: a class, or (role `re-export`) another name for one."""

    qualname: str
    path: str
    line: int
    role: Role
    importers: int
    """Production files that import it; for a class, by any of its names."""
    test_importers: int
    methods: int
    """Methods that it defines or inherits from a class of ROOT."""
    similarity: float
    """Resemblance of its method bodies to the suggested canonical class, 0..1."""
    bases: tuple[str, ...] = ()
    """Its bases as written."""
    target: str = ""
    """For a re-export, the class that it names."""


@dataclass(frozen=True, slots=True)
class Copy:
    """Two members of which one was copied from the other, or both from a third."""

    left: str
    right: str
    similarity: float
    relation: Relation


@dataclass(frozen=True, slots=True)
class CoChange:
    """How often two files of a family changed in one commit; sweeps and merges left out."""

    left: str
    right: str
    together: int
    either: int
    """Commits that changed one of them or both."""


@dataclass(frozen=True, slots=True)
class Signature:
    """How one member writes one method, for people to compare."""

    parameters: tuple[str, ...]
    required: tuple[str, ...]
    is_async: bool
    path: str
    line: int
    end_line: int
    exact: bytes = field(repr=False)
    """Equal for bodies that differ in names of locals only; empty where the body was not read."""


@dataclass(frozen=True, slots=True)
class Family:
    name: str
    kind: Kind
    members: tuple[Member, ...]
    methods: Mapping[str, Mapping[str, Verdict]]
    suggested_canonical: str
    score: float
    """Belief that these are one thing written more than once, 0..1."""
    why: tuple[str, ...]
    copies: tuple[Copy, ...] = ()
    signatures: Mapping[str, Mapping[str, Signature]] = field(default_factory=dict, repr=False)
    """By member, then by method."""
    changes: tuple[CoChange, ...] = ()
    """Pairs of files that history knows, those that change together most first."""

    @property
    def canonical_lacks(self) -> tuple[str, ...]:
        """Public methods of other classes, test doubles aside, that the suggested canonical class
        has not."""
        others = [member.qualname for member in self.members if member.role != "test-double"]
        return tuple(
            name
            for name, verdicts in self.methods.items()
            if not name.startswith("_")
            and verdicts[self.suggested_canonical] == "missing"
            and any(verdicts[other] != "missing" for other in others)
        )

    @property
    def inherited(self) -> tuple[str, ...]:
        """Methods that all its classes have from one definition in a base: nothing to merge."""
        classes = [m.qualname for m in self.members if m.role in CLASS_ROLES]
        return tuple(
            name
            for name in self.methods
            if len({_place(self.signatures[each].get(name)) for each in classes}) == 1
            and any(name in self.signatures[each] for each in classes)
        )


def _place(signature: Signature | None) -> tuple[str, int] | None:
    return None if signature is None else (signature.path, signature.line)


@dataclass(frozen=True, slots=True)
class Report:
    families: tuple[Family, ...]
    weaker: int
    """Families that were left out because their score was too low."""
    classes: int
    """Classes that were looked at."""
    history_limit: str = ""
    """Why history says less than it could; empty where it is whole or was not asked for."""
