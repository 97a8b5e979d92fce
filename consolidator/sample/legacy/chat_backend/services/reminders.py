"""An hour before departure."""

from chat_backend.core.log import get_logger

log = get_logger(__name__)


async def remind(user_id: str, minutes: int) -> None:
    from chat_backend.websocket.manager import get_websocket_manager as manager_of_process

    manager = manager_of_process()
    if manager.is_user_connected(user_id):
        log.info("reminding %s", user_id)
        await manager.emit_event("reminder", user_id, {"minutes": minutes})
