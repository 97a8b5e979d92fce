"""A tool that fails is never completed."""

from __future__ import annotations

from collections.abc import Iterator

from consolidator.analysis.emissions.bodies.code import Call, Return
from consolidator.analysis.emissions.context import Context
from consolidator.analysis.emissions.program.function import Function
from consolidator.analysis.emissions.report import Problem
from consolidator.analysis.emissions.rules.rule import GuardRule
from consolidator.analysis.emissions.sites import Site

RULE = GuardRule(
    "unpaired-tool",
    "A tool that fails is never completed",
    "warning",
    """
    The function sends `tool_executing`, then runs the tool, then sends `tool_completed`; but where the
    tool raises, the second event is skipped, and the user's page shows a tool that runs for ever.
    """,
    """
    await bridge.notify_tool_executing(name, arguments)
    result = await tool(**arguments)               # raises
    await bridge.notify_tool_completed(name, result)
    """,
    """
    Send `tool_completed` in a `finally`, or also in the `except` clause.
    """,
)


def check(context: Context) -> Iterator[Problem]:
    for sites in context.sites_by_function.values():
        started = [s for s in sites if s.event == "tool_executing" and s.verdict]
        ended = [s for s in sites if s.event == "tool_completed" and s.verdict]
        if not started or not ended or any(s.place.section in ("finally", "except") for s in ended):
            continue
        if call := _between(started[0], ended[-1]):
            message = (
                f"if what line {call.line} does fails, tool_executing in line {started[0].line} "
                "is never followed by tool_completed"
            )
            yield RULE.problem(started[0], message)


def _between(started: Site, ended: Site) -> Call | Return | None:
    """An awaited call between the two that is no emission and whose failure goes on."""
    for call in started.function.body.calls:
        place = started.function.body.places[call.place]
        is_inside = started.line < call.line < ended.line
        if is_inside and call.fate == "awaited" and not any(h.swallows for h in place.handlers):
            return call
    for found in started.function.body.returns if _is_context_manager(started.function) else ():
        if found.is_yield and started.line < found.line < ended.line:
            return found
    return None


def _is_context_manager(function: Function) -> bool:
    """Whether what happens inside the caller's `with` is thrown into the function at its `yield`."""
    return function.has_decorator("contextmanager", "asynccontextmanager")
