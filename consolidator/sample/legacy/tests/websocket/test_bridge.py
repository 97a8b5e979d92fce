from chat_backend.websocket.bridge import AgentWebSocketBridge
from chat_backend.websocket.manager import *
from tests.frames import FIVE, next_frame


async def test_a_run_told_through_the_bridge(tab):
    manager = WebSocketManager()
    await manager.connect_user("u1", tab)
    bridge = AgentWebSocketBridge(manager, "u1", "r1", thread_id="t1")
    await bridge.notify_agent_started("triage")
    await bridge.notify_agent_thinking("triage", "which boat?")
    await bridge.notify_tool_executing("timetable", "triage", {"question": "?"})
    await bridge.notify_tool_completed("timetable", "triage", {"departures": []})
    await bridge.notify_agent_completed("triage", "08:15")
    frames = [await next_frame(tab.frames, *FIVE) for _ in FIVE]
    assert [frame["type"] for frame in frames] == FIVE
    assert {frame["run_id"] for frame in frames} == {"r1"}
    assert {frame["data"]["agent_name"] for frame in frames} == {"triage"}
    assert frames[3]["data"]["tool_name"] == "timetable"
    assert frames[4]["data"]["final_response"] == "08:15"
