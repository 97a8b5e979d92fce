"""Files that other editors wrote still work."""

from chat_backend.legacy import german, handler, survey, windows_export
from chat_backend.websocket.manager import *
from tests.frames import next_frame


def test_the_export_counts():
    assert windows_export.export(WebSocketManager()) == "connections;0"


async def test_the_survey_is_asked(tab):
    manager = WebSocketManager()
    await manager.connect_user("u1", tab)
    await survey.survey(manager, "u1")
    assert "☀" in (await next_frame(tab.frames, "survey"))["data"]["question"]


async def test_the_welcome_keeps_its_umlauts(tab):
    manager = WebSocketManager()
    await manager.connect_user("u1", tab)
    await german.welcome(manager, "u1")
    assert (await next_frame(tab.frames, "welcome"))["data"]["text"] == "Schöne Überfahrt!"


def test_the_old_handler_is_gone():
    assert handler.LegacySocketManager is None
