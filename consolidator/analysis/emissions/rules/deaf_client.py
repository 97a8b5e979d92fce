"""A browser client does not handle an event."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from consolidator.analysis.emissions.context import Context
from consolidator.analysis.emissions.report import Problem
from consolidator.analysis.emissions.rules.rule import GuardRule
from consolidator.tree.index import Tree

RULE = GuardRule(
    "deaf-client",
    "A browser client handles some of the events and not all",
    "error",
    """
    A TypeScript or JavaScript file has cases or handlers for most of the guarded events, and none for
    this one, and no other file of its package asks for it either: the server sends it, and the user sees
    nothing.
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
    scripts = _Scripts(context.program.tree)
    for path in scripts.naming(events):
        code = scripts.code(path)
        handled = {event for event in events if _handler(event).search(code)}
        if len(handled) * 2 <= len(events):
            continue
        for event in events:
            if event not in handled and not scripts.asked_for(event, path):
                message = f"this client handles {len(handled)} events, but not {event}"
                line = _first_line(scripts.text(path), handled)
                yield Problem(RULE.id, event, path, path, line, message)


class _Scripts:
    """The scripts of the browser clients in a tree."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._paths = [p for p in tree.all_paths if p.endswith(SCRIPTS) and is_client(p)]
        self._packages = sorted(
            {p.removesuffix("package.json") for p in tree.all_paths if p.endswith("package.json")},
            key=len,
            reverse=True,
        )

    def naming(self, events: Sequence[str]) -> list[str]:
        return self._tree.containing(*events, paths=self._paths)

    def text(self, path: str) -> str:
        """Empty where the file can't be read."""
        try:
            return self._tree.read(path).decode("utf-8", "replace")
        except OSError:
            return ""

    def code(self, path: str) -> str:
        return _COMMENT.sub("", self.text(path))

    def asked_for(self, event: str, asker: str) -> bool:
        """Whether another file of the same package compares with an event, or subscribes to it, by its
        text or by a constant that holds it."""
        package = self._package(asker)
        others = [p for p in self._paths if p != asker and self._package(p) == package]
        names = {
            found[1]
            for path in self._tree.containing(event, paths=[*others, asker])
            for found in _constant(event).finditer(self.code(path))
        }
        question = _question(event, names)
        return any(
            question.search(self.code(path))
            for path in self._tree.containing(event, *sorted(names), paths=others)
        )

    def _package(self, path: str) -> str:
        return next((p for p in self._packages if path.startswith(p)), path.partition("/")[0])


def _constant(event: str) -> re.Pattern[str]:
    """`NAME = "x"` and `NAME: "x"`, in an enumeration or not."""
    return re.compile(rf"""\b([A-Z]\w*)\s*[=:]\s*["'`]{re.escape(event)}["'`]""")


def _question(event: str, names: Iterable[str]) -> re.Pattern[str]:
    said = rf"""["'`]{re.escape(event)}["'`]"""
    if known := "|".join(re.escape(name) for name in sorted(names)):
        said = rf"(?:{said}|(?:\w+\.)*(?:{known})\b)"
    return re.compile(
        rf"case\s+{said}|===?\s*{said}|\[{said}\]\s*[:(]|"
        rf"\b(?:on|addEventListener|addListener|subscribe|once)\(\s*{said}"
    )


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
