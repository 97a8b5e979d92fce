"""`/ws/notifications`: the bell in the corner of the page."""

from chat_backend.core.connection_manager import get_connection_manager
from chat_backend.services.notifications import create_notification_service
from chat_backend.websocket import ASGIWebSocket


async def notification_endpoint(socket: ASGIWebSocket, user_id: str) -> None:
    manager = get_connection_manager()
    service = create_notification_service()
    await socket.accept()
    await manager.add_connection(socket, user_id)
    try:
        async for text in socket.frames():
            if text == "demo":
                await service.delay(user_id, 15)
                await service.gate(user_id, "B")
    finally:
        await manager.remove_connection(socket, user_id)
