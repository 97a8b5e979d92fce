"""Which commits concern the family, and what has to be read of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from consolidator.analysis.history.family import Scope
from consolidator.analysis.history.records import Commit, Task, Touch

_MOST_TESTS = 40
"""Test files of one commit that are read for new tests; a sweep over more says nothing."""


def touch_of(commit: Commit, scope: Scope) -> Touch | None:
    """What of a commit may concern the family, whatever belongs to it; None where nothing does."""
    roles = [scope.role(change.path) for change in commit.changes]
    if not any(role.admitted or role.named for role in roles):
        return None
    test_modules = sum(role.test_module for role in roles)
    changes = tuple(
        change
        for change, role in zip(commit.changes, roles, strict=True)
        if role.admitted or role.named or (role.test_module and test_modules <= _MOST_TESTS)
    )
    return Touch(
        commit.id,
        commit.parents,
        commit.author,
        commit.time,
        commit.message,
        changes,
        len(roles),
        sum(role.test for role in roles),
        test_modules,
        sum(role.document for role in roles),
    )


def touching(touches: Iterable[Touch], scope: Scope, paths: frozenset[str]) -> list[Touch]:
    """Commits that touch the family, or tests and documents named after it."""
    return [
        touch
        for touch in touches
        if any(change.path in paths or scope.role(change.path).named for change in touch.changes)
    ]


def task_of(
    commit: Touch, scope: Scope, paths: frozenset[str], kin: Mapping[str, frozenset[str]]
) -> Task:
    """What has to be read of a commit. `kin` are the members that have other names, by path."""
    family = tuple(change for change in commit.changes if change.path in paths)
    tests = tuple(change for change in commit.changes if scope.role(change.path).test_module)
    owners = ((change.path, owner) for change in family for owner in kin.get(change.path, ()))
    read = family and commit.test_modules <= _MOST_TESTS
    return Task(family, tests if read else (), tuple(sorted(owners)))
