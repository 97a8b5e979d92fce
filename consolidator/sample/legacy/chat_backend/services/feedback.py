"""Five stars or fewer."""

from chat_backend.websocket import (
    ThreadEmitter as Thread,
    WebSocketManager as Sockets,
)


async def thank(manager: Sockets, thread_id: str, user_id: str, stars: int) -> None:
    emitter = Thread(thread_id, user_id, manager)
    await emitter.title("Thank you" if stars > 3 else "We will do better")
