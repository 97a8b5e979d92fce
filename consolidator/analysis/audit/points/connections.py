"""Connections that are added somewhere, and whether each is removed again on every path."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from consolidator.analysis.audit.code import (
    CodeFile,
    FunctionDef,
    arguments_of,
    called_name,
    last_name,
)
from consolidator.analysis.audit.points.base import IntegrationPoint
from consolidator.analysis.audit.points.endpoints import is_endpoint_class
from consolidator.analysis.audit.report import Evidence

_ADD = re.compile(r"^(group_)?(add|register|connect|attach|join|open|track|append)(_|$)")
_REMOVE = re.compile(
    r"^(group_)?(remove|unregister|disconnect|detach|leave|close|untrack|discard|drop|delete|aclose|pop)(_|$)"
)
_SOCKET = re.compile(r"^_?(web_?socket|socket|sock|ws)(_(id|connection))?$", re.I)
_CONNECTION = re.compile(r"^_?conn(ection)?(_id)?$", re.I)
"""Also what a database has: only where the file has to do with WebSockets."""
_ELSEWHERE = re.compile(
    r"session|query|select|stmt|statement|cursor|engine|table|\bdb\b|server$", re.I
)
"""What takes connections of a database, or the sockets that a server listens on."""
_OPENING = re.compile(r"^(websocket_)?(connect|open|on_(connect|open|accept))$")
_CLOSING = re.compile(r"^(websocket_)?(disconnect|close|on_(disconnect|close))$")


def _connections(file: CodeFile) -> Iterator[Evidence]:
    if file.is_test:
        return
    for cls in file.classes:
        if is_endpoint_class(cls):
            yield from _of_class(file, cls)
    for function in file.functions:
        if _ADD.match(function.name) or _REMOVE.match(function.name):
            continue  # the manager itself, or a step that its caller undoes
        if _OPENING.match(function.name):
            continue  # judged with its class
        for added in _additions(file, function):
            yield _pairing(file, function, added)


def _of_class(file: CodeFile, cls: ast.ClassDef) -> Iterator[Evidence]:
    """A class with an object for each connection: what it adds when it opens goes when it closes."""
    methods = [n for n in cls.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    closing = [method for method in methods if _CLOSING.match(method.name)]
    for method in methods:
        for added in _additions(file, method) if _OPENING.match(method.name) else ():
            undone = next((m for m in closing if any(_removals(m, _kept_in(added)))), None)
            if undone is not None:
                yield file.evidence(added, "ok", f"removed again in {undone.name}")
            else:
                why = f"{cls.name}.{method.name} adds the connection, and no method removes it when it closes"
                yield file.evidence(added, "at-risk", why)


def _additions(file: CodeFile, function: FunctionDef) -> Iterator[ast.Call | ast.Subscript]:
    """Calls and item assignments of a function that keep a connection somewhere."""
    for node in ast.walk(function):
        if file.enclosing(node) is not function:
            continue
        if isinstance(node, ast.Call) and _adds(file, node):
            yield node
        elif isinstance(node, ast.Assign) and _is_connection(file, node.value):
            yield from (t for t in node.targets if isinstance(t, ast.Subscript))


def _adds(file: CodeFile, call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute) or not _ADD.match(call.func.attr):
        return False
    if call.func.attr == "group_add":
        return True
    return not _ELSEWHERE.search(ast.unparse(call.func.value)) and any(
        _is_connection(file, value) for _, value in arguments_of(call)
    )


def _is_connection(file: CodeFile, value: ast.expr) -> bool:
    name = last_name(value) if isinstance(value, ast.Name | ast.Attribute) else ""
    if name == "self":
        cls = _class_around(file, value)
        return cls is not None and is_endpoint_class(cls)
    if _CONNECTION.match(name):
        return "websocket" in file.text.lower()
    return bool(_SOCKET.match(name))


def _class_around(file: CodeFile, node: ast.AST) -> ast.ClassDef | None:
    parent = file.around.parent(node)
    while parent is not None and not isinstance(parent, ast.ClassDef):
        parent = file.around.parent(parent)
    return parent


def _kept_in(added: ast.Call | ast.Subscript) -> str:
    """The container's last name: of `rooms[user]` and `rooms.add(…)`; empty for a manager's method."""
    if isinstance(added, ast.Subscript):
        return last_name(added.value)
    is_plain = called_name(added) in ("add", "append")
    return last_name(added.func.value) if is_plain and isinstance(added.func, ast.Attribute) else ""


def _removals(function: FunctionDef, container: str) -> Iterator[ast.AST]:
    """Places that take something out; of one container where that has a name."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and _REMOVE.match(called_name(node)):
            owner = node.func.value if isinstance(node.func, ast.Attribute) else None
            if not container or container in (ast.unparse(owner) if owner is not None else ""):
                yield node
        elif isinstance(node, ast.Delete):
            kept = [t.value for t in node.targets if isinstance(t, ast.Subscript)]
            if any(not container or last_name(value) == container for value in kept):
                yield node


def _pairing(file: CodeFile, function: FunctionDef, added: ast.Call | ast.Subscript) -> Evidence:
    removals = list(_removals(function, _kept_in(added)))
    name = called_name(added) if isinstance(added, ast.Call) else ast.unparse(added.value)
    if any(_in_finally(file, node) for node in removals):
        return file.evidence(added, "ok", "removed again in `finally`")
    if isinstance(file.around.parent(added), ast.withitem):
        return file.evidence(added, "ok", "a context manager")
    if not removals:
        return file.evidence(
            added, "at-risk", f"{function.name} adds to {name} and removes it nowhere"
        )
    return file.evidence(
        added, "at-risk", f"what {name} adds is not removed on every path out of {function.name}"
    )


def _in_finally(file: CodeFile, node: ast.AST) -> bool:
    child: ast.AST = node
    while (parent := file.around.parent(child)) is not None:
        if isinstance(parent, ast.Try) and any(s is child for s in parent.finalbody):
            return True
        child = parent
    return False


CONNECTIONS = IntegrationPoint(
    "connection-management",
    "Every connection that is added is removed on every path",
    ("connect", "add", "register", "attach", "track", "append", "] = "),
    _connections,
    only=r"(?i)\.(add|register|connect|attach|join|open|track|append)\w*\([^()]{0,80}\b_?(web_?socket|sock|socket|ws|conn|self)|"
    r"group_add\(|\]\s*=\s*(self\.)?_?(web_?socket|sock|socket|ws|conn\w*|self)\b",
)
