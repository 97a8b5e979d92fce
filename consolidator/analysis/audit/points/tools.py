"""Tool wrapping: a tool run is announced before, and ended after, also when it fails."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from consolidator.analysis.audit.code import CodeFile, FunctionDef, called_name
from consolidator.analysis.audit.points.base import IntegrationPoint
from consolidator.analysis.audit.report import Evidence

_BEFORE = re.compile(
    r"tool_?(executing|execution_started|started|start)\b|ToolExecuting|tool_executing", re.I
)
_AFTER = re.compile(
    r"tool_?(completed|execution_completed|finished|complete|result|end)\b|tool_completed", re.I
)


def _wrappers(file: CodeFile) -> Iterator[Evidence]:
    if file.is_test:
        return
    for function in file.functions:
        if _BEFORE.search(function.name) or _AFTER.search(function.name):
            continue  # it builds the event; who calls it is the wrapper
        before = [call for call in _own_calls(file, function) if _says(call, _BEFORE)]
        if before:
            after = [call for call in _own_calls(file, function) if _says(call, _AFTER)]
            yield _wrapper(file, function, before[0], after)


def _wrapper(
    file: CodeFile, function: FunctionDef, before: ast.Call, after: list[ast.Call]
) -> Evidence:
    name = function.name
    if not after:
        return file.evidence(
            before, "at-risk", f"{name} says that a tool runs and never that it ended"
        )
    if any(_ends_always(file, function, call) for call in after):
        return file.evidence(before, "ok", f"{name} ends the tool on success and on error")
    handled = any(_in_handler(file, function, call) for call in after)
    if handled and len(after) > 1:
        return file.evidence(before, "ok", f"{name} ends the tool on success and in its handler")
    return file.evidence(
        before,
        "at-risk",
        f"{name} ends the tool only on success: an error leaves it running for the user",
    )


def _own_calls(file: CodeFile, function: FunctionDef) -> Iterator[ast.Call]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and file.enclosing(node) is function:
            yield node


def _says(call: ast.Call, pattern: re.Pattern[str]) -> bool:
    name = called_name(call)
    if pattern.search(name):
        return True
    if not re.search(r"emit|send|notify|publish|broadcast|push|dispatch", name, re.I):
        return False
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    return any(pattern.search(_event_text(value)) for value in values)


def _event_text(value: ast.expr) -> str:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value.value if len(value.value) < 60 else ""
    if isinstance(value, ast.Attribute):
        return f"{value.attr} {_event_text(value.value)}"
    if isinstance(value, ast.Dict):
        return " ".join(_event_text(v) for v in value.values)
    return ""


def _ends_always(file: CodeFile, function: FunctionDef, call: ast.AST) -> bool:
    return any(
        isinstance(parent, ast.Try) and _within(parent.finalbody, child)
        for child, parent in _upwards(file, function, call)
    )


def _in_handler(file: CodeFile, function: FunctionDef, call: ast.AST) -> bool:
    return any(
        isinstance(parent, ast.ExceptHandler) for _, parent in _upwards(file, function, call)
    )


def _upwards(
    file: CodeFile, function: FunctionDef, node: ast.AST
) -> Iterator[tuple[ast.AST, ast.AST]]:
    child = node
    while child is not function:
        parent = file.around.parent(child)
        if parent is None:
            return
        yield child, parent
        child = parent


def _within(body: list[ast.stmt], node: ast.AST) -> bool:
    return any(statement is node for statement in body)


TOOLS = IntegrationPoint(
    "tool-wrapping",
    "A tool run is announced before and ended after, also on error",
    ("tool_executing", "tool_started", "tool_start", "TOOL_EXECUTING", "tool_execution"),
    _wrappers,
)
