"""Events of a conversation rather than of a run."""

from .manager import WebSocketManager


class ThreadEmitter:
    def __init__(self, thread_id: str, user_id: str, manager: WebSocketManager) -> None:
        self.thread_id = thread_id
        self.user_id = user_id
        self.manager = manager

    async def typing(self, active: bool) -> None:
        await self.manager.emit_event("typing", self.user_id, {"active": active})

    async def title(self, text: str) -> None:
        message = {"type": "thread_title", "data": {"title": text}, "thread_id": self.thread_id}
        await self.manager.send_message(self.user_id, message)
