"""What background agents ask of a manager."""

from typing import Any, Protocol


class BroadcastingManager(Protocol):
    async def broadcast_message(self, message_type: str, payload: dict[str, Any]) -> None: ...

    def get_connection_count(self) -> int: ...
