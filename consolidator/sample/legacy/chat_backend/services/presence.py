"""Who is looking."""

from chat_backend.core import interfaces


class Presence:
    def __init__(self, manager: "interfaces.WebSocketManagerProtocol") -> None:
        self._manager = manager

    def online(self, user_ids: list[str]) -> list[str]:
        return [user_id for user_id in user_ids if self._manager.is_user_connected(user_id)]
