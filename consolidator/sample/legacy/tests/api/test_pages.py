"""The operators' page."""

from unittest.mock import Mock, patch

import pytest

from chat_backend.api import admin, debug, health, stats
from chat_backend.core.connection_manager import WebSocketManager as BellManager
from chat_backend.websocket.manager import WebSocketManager


@pytest.fixture
def manager():
    manager = Mock(spec=WebSocketManager)
    with patch("chat_backend.websocket.manager.get_websocket_manager", return_value=manager):
        yield manager


async def test_an_operator_shouts(manager):
    await admin.shout("lunch")
    assert len(manager.mock_calls) == 1


async def test_an_operator_whispers(manager):
    await admin.whisper(manager, "u1", "lunch")
    assert len(manager.mock_calls) == 1


def test_a_manager_is_described():
    assert "class" in admin.describe(object())


def test_the_bell_is_asked(monkeypatch):
    bell = Mock(spec=BellManager)
    monkeypatch.setattr(
        "chat_backend.core.connection_manager.get_connection_manager", lambda: bell
    )
    stats.bell_rings("u1")
    assert len(bell.mock_calls) == 1


def test_connections_are_counted():
    assert stats.connections() >= 0


def test_emitters_have_names():
    assert debug.emitter_names()


async def test_health_says_ok(monkeypatch):
    monkeypatch.setattr("chat_backend.websocket.manager.get_websocket_manager", WebSocketManager)
    sent = []

    async def send(message):
        sent.append(message)

    await health.health(send)
    assert sent[0]["status"] == 200
    assert b'"ok": true' in sent[1]["body"]
