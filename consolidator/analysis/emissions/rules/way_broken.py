"""A function on an event's way no longer does what it did; `emissions.steps.step_changes` finds it."""

from __future__ import annotations

from collections.abc import Iterable

from consolidator.analysis.emissions.report import Problem
from consolidator.analysis.emissions.rules.rule import GuardRule
from consolidator.analysis.emissions.steps.step_changes import Change

RULE = GuardRule(
    "way-broken",
    "A function on an event's way no longer does what it did when the baseline was written",
    "error",
    """
    The baseline remembers, for every function that an event may go through, whom it calls, what it
    awaits, what it puts where and reads again; in which order, under which conditions, after which
    ways out, and what goes into each argument. This holds in code whose style the guard can't follow,
    too. A step counts as kept where it is done elsewhere now: code that moved, was renamed, parted
    into helpers or written out in their place is no finding.
    """,
    """
    async def connect(self, user_id, socket):
        await socket.accept()
        # self._sockets[user_id].add(socket)        the send loop now finds nobody
    """,
    """
    Restore the step. If it was taken out on purpose, say so with `guard --update-baseline` and commit
    the file.
    """,
)


def problems(changes: Iterable[Change]) -> list[Problem]:
    return [
        Problem(
            RULE.id, "", change.function, change.path, change.line, change.message, RULE.severity
        )
        for change in changes
    ]
