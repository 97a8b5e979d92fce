"""Everything that talks to a browser."""

from .asgi_socket import ASGIWebSocket
from .bridge import AgentWebSocketBridge
from .emitter import UserWebSocketEmitter
from .isolated import IsolatedEventEmitter
from .manager import WebSocketManager, get_websocket_manager
from .pool import EmitterPool, get_emitter_pool
from .thread_emitter import ThreadEmitter

__all__ = [
    "ASGIWebSocket",
    "AgentWebSocketBridge",
    "EmitterPool",
    "IsolatedEventEmitter",
    "ThreadEmitter",
    "UserWebSocketEmitter",
    "WebSocketManager",
    "get_emitter_pool",
    "get_websocket_manager",
]
