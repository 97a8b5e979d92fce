"""Parts that are looked up by name, so that a kiosk can leave them out."""

import importlib
from typing import Any

PARTS = {
    "manager": "chat_backend.websocket.manager.WebSocketManager",
    "emitter": "chat_backend.websocket.emitter.UserWebSocketEmitter",
    "background": "chat_backend.agents.run_emitter.RunEventEmitter",
    "bridge": "chat_backend.websocket.bridge.AgentWebSocketBridge",
    "tools": "chat_backend.tools.emitter.ToolEventEmitter",
    "threads": "chat_backend.websocket.thread_emitter.ThreadEmitter",
}


def part(name: str) -> Any:
    module, _, attribute = PARTS[name].rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def manager_class() -> Any:
    return importlib.import_module("chat_backend.websocket.manager").WebSocketManager


def bridge_class() -> Any:
    return importlib.import_module("chat_backend.websocket.bridge").AgentWebSocketBridge
