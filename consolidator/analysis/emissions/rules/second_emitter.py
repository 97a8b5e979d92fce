"""A class besides the unified emitter sends events."""

from __future__ import annotations

import re
from collections.abc import Iterator

from consolidator.analysis.emissions.callers.transports import is_transport
from consolidator.analysis.emissions.context import Context
from consolidator.analysis.emissions.program.function import Function
from consolidator.analysis.emissions.report import Problem
from consolidator.analysis.emissions.rules.rule import GuardRule

RULE = GuardRule(
    "second-emitter",
    "A second manager or emitter is defined",
    "warning",
    """
    The program uses the unified emitter, and a class called manager, emitter, bridge or notifier of its
    own writes to sockets as well. This is how the copies began that the consolidation removed.
    """,
    """
    class QuickSocketManager:
        async def push(self, user_id, message):
            await self.sockets[user_id].send_json(message)
    """,
    """
    Use `UnifiedWebSocketManager`, or give the class a name that says what else it is.
    """,
)

_NAME = re.compile(r"(Manager|Emitter|Bridge|Notifier|Broadcaster)$")


def check(context: Context) -> Iterator[Problem]:
    if not context.is_consolidated:
        return
    reported: set[tuple[str, str]] = set()
    for function in context.own_functions:
        owner = context.program.definition_of(function)
        if owner is None or owner in context.emitter_classes or not _NAME.search(owner.qualname):
            continue
        if (owner.path, owner.qualname) in reported or not _sends(context, function):
            continue
        reported.add((owner.path, owner.qualname))
        message = f"{owner.dotted} writes to sockets beside the unified manager"
        yield Problem(RULE.id, "", owner.dotted, owner.path, owner.line, message, RULE.severity)


def _sends(context: Context, function: Function) -> bool:
    inference = context.graph.inference
    return any(
        is_transport(call, callee)
        for call in function.body.calls
        if not (callee := inference.of(call.callee, function)).functions
    )
