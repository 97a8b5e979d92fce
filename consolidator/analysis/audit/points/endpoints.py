"""API WebSocket endpoints, and the connections they add and remove."""

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
from consolidator.analysis.audit.report import Evidence

_ROUTES = {"WebSocketRoute", "add_websocket_route", "add_api_websocket_route", "WebSocketEndpoint"}
_CONSUMER = re.compile(r"(Async)?(Json)?Web[sS]ocketConsumer$|WebSocketEndpoint$|WebSocketHandler$")


def _endpoints(file: CodeFile) -> Iterator[Evidence]:
    if file.is_test:
        return
    for function in file.functions:
        for decorator in function.decorator_list:
            if isinstance(decorator, ast.Call) and called_name(decorator) in (
                "websocket",
                "websocket_route",
            ):
                yield file.evidence(decorator, "ok", "FastAPI, Starlette, Quart or Sanic route")
    for cls in file.classes:
        if any(_CONSUMER.search(last_name(base)) for base in cls.bases):
            yield file.evidence(
                cls, "ok", "a consumer class of Django Channels, Starlette or Tornado"
            )
    for call in file.calls:
        name = called_name(call)
        if name in _ROUTES:
            yield file.evidence(call, "ok", "Starlette or FastAPI route")
        elif name == "WebSocketResponse":
            yield file.evidence(call, "ok", "aiohttp")
        elif name == "serve" and ("websockets" in file.text):
            yield file.evidence(call, "ok", "websockets")
        elif name in ("AsyncServer", "Server") and "socketio" in file.text:
            yield file.evidence(call, "ok", "Socket.IO")
    for node in file.nodes:
        if isinstance(node, ast.Compare) and _is_websocket_scope(node):
            yield file.evidence(node, "ok", "plain ASGI")


def _is_websocket_scope(node: ast.Compare) -> bool:
    left = node.left
    named = isinstance(left, ast.Subscript) and getattr(left.slice, "value", "") == "type"
    values = [getattr(c, "value", None) for c in node.comparators]
    return named and "websocket" in values


ENDPOINTS = IntegrationPoint(
    "websocket-endpoints",
    "The API has a WebSocket endpoint",
    (
        *("websocket(", "websocket_route", "WebSocketRoute", "WebsocketConsumer", "socketio"),
        *(
            "WebSocketResponse",
            "WebSocketEndpoint",
            "WebSocketHandler",
            '"websocket"',
            "'websocket'",
        ),
        *("websockets",),
    ),
    _endpoints,
    only=r"\.websocket(_route)?\(|WebSocketRoute|ebsocket_route\(|Consumer\)|socketio|"
    r"WebSocketResponse|WebSocketEndpoint|WebSocketHandler|==\s*[\"']websocket|serve\(",
)

_ADD = re.compile(r"^(add|register|connect|attach|join|open|track)(_|$)")
_REMOVE = re.compile(
    r"^(remove|unregister|disconnect|detach|leave|close|untrack|discard|drop|delete|aclose)(_|$)"
)
_SOCKET = re.compile(r"^_?(web_?socket|socket|ws|conn(ection)?)(_(id|connection))?$", re.I)


def _connections(file: CodeFile) -> Iterator[Evidence]:
    if file.is_test:
        return
    for function in file.functions:
        if _ADD.match(function.name) or _REMOVE.match(function.name):
            continue  # the manager itself, or a step that its caller undoes
        adds = [call for call in _own_calls(file, function) if _adds(call)]
        for call in adds:
            yield _pairing(file, function, call)


def _adds(call: ast.Call) -> bool:
    return (
        isinstance(call.func, ast.Attribute)
        and bool(_ADD.match(call.func.attr))
        and any(_SOCKET.match(last_name(value)) for _, value in arguments_of(call))
    )


def _pairing(file: CodeFile, function: FunctionDef, add: ast.Call) -> Evidence:
    removals = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and _REMOVE.match(called_name(node))
    ]
    name = called_name(add)
    if any(_in_finally(file, call) for call in removals):
        return file.evidence(add, "ok", "removed again in `finally`")
    if isinstance(file.around.parent(add), ast.withitem):
        return file.evidence(add, "ok", "a context manager")
    if not removals:
        return file.evidence(add, "at-risk", f"{function.name} calls {name} and removes it nowhere")
    return file.evidence(
        add, "at-risk", f"what {name} adds is not removed on every path out of {function.name}"
    )


def _in_finally(file: CodeFile, node: ast.AST) -> bool:
    child: ast.AST = node
    while (parent := file.around.parent(child)) is not None:
        if isinstance(parent, ast.Try) and any(s is child for s in parent.finalbody):
            return True
        child = parent
    return False


def _own_calls(file: CodeFile, function: FunctionDef) -> Iterator[ast.Call]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and file.enclosing(node) is function:
            yield node


CONNECTIONS = IntegrationPoint(
    "connection-management",
    "Every connection that is added is removed on every path",
    ("connect", "add_", "register", "attach", "track"),
    _connections,
    only=r"(?i)\.(add|register|connect|attach|join|open|track)\w*\([^()]{0,80}\b_?(web_?socket|socket|ws|conn)",
)
