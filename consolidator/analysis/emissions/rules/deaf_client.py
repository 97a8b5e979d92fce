"""A browser client does not handle an event."""

from __future__ import annotations

import re
from collections.abc import Iterator

from consolidator.analysis.emissions.context import Context
from consolidator.analysis.emissions.report import Problem
from consolidator.analysis.emissions.rules.rule import GuardRule

RULE = GuardRule(
    "deaf-client",
    "A browser client handles some of the events and not all",
    "error",
    """
    A TypeScript or JavaScript file has cases or handlers for most of the guarded events, and none for
    this one: the server sends it, and the user sees nothing.
    """,
    """
    switch (message.type) {
      case "agent_started": …
      case "tool_executing": …                     // no case "agent_thinking"
    """,
    """
    Add the case. If the file shows a part on purpose, freeze the finding in the baseline.
    """,
)

SCRIPTS = (".ts", ".tsx", ".js", ".jsx", ".mjs", ".vue", ".svelte")
_TESTS = re.compile(
    r"(^|/)(__tests__|tests?|e2e|node_modules|dist|build)/|\.(test|spec|cy|d)\.[tj]sx?$"
)
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)


def is_client(path: str) -> bool:
    """Whether a script is part of the frontend: no test, no bundle, no package of others."""
    return not _TESTS.search(path)


def check(context: Context) -> Iterator[Problem]:
    events = [report.event for report in context.reports]
    tree = context.program.tree
    scripts = (path for path in tree.all_paths if path.endswith(SCRIPTS))
    for path in tree.containing(*events, paths=filter(is_client, scripts)):
        try:
            text = tree.read(path).decode("utf-8", "replace")
        except OSError:
            continue
        code = _COMMENT.sub("", text)
        handled = {event for event in events if _handler(event).search(code)}
        if len(handled) * 2 <= len(events):
            continue
        for event in events:
            if event not in handled:
                message = f"this client handles {len(handled)} events, but not {event}"
                yield Problem(RULE.id, event, path, path, _first_line(text, handled), message)


def _handler(event: str) -> re.Pattern[str]:
    """`case "x":`, `=== "x"`, `on("x", …)`, `"x": handler`, `x: handler` or `x(event) {`."""
    name = re.escape(event)
    return re.compile(
        rf"""case\s+["'`]{name}["'`]|===?\s*["'`]{name}["'`]|["'`]{name}["'`]\s*[:,\]]|"""
        rf"""\b(on|addEventListener|addListener|subscribe|once)\(\s*["'`]{name}["'`]|"""
        rf"""^\s*(async\s+)?{name}\s*[:(]""",
        re.M,
    )


def _first_line(text: str, handled: set[str]) -> int:
    at = min(text.find(event) for event in handled)
    return text.count("\n", 0, at) + 1
