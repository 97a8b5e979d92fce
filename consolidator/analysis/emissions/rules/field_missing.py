"""A browser client reads a field that the server does not send."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from consolidator.analysis.audit.points.frontend import SUFFIXES, handled, tokens
from consolidator.analysis.emissions.context import Context
from consolidator.analysis.emissions.payloads import Fields, sent_fields
from consolidator.analysis.emissions.report import Problem
from consolidator.analysis.emissions.rules.deaf_client import is_client
from consolidator.analysis.emissions.rules.rule import GuardRule

RULE = GuardRule(
    "field-missing",
    "A browser client reads a field that the server does not send",
    "warning",
    """
    A TypeScript or JavaScript file handles the event and reads `….data.NAME` or `….payload.NAME` (or
    takes NAME out of it with `const { NAME } = …`), and no place that sends the event puts a field of
    that name into it: the page shows nothing, or `undefined`. Events whose payload comes from
    somewhere that can't be read are not checked.
    """,
    """
    await bridge.emit("agent_thinking", {"reasoning": text})

    case "agent_thinking": show(message.data.thought)     // is called `reasoning`
    """,
    """
    Rename one of the two. The finding names the fields that are sent.
    """,
)

_FRAME = frozenset(
    {"type", "event", "event_type", "id", "event_id", "message_id", "seq", "stream", "timestamp"}
    | {"time", "ts", "user_id", "thread_id", "run_id", "data", "payload", "length", "toString"}
)
"""Fields of the frame itself, which something on the way may add."""


def check(context: Context) -> Iterator[Problem]:
    known = {
        report.event: fields
        for report in context.reports
        if (fields := _sent(context, report.event)) is not None
    }
    if not known:
        return
    tree = context.program.tree
    scripts = (path for path in tree.all_paths if path.endswith(SUFFIXES) and is_client(path))
    events = [report.event for report in context.reports]
    for path in tree.containing(*known, paths=scripts):
        text = tree.read(path).decode("utf-8", "replace")
        for case in handled(tokens(text), events):
            if (fields := known.get(case.event)) is None:
                continue
            for name, line in case.fields:
                if name not in fields.names | _FRAME:
                    yield _problem(path, line, case.event, name, fields)


def _sent(context: Context, event: str) -> Fields | None:
    sites = [site for site in context.sites if site.event == event]
    if any(site.form == "method" for site in sites if site.verdict):
        return None  # an installed emitter builds the payload; `audit` knows its fields
    return sent_fields(sites, context.graph)


def _problem(path: str, line: int, event: str, name: str, fields: Fields) -> Problem:
    shown = ", ".join(sorted(fields.own - _FRAME)) or "no such field"
    near = get_close_matches(name, sorted(fields.names), 1)
    hint = f"; is it {near[0]!r}?" if near else ""
    where = f"{fields.example.function.path}:{fields.example.line}"
    message = f"reads {name!r} of {event}, which is sent with {shown} ({where}){hint}"
    return Problem(RULE.id, event, f"{path} {name}", path, line, message, RULE.severity)
