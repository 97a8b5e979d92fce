"""Wind, before it blows."""

import chat_backend.core.connection_manager
import chat_backend.websocket.bridge as bridges

Bridge = bridges.AgentWebSocketBridge


async def warn(user_id: str, beaufort: int) -> None:
    manager = chat_backend.core.connection_manager.get_connection_manager()
    await manager.send_personal({"type": "wind", "data": {"beaufort": beaufort}}, user_id)
