"""Soup of the day."""

from chat_backend.websocket.manager import WebSocketManager as Sockets


class Galley:
    manager: "Sockets"

    def __init__(self, manager: Sockets) -> None:
        self.manager = manager

    async def menu(self, user_id: str, dishes: list[str]) -> None:
        await self.manager.emit_event(
            data={"dishes": dishes}, user_id=user_id, event_type="menu"
        )
