"""A test's own stand-in writes the event that the test then finds."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from consolidator.analysis.emissions.context import Context
from consolidator.analysis.emissions.report import Problem
from consolidator.analysis.emissions.rules.rule import GuardRule
from consolidator.analysis.history.family import is_test

RULE = GuardRule(
    "fake-event",
    "A test finds an event that its own stand-in wrote",
    "warning",
    """
    A fake in a test puts the event into a list (or prints it) as a literal of its own, instead of
    recording what the code under test handed to it, and the test then asserts that the event is in
    that list. Such a test stays green when the real emission is gone.
    """,
    """
    class FakeBridge:
        async def run(self, agent):
            self.events.append({"type": "agent_started"})     # nobody sent it

    assert bridge.events[0]["type"] == "agent_started"
    """,
    """
    Record the argument (`self.events.append(message)`), or assert on what a real socket received.
    """,
)

_RECORDING = ("append", "add", "put", "put_nowait", "insert", "appendleft")


def check(context: Context) -> Iterator[Problem]:
    events = tuple(report.event for report in context.reports)
    names = "|".join(map(re.escape, events))
    hint = re.compile(rf"\.({'|'.join(_RECORDING)})\([^\n]*\n?[^\n]*[\"\']({names})[\"\']".encode())
    tree = context.program.tree
    tests = (path for path in tree.paths if is_test(path))
    for path in tree.containing(*events, paths=tests):
        if hint.search(tree.read(path)) and isinstance(module := tree.syntax(path), ast.Module):
            yield from _of_module(path, module, frozenset(events))


def _of_module(path: str, module: ast.Module, events: frozenset[str]) -> Iterator[Problem]:
    asserted = {
        name
        for node in ast.walk(module)
        if isinstance(node, ast.Assert)
        for name in _names(node.test)
    }
    for cls in ast.walk(module):
        if not isinstance(cls, ast.ClassDef) or cls.name.startswith("Test"):
            continue
        for method in cls.body:
            if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
                yield from _of_method(path, cls, method, events, asserted)


def _of_method(
    path: str,
    cls: ast.ClassDef,
    method: ast.FunctionDef | ast.AsyncFunctionDef,
    events: frozenset[str],
    asserted: set[str],
) -> Iterator[Problem]:
    for call in ast.walk(method):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        owner = call.func.value
        holder = owner.attr if isinstance(owner, ast.Attribute) else ""
        if call.func.attr not in _RECORDING or holder not in asserted:
            continue
        for event in sorted(_literals(call) & events):
            if method.name.endswith(event):
                continue  # `notify_agent_started` records that it was called
            yield Problem(
                RULE.id,
                event,
                f"{path} {cls.name}.{method.name}",
                path,
                call.lineno,
                f"{cls.name}.{method.name} writes {event} into {holder!r} itself, and a test asserts "
                "on it: it stays green when nothing sends the event",
                RULE.severity,
            )


def _names(node: ast.expr) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute):
            yield inner.attr


def _literals(call: ast.Call) -> set[str]:
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    return {
        node.value
        for value in values
        for node in ast.walk(value)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
