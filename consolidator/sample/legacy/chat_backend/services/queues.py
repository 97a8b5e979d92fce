"""How long it takes."""

import chat_backend.websocket.emitter
import chat_backend.websocket.manager
import chat_backend.websocket.thread_emitter


def estimate(position: int) -> int:
    return 2 * position


async def show_position(user_id: str, position: int) -> None:
    manager = chat_backend.websocket.manager.get_websocket_manager()
    await manager.emit_event("queue", user_id, {"minutes": estimate(position)})


async def next_in_line(thread_id: str, user_id: str) -> None:
    manager = chat_backend.websocket.manager.get_websocket_manager()
    emitter = chat_backend.websocket.thread_emitter.ThreadEmitter(thread_id, user_id, manager)
    await emitter.title("Your turn")


def speaks(thing: object) -> bool:
    return isinstance(thing, chat_backend.websocket.emitter.UserWebSocketEmitter)
