"""The crew's own channel."""

from chat_backend.realtime.everything import *


async def call_crew(manager: WebSocketManager, user_id: str, deck: int) -> None:
    await manager.emit_event("crew_call", user_id, {"deck": deck})
