"""One manager, whatever a module calls it."""

from chat_backend.realtime.connections import ConnectionManager
from chat_backend.realtime.gateway import RealtimeManager
from chat_backend.realtime.ws import WSManager
from chat_backend.websocket.manager import WebSocketManager
from chat_backend.websocket.unified_manager import UnifiedManager
from chat_backend.websocket.websocket_manager import WebSocketManager as MobileManager


def test_every_name_is_the_same_class():
    names = {ConnectionManager, MobileManager, RealtimeManager, UnifiedManager, WSManager}
    assert names == {WebSocketManager}


async def test_an_alias_can_be_built():
    manager = RealtimeManager()
    assert isinstance(manager, WebSocketManager)
    assert manager.get_connection_count() == 0
