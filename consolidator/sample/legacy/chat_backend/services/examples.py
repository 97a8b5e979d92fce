"""What `ferry-desk help` prints: first steps for people who write an agent."""

SEND = """\
from chat_backend.websocket.manager import get_websocket_manager

await get_websocket_manager().send_message("ada", {"type": "notice", "data": {}})
"""

EMIT = """\
from chat_backend.websocket.emitter import UserWebSocketEmitter

await UserWebSocketEmitter(manager, "ada", "run_1").emit_thinking("triage", "hm")
"""

BACKGROUND = """\
from chat_backend.agents.run_emitter import RunEventEmitter

await RunEventEmitter("ada", "run_1", manager).emit_progress("batch", 0.5)
"""

BRIDGE = """\
from chat_backend.websocket.bridge import AgentWebSocketBridge

await AgentWebSocketBridge(manager, "ada", "run_1").notify_agent_started("triage")
"""

POOL = """\
from chat_backend.websocket.pool import get_emitter_pool

async with get_emitter_pool().lease(context) as emitter:
    await emitter.emit("notice", {})
"""

BELL = "from chat_backend.core.connection_manager import get_connection_manager"

ALL = {"send": SEND, "emit": EMIT, "background": BACKGROUND, "bridge": BRIDGE, "pool": POOL}
