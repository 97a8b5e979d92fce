"""Figures for the operators' page."""


def connections() -> int:
    from chat_backend.websocket import (
        get_websocket_manager,
    )

    return get_websocket_manager().get_connection_count()


def bell_rings(user_id: str) -> bool:
    from chat_backend.core.connection_manager import get_connection_manager

    return get_connection_manager().connected(user_id)
