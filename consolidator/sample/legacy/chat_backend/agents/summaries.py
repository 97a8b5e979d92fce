"""A title for a thread, shown while the agent still works."""

import chat_backend.websocket.manager
from chat_backend.websocket.thread_emitter import ThreadEmitter


class TitleWriter:
    def __init__(self, manager: chat_backend.websocket.manager.WebSocketManager) -> None:
        self._manager = manager

    async def write(self, thread_id: str, user_id: str, question: str) -> str:
        title = question.strip().rstrip("?").capitalize()[:40]
        emitter = ThreadEmitter(thread_id, user_id, self._manager)
        await emitter.title(title)
        return title
