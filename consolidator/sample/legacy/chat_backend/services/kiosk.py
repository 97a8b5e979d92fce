"""The terminal at the quay: loads what it needs when somebody touches the screen."""

from importlib import import_module
from typing import Any


def kiosk_manager() -> Any:
    sockets = import_module("chat_backend.websocket.manager")
    return sockets.get_websocket_manager()


def kiosk_emitter() -> Any:
    return getattr(import_module("chat_backend.websocket.emitter"), "UserWebSocketEmitter")


def kiosk_threads() -> Any:
    return getattr(import_module("chat_backend.websocket.thread_emitter"), "ThreadEmitter")


def kiosk_tools() -> Any:
    return getattr(import_module("chat_backend.tools.emitter"), "ToolEventEmitter")


def kiosk_pool() -> Any:
    return import_module("chat_backend.websocket.pool").get_emitter_pool()


def kiosk_bell() -> Any:
    return __import__(
        "chat_backend.core.connection_manager", fromlist=["get_connection_manager"]
    ).get_connection_manager()
