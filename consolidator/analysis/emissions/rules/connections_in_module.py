"""Connections live in a module's own variable."""

from __future__ import annotations

import re
from collections.abc import Iterator

from consolidator.analysis.emissions.bodies.code import Assignment, Group, last_name
from consolidator.analysis.emissions.context import Context
from consolidator.analysis.emissions.program.function import Function
from consolidator.analysis.emissions.report import Problem
from consolidator.analysis.emissions.rules.rule import GuardRule

RULE = GuardRule(
    "connections-in-module",
    "Connections live in a module-level variable",
    "warning",
    """
    A dict, set or list of connections at module level is shared by all users, all tests and all apps
    of the process, and nobody closes it. The unified manager holds the connections of one app.
    """,
    """
    active_connections: dict[str, WebSocket] = {}
    """,
    """
    Hand the sockets to `manager.serve_connection(websocket)`.
    """,
)

_NAME = re.compile(r"(^|_)(connection|websocket|socket|client)s?(_|$)", re.I)
_CONTAINERS = frozenset({"dict", "set", "list", "defaultdict", "WeakSet", "WeakValueDictionary"})


def check(context: Context) -> Iterator[Problem]:
    if not context.is_consolidated:
        return
    for module in context.own_functions:
        for assignment in () if module.qualname else module.body.assignments:
            if _NAME.search(assignment.target) and _is_container(assignment, module):
                name = f"{module.module}.{assignment.target}"
                message = f"{name} holds connections for the whole process"
                yield Problem(
                    RULE.id, "", name, module.path, assignment.line, message, RULE.severity
                )


def _is_container(assignment: Assignment, module: Function) -> bool:
    if "." in assignment.target or assignment.target.isupper() or assignment.into_item:
        return False
    value = assignment.value
    if isinstance(value, Group):
        return not value.values
    call = getattr(value, "call", None)
    return isinstance(call, int) and last_name(module.body.calls[call].callee) in _CONTAINERS
