import importlib

import pytest

from chat_backend.services import kiosk, plugins


@pytest.mark.parametrize("name", sorted(plugins.PARTS))
def test_every_part_can_be_loaded(name):
    assert isinstance(plugins.part(name), type)


def test_parts_are_the_classes_that_others_import():
    from chat_backend.websocket.bridge import AgentWebSocketBridge
    from chat_backend.websocket.manager import WebSocketManager

    assert plugins.manager_class() is WebSocketManager
    assert plugins.bridge_class() is AgentWebSocketBridge


def test_the_kiosk_shares_the_manager_of_the_process():
    from chat_backend.websocket.manager import get_websocket_manager

    assert kiosk.kiosk_manager() is get_websocket_manager()


def test_the_kiosk_finds_the_rest():
    assert isinstance(kiosk.kiosk_threads(), type)
    assert isinstance(kiosk.kiosk_tools(), type)
    pool = importlib.import_module("chat_backend.websocket.pool")
    assert kiosk.kiosk_pool() is pool.get_emitter_pool()
    bell = importlib.import_module("chat_backend.core.connection_manager")
    assert kiosk.kiosk_bell() is bell.get_connection_manager()
    assert isinstance(kiosk.kiosk_emitter(), type)
