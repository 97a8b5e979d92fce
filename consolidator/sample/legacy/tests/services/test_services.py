"""The small services, each with the manager that it is given."""

from unittest.mock import Mock, patch

import chat_backend.websocket.manager
from chat_backend.agents import summaries, supervisor
from chat_backend.agents.types import BroadcastingManager
from chat_backend.core.context import RunContext
from chat_backend.services import audit_log, broadcast, failures, guarded, itinerary
from chat_backend.services import presence as presence_service
from chat_backend.services import typing_indicator
from chat_backend.tools import slow
from tests.frames import next_frame


async def manager_with(tab, user_id="u1"):
    manager = chat_backend.websocket.manager.WebSocketManager()
    await manager.connect_user(user_id, tab)
    return manager


async def test_a_title_is_written(tab):
    writer = summaries.TitleWriter(await manager_with(tab))
    assert await writer.write("t1", "u1", "when does it leave?") == "When does it leave"
    assert (await next_frame(tab.frames, "thread_title"))["thread_id"] == "t1"


async def test_a_batch_reports_its_progress(tab):
    await supervisor.Supervisor(await manager_with(tab)).report("u1", "r1", 1, 4)
    assert (await next_frame(tab.frames, "progress_update"))["data"]["progress"] == 0.25


async def test_a_notice_is_recorded(tab):
    await audit_log.send_recorded(await manager_with(tab), "u1", "gate B")
    assert (await next_frame(tab.frames, "notice"))["data"] == {"text": "gate B"}
    assert audit_log.LOG == ["u1: gate B"]


async def test_legs_arrive_in_order(tab):
    assert await itinerary.push_legs(await manager_with(tab), "u1", "t1", ["A-B", "B-C"]) == 2
    first = await next_frame(tab.frames, "itinerary_leg")
    second = await next_frame(tab.frames, "itinerary_leg")
    assert [first["data"]["leg"], second["data"]["leg"]] == ["A-B", "B-C"]


async def test_typing_is_shown(tab):
    await typing_indicator.show_typing(await manager_with(tab), "t1", "u1", True)
    assert (await next_frame(tab.frames, "typing"))["data"] == {"active": True}


async def test_a_timeout_is_said_in_words(tab):
    context = RunContext("u1", "t1", "r1")
    await failures.report_failure(await manager_with(tab), context, TimeoutError())
    assert "too long" in (await next_frame(tab.frames, "agent_error"))["data"]["message"]


async def test_a_slow_tool_reports_four_times(tab):
    assert len(await slow.price_history(await manager_with(tab), "r1", "u1")) == 4
    for share in (0.25, 0.5, 0.75, 1.0):
        frame = await next_frame(tab.frames, "progress_update")
        assert frame["data"]["progress"] == share


async def test_presence_lists_who_is_online(tab):
    presence = presence_service.Presence(await manager_with(tab))
    assert presence.online(["u1", "u2"]) == ["u1"]


async def test_maintenance_is_announced():
    manager = Mock(spec=BroadcastingManager)
    await broadcast.maintenance(manager, 5)
    assert len(manager.mock_calls) == 1


async def test_an_owner_is_reached():
    manager = Mock(spec=chat_backend.websocket.manager.WebSocketManager)
    with patch("chat_backend.services.guarded.get_scoped_manager", return_value=manager):
        await guarded.send_as_owner("u1", "hello")
    assert len(manager.mock_calls) == 1
