"""Three dots."""

from chat_backend.websocket import ThreadEmitter, WebSocketManager as Manager


async def show_typing(manager: Manager, thread_id: str, user_id: str, active: bool) -> None:
    emitter = ThreadEmitter(thread_id, user_id, manager)
    await emitter.typing(active)
