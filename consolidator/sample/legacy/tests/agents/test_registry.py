from unittest.mock import Mock

import pytest

from chat_backend.agents.registry import AgentRegistry
from chat_backend.agents.triage import TriageAgent
from chat_backend.core.context import RunContext
from chat_backend.websocket.manager import WebSocketManager

CONTEXT = RunContext("u1", "t1", "r1")


def test_a_registry_without_a_manager_refuses_to_emit():
    with pytest.raises(RuntimeError, match="set_websocket_manager"):
        AgentRegistry().emitter_for(CONTEXT)


def test_a_registry_finds_its_agents():
    registry = AgentRegistry()
    registry.register(TriageAgent())
    assert registry.get("triage").name == "triage"


def test_a_registry_emits_through_its_manager():
    registry = AgentRegistry()
    registry.set_websocket_manager(Mock(spec=WebSocketManager))
    assert registry.emitter_for(CONTEXT) is not None
