"""How long it takes."""

import chat_backend.websocket.emitter
import chat_backend.websocket.manager


def estimate(position: int) -> int:
    return 2 * position


async def show_position(user_id: str, position: int) -> None:
    manager = chat_backend.websocket.manager.get_websocket_manager()
    await manager.emit_event("queue", user_id, {"minutes": estimate(position)})


def speaks(thing: object) -> bool:
    return isinstance(thing, chat_backend.websocket.emitter.UserWebSocketEmitter)
