"""How long the slowest imports take."""

import subprocess
import sys

STATEMENTS = (
    "from chat_backend.websocket.manager import WebSocketManager",
    "from chat_backend.websocket import AgentWebSocketBridge, EmitterPool",
    "import chat_backend.core.connection_manager",
)

if __name__ == "__main__":
    for statement in STATEMENTS:
        subprocess.run([sys.executable, "-X", "importtime", "-c", statement], check=True)
