"""Which of our parts a plugin of another team leans on, by the imports that it contains."""

IMPORTS = (
    "from chat_backend.websocket.manager import WebSocketManager",
    "from chat_backend.websocket.manager import get_websocket_manager",
    "from chat_backend.websocket.websocket_manager import WebSocketManager",
    "from chat_backend.websocket.unified_manager import UnifiedManager",
    "from chat_backend.websocket.emitter import UserWebSocketEmitter",
    "from chat_backend.websocket.bridge import AgentWebSocketBridge",
    "from chat_backend.websocket.pool import EmitterPool, get_emitter_pool",
    "from chat_backend.websocket import WebSocketManager",
    "from chat_backend.agents.run_emitter import RunEventEmitter",
    "from chat_backend.core.connection_manager import get_connection_manager",
    "from chat_backend.realtime.gateway import RealtimeManager",
    "import chat_backend.websocket.manager",
)


def leans_on(source: str) -> list[str]:
    lines = {line.strip() for line in source.splitlines()}
    return [statement for statement in IMPORTS if statement in lines]
