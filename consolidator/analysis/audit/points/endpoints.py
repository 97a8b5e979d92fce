"""API WebSocket endpoints."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from consolidator.analysis.audit.code import CodeFile, FunctionDef, called_name, last_name
from consolidator.analysis.audit.points.base import IntegrationPoint
from consolidator.analysis.audit.report import Evidence

_ROUTES = {"WebSocketRoute", "add_websocket_route", "add_api_websocket_route", "WebSocketEndpoint"}
_DECORATORS = {"websocket", "websocket_route", "websocket_listener", "websocket_stream", "ws"}
_CONSUMER = re.compile(
    r"(Async)?(Json)?Web[sS]ocketConsumer$|Web[sS]ocket(Endpoint|Handler|Listener)$"
)


def is_endpoint_class(cls: ast.ClassDef) -> bool:
    """Whether the framework makes an object of the class for each connection."""
    return any(_CONSUMER.search(last_name(base)) for base in cls.bases)


def endpoints(file: CodeFile) -> Iterator[Evidence]:
    if file.is_test:
        return
    for function in file.functions:
        for decorator in function.decorator_list:
            name = called_name(decorator) if isinstance(decorator, ast.Call) else ""
            if name in _DECORATORS:
                yield file.evidence(
                    decorator, "ok", "FastAPI, Starlette, Litestar, Quart or Sanic route"
                )
            elif name == "route" and "flask_sock" in file.text and _takes_socket(function):
                yield file.evidence(decorator, "ok", "Flask-Sock route")
        if function.name == "on_websocket":
            yield file.evidence(function, "ok", "a Falcon resource")
    for cls in file.classes:
        if is_endpoint_class(cls):
            yield file.evidence(
                cls, "ok", "a class of Django Channels, Starlette, Litestar or Tornado"
            )
    for call in file.calls:
        name = called_name(call)
        if name in _ROUTES:
            yield file.evidence(call, "ok", "Starlette or FastAPI route")
        elif name == "WebSocketResponse":
            yield file.evidence(call, "ok", "aiohttp")
        elif name in ("serve", "ws_create_server") and _SERVERS.search(file.text):
            yield file.evidence(call, "ok", "websockets or picows")
        elif name in ("AsyncServer", "Server") and "socketio" in file.text:
            yield file.evidence(call, "ok", "Socket.IO")
    for node in file.nodes:
        if isinstance(node, ast.Compare) and _is_websocket_scope(node):
            yield file.evidence(node, "ok", "plain ASGI")


_SERVERS = re.compile(r"\b(websockets|picows)\b")


def _takes_socket(function: FunctionDef) -> bool:
    return bool(function.args.args) and function.args.args[0].arg in ("ws", "sock", "websocket")


def _is_websocket_scope(node: ast.Compare) -> bool:
    left = node.left
    named = isinstance(left, ast.Subscript) and getattr(left.slice, "value", "") == "type"
    values = [getattr(c, "value", None) for c in node.comparators]
    return named and "websocket" in values


ENDPOINTS = IntegrationPoint(
    "websocket-endpoints",
    "The API has a WebSocket endpoint",
    (
        *(
            "websocket(",
            "websocket_route",
            "websocket_listener",
            "websocket_stream",
            "on_websocket",
        ),
        *("add_websocket_route", "add_api_websocket_route", "WebSocketRoute", "WebSocketResponse"),
        *("WebSocketEndpoint", "WebSocketHandler", "WebsocketListener", "WebsocketConsumer"),
        *("AsyncWebsocketConsumer", "AsyncJsonWebsocketConsumer", "JsonWebsocketConsumer"),
        *('"websocket"', "'websocket'", "websockets", "picows", "flask_sock", "socketio", ".ws("),
    ),
    endpoints,
    only=r"\bwebsocket(_route|_listener|_stream)?\(|WebSocketRoute|ebsocket_route\(|Consumer\)|socketio|"
    r"ebsocketListener|on_websocket|ws_create_server|flask_sock|\.ws\(|"
    r"WebSocketResponse|WebSocketEndpoint|WebSocketHandler|==\s*[\"']websocket|serve\(",
)
