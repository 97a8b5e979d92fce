from unittest.mock import Mock

import pytest

from chat_backend.agents.execution_engine import ExecutionEngine
from chat_backend.core.context import RunContext
from chat_backend.tools.execution_engine import ToolExecutionEngine
from chat_backend.websocket.bridge import AgentWebSocketBridge
from chat_backend.websocket.manager import WebSocketManager
from chat_backend.wiring import create_dispatcher, create_registry

CONTEXT = RunContext("u1", "t1", "r1")


async def test_a_run_starts_and_completes_once():
    bridge = Mock(spec=AgentWebSocketBridge)
    engine = ExecutionEngine(create_registry(WebSocketManager()), websocket_notifier=bridge)
    tools = ToolExecutionEngine(create_dispatcher())
    answer = await engine.execute("triage", "When?", CONTEXT, tools)
    assert answer.startswith("timetable:")
    bridge.notify_agent_started.assert_awaited_once_with("triage")
    bridge.notify_agent_completed.assert_awaited_once()


async def test_a_run_that_fails_completes_too():
    bridge = Mock(spec=AgentWebSocketBridge)
    engine = ExecutionEngine(create_registry(WebSocketManager()), websocket_notifier=bridge)
    tools = ToolExecutionEngine(create_dispatcher())
    with pytest.raises(TimeoutError):
        await engine.execute("unavailable", "When?", CONTEXT, tools)
    bridge.notify_agent_completed.assert_awaited_once()
