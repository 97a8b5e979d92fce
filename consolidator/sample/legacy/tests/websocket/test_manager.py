"""Delivery, as a browser tab sees it."""

from decimal import Decimal

from chat_backend.websocket.manager import (
    WebSocketManager,  # one per process in the app
    get_websocket_manager,
)
from tests.frames import next_frame


async def test_a_message_reaches_an_open_tab(tab):
    manager = WebSocketManager()
    await manager.connect_user("u1", tab)
    await manager.send_message("u1", {"type": "notice", "data": {"text": "hello"}})
    assert (await next_frame(tab.frames, "notice"))["data"] == {"text": "hello"}


async def test_an_event_names_its_run(tab):
    manager = WebSocketManager()
    await manager.connect_user("u1", tab)
    await manager.emit_event("notice", "u1", {"text": "now"}, run_id="r1")
    frame = await next_frame(tab.frames, "notice")
    assert (frame["user_id"], frame["run_id"]) == ("u1", "r1")


async def test_an_event_for_an_absent_user_is_no_error():
    await WebSocketManager().emit_event("notice", "u1", {"text": "later"})


async def test_amounts_travel_as_text(tab):
    manager = WebSocketManager()
    await manager.connect_user("u1", tab)
    await manager.emit_event("notice", "u1", {"price": str(Decimal("9.50"))})
    assert (await next_frame(tab.frames, "notice"))["data"] == {"price": "9.50"}


async def test_a_broadcast_reaches_everybody(tab):
    manager = WebSocketManager()
    await manager.connect_user("u1", tab)
    await manager.broadcast_message("maintenance", {"minutes": 5})
    assert (await next_frame(tab.frames, "maintenance"))["data"] == {"minutes": 5}


async def test_a_closed_tab_is_forgotten(tab):
    manager = WebSocketManager()
    await manager.connect_user("u1", tab)
    assert manager.is_user_connected("u1")
    await manager.disconnect_user("u1", tab)
    assert not manager.is_user_connected("u1")
    assert manager.get_connection_count() == 0


def test_there_is_one_manager_per_process():
    assert get_websocket_manager() is get_websocket_manager()
