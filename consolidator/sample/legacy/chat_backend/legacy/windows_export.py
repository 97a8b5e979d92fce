"""Written on the harbour master's computer, with its line endings."""

from chat_backend.websocket.manager import *


def export(manager: WebSocketManager) -> str:
    return f"connections;{manager.get_connection_count()}"
