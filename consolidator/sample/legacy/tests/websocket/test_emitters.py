"""Every emitter reaches its own user."""

from chat_backend.agents.run_emitter import RunEventEmitter
from chat_backend.agents.user_emitter import UserWebSocketEmitter as AgentUserEmitter
from chat_backend.core.connection_manager import WebSocketManager as NotificationManager
from chat_backend.core.context import RunContext
from chat_backend.services.events import UserWebSocketEmitter as NotificationEmitter
from chat_backend.tools.emitter import ToolEventEmitter
from chat_backend.websocket import (
    IsolatedEventEmitter,
    ThreadEmitter,
    UserWebSocketEmitter,
    WebSocketManager,
)
from tests.frames import FIVE, next_frame


async def test_the_run_emitter_sends_the_five_events(tab):
    manager = WebSocketManager()
    await manager.connect_user("u1", tab)
    emitter = UserWebSocketEmitter(manager, "u1", "r1")
    await emitter.emit_started("triage")
    await emitter.emit_thinking("triage", "hm")
    await emitter.emit_tool_started("triage", "fares", {"question": "?"})
    await emitter.emit_tool_finished("triage", "fares", {"adult": "31.90"})
    await emitter.emit_finished("triage", "31.90")
    frames = [await next_frame(tab.frames, *FIVE) for _ in FIVE]
    assert [frame["type"] for frame in frames] == FIVE
    assert frames[1]["data"]["reasoning"] == "hm"
    assert frames[2]["data"]["parameters"] == {"question": "?"}


async def test_the_background_emitter_sends_the_five_events_too(tab):
    manager = WebSocketManager()
    await manager.connect_user("u1", tab)
    emitter = RunEventEmitter("u1", "r1", manager)
    await emitter.emit_started("batch")
    await emitter.emit_thinking("batch", "many")
    await emitter.emit_tool_started("batch", "fares", {})
    await emitter.emit_tool_finished("batch", "fares", None)
    await emitter.emit_finished("batch", "done")
    await emitter.emit_progress("batch", 0.5)
    frames = [await next_frame(tab.frames, *FIVE, "progress_update") for _ in range(6)]
    assert [frame["type"] for frame in frames] == [*FIVE, "progress_update"]
    assert frames[5]["data"] == {"agent_name": "batch", "progress": 0.5}


async def test_the_agents_own_emitter_sends_anything(tab):
    manager = WebSocketManager()
    await manager.connect_user("u1", tab)
    emitter = AgentUserEmitter("u1", "t1", manager)
    await emitter.publish("itinerary_leg", {"number": 1})
    assert (await next_frame(tab.frames, "itinerary_leg"))["thread_id"] == "t1"


async def test_the_notification_emitter_reaches_the_bell(tab):
    manager = NotificationManager()
    await manager.add_connection(tab, "u1")
    emitter = NotificationEmitter("gates", "u1", sink=manager)
    await emitter.push({"gate": "B"}, "gate_change")
    assert (await next_frame(tab.frames, "gate_change"))["data"] == {"gate": "B"}


async def test_trouble_is_shown(tab):
    manager = WebSocketManager()
    await manager.connect_user("u1", tab)
    emitter = IsolatedEventEmitter(RunContext("u1", "t1", "r1"), manager)
    await emitter.error("no boat today")
    assert (await next_frame(tab.frames, "agent_error"))["data"]["message"] == "no boat today"


async def test_a_thread_can_be_titled_and_typing_is_seen(tab):
    manager = WebSocketManager()
    await manager.connect_user("u1", tab)
    emitter = ThreadEmitter("t1", "u1", manager)
    await emitter.typing(True)
    await emitter.title("Departures")
    assert (await next_frame(tab.frames, "typing"))["data"] == {"active": True}
    assert (await next_frame(tab.frames, "thread_title"))["data"]["title"] == "Departures"


async def test_a_slow_tool_shows_its_progress(tab):
    manager = WebSocketManager()
    await manager.connect_user("u1", tab)
    emitter = ToolEventEmitter(manager, "r1", "u1")
    await emitter.progress("price_history", 50)
    frame = await next_frame(tab.frames, "progress_update")
    assert frame["data"] == {"tool_name": "price_history", "progress": 0.5}
    assert frame["user_id"] == "u1"
