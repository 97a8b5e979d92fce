"""What travellers are told on the way."""

from decimal import Decimal
from unittest.mock import Mock, patch

import chat_backend.websocket.manager
from chat_backend.core.connection_manager import WebSocketManager as BellManager
from chat_backend.services import (
    boarding,
    cabins,
    crew,
    feedback,
    lost_property,
    meals,
    pets,
    queues,
    refunds,
    reminders,
    vehicles,
    vouchers,
    weather_alerts,
)
from tests.frames import next_frame


async def manager_with(tab) -> "chat_backend.websocket.manager.WebSocketManager":
    manager = chat_backend.websocket.manager.WebSocketManager()
    await manager.connect_user("u1", tab)
    return manager


async def test_a_deck_is_called(tab):
    await boarding.call_deck(await manager_with(tab), ["u1"], 4)
    assert (await next_frame(tab.frames, "boarding"))["data"] == {"deck": 4}


async def test_a_voucher_is_offered(tab):
    await vouchers.offer_voucher(await manager_with(tab), "u1", 250)
    assert (await next_frame(tab.frames, "voucher"))["data"] == {"cents": 250}


async def test_a_refund_is_exact(tab):
    await refunds.RefundDesk(await manager_with(tab)).refund("u1", Decimal("31.90"))
    assert (await next_frame(tab.frames, "refund"))["data"] == {"amount": "31.90"}


async def test_without_a_manager_a_refund_stays_silent():
    await refunds.RefundDesk().refund("u1", Decimal("1"))


async def test_something_was_found(tab):
    await lost_property.found(await manager_with(tab), "u1", "umbrella")
    assert (await next_frame(tab.frames, "found"))["data"] == {"thing": "umbrella"}


async def test_a_lane_is_assigned(tab):
    assert vehicles.can_push()
    await vehicles.assign_lane(await manager_with(tab), "u1", 7)
    assert (await next_frame(tab.frames, "lane"))["data"] == {"lane": 7}


async def test_pets_have_rules(tab):
    await pets.pet_rules(await manager_with(tab), "u1")
    assert (await next_frame(tab.frames, "pets"))["data"] == {"deck": 3}


async def test_a_cabin_is_ready(tab):
    await cabins.cabin_ready(await manager_with(tab), "u1", 12)
    assert "12" in (await next_frame(tab.frames, "thread_title"))["data"]["title"]


async def test_the_crew_is_called(tab):
    await crew.call_crew(await manager_with(tab), "u1", 2)
    assert (await next_frame(tab.frames, "crew_call"))["data"] == {"deck": 2}


async def test_thanks_are_said(tab):
    await feedback.thank(await manager_with(tab), "t1", "u1", 5)
    assert (await next_frame(tab.frames, "thread_title"))["data"]["title"] == "Thank you"


async def test_the_menu_is_shown(tab):
    await meals.Galley(await manager_with(tab)).menu("u1", ["soup"])
    assert (await next_frame(tab.frames, "menu"))["data"] == {"dishes": ["soup"]}


async def test_a_reminder_goes_to_who_is_there():
    manager = Mock(spec=chat_backend.websocket.manager.WebSocketManager)
    with patch("chat_backend.websocket.manager.get_websocket_manager", return_value=manager):
        await reminders.remind("u1", 60)
    assert len(manager.mock_calls) == 2


async def test_a_place_in_the_queue_is_shown():
    manager = Mock(spec=chat_backend.websocket.manager.WebSocketManager)
    with patch("chat_backend.websocket.manager.get_websocket_manager", return_value=manager):
        await queues.show_position("u1", 3)
    assert len(manager.mock_calls) == 1
    assert not queues.speaks(manager)


async def test_wind_rings_the_bell():
    manager = Mock(spec=BellManager)
    target = "chat_backend.core.connection_manager.get_connection_manager"
    with patch(target, return_value=manager):
        await weather_alerts.warn("u1", 8)
    assert len(manager.mock_calls) == 1
