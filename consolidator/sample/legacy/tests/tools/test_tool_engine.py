from unittest.mock import Mock

import pytest

from chat_backend.tools.execution_engine import EnhancedToolExecutionEngine
from chat_backend.websocket import AgentWebSocketBridge
from chat_backend.wiring import create_dispatcher


@pytest.fixture
def bridge():
    return Mock(spec=AgentWebSocketBridge)


@pytest.fixture
def tools(bridge):
    engine = EnhancedToolExecutionEngine(create_dispatcher())
    engine.set_websocket_bridge(bridge)
    return engine


async def test_a_call_is_announced_and_completed(tools, bridge):
    assert (await tools.run_tool("weather", "triage", {"question": "?"}))["sails"]
    bridge.notify_tool_executing.assert_awaited_once()
    bridge.notify_tool_completed.assert_awaited_once()


async def test_an_unknown_tool_is_completed_too(tools, bridge):
    assert "error" in await tools.run_tool("broken", "triage", {})
    bridge.notify_tool_completed.assert_awaited_once()


async def test_without_a_bridge_nothing_runs():
    with pytest.raises(RuntimeError, match="set_websocket_bridge"):
        await EnhancedToolExecutionEngine(create_dispatcher()).run_tool("weather", "triage", {})
