"""A manager that can reach one user only."""

from typing import Any, Optional

from ..core.interfaces import WebSocketManagerProtocol
from .manager import get_websocket_manager


def get_scoped_manager(owner: str) -> WebSocketManagerProtocol:
    class ScopedWebSocketManager:
        """Refuses to deliver to anybody but its owner."""

        async def connect_user(
            self, user_id: str, websocket: Any, thread_id: Optional[str] = None
        ) -> None:
            await get_websocket_manager().connect_user(user_id, websocket, thread_id)

        async def disconnect_user(self, user_id: str, websocket: Any) -> None:
            await get_websocket_manager().disconnect_user(user_id, websocket)

        async def send_message(self, user_id: str, message: dict[str, Any]) -> None:
            if user_id != owner:
                raise PermissionError(f"{owner} may not send to {user_id}")
            await get_websocket_manager().send_message(user_id, message)

        def is_user_connected(self, user_id: str) -> bool:
            return get_websocket_manager().is_user_connected(user_id)

    return ScopedWebSocketManager()
