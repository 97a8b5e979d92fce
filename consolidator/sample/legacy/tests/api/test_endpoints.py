"""Endpoints, with a manager that only listens."""

from unittest.mock import AsyncMock, Mock, create_autospec, patch

import chat_backend.core.connection_manager
import chat_backend.websocket.manager
from chat_backend.api.chat_endpoint import answer, chat_endpoint
from chat_backend.api.notification_endpoint import notification_endpoint
from chat_backend.services.chat import ChatService
from chat_backend.websocket import ASGIWebSocket
from chat_backend.websocket.manager import WebSocketManager


class ClosedSocket(ASGIWebSocket):
    """A browser that leaves at once, or whose connection breaks."""

    def __init__(self, error=None):
        self.error = error

    async def accept(self):
        pass

    async def frames(self):
        if self.error is not None:
            raise self.error
        for text in ():
            yield text


async def test_a_chat_connects_and_disconnects():
    manager = Mock(spec=WebSocketManager)
    socket = ClosedSocket()
    with patch("chat_backend.api.chat_endpoint.get_websocket_manager", return_value=manager):
        await chat_endpoint(socket, "u1", Mock(spec=ChatService))
    manager.connect_user.assert_awaited_once_with("u1", socket)
    manager.disconnect_user.assert_awaited_once_with("u1", socket)


async def test_a_bell_connects_and_disconnects():
    manager = Mock(spec=chat_backend.core.connection_manager.WebSocketManager)
    target = "chat_backend.api.notification_endpoint.get_connection_manager"
    with patch(target, return_value=manager):
        await notification_endpoint(ClosedSocket(), "u1")
    assert len(manager.mock_calls) == 2


async def test_a_frame_of_another_kind_is_ignored():
    chat = Mock(spec=ChatService)
    await answer({"type": "resume"}, "u1", chat)
    chat.answer.assert_not_called()


async def test_a_question_without_an_agent_goes_to_triage():
    chat = Mock(spec=ChatService)
    await answer({"type": "user_message", "text": "?"}, "u1", chat)
    assert chat.answer.await_args.args[1:] == ("?", "triage")


async def test_a_chat_that_breaks_disconnects_too():
    manager = create_autospec(chat_backend.websocket.manager.WebSocketManager, instance=True)
    socket = ClosedSocket(ConnectionError())
    with patch("chat_backend.api.chat_endpoint.get_websocket_manager", return_value=manager):
        try:
            await chat_endpoint(socket, "u1", Mock(spec=ChatService))
        except ConnectionError:
            pass
    manager.disconnect_user.assert_awaited_once_with("u1", socket)


async def test_an_unknown_agent_is_reported():
    failures = AsyncMock()
    chat = Mock(spec=ChatService)
    chat.answer.side_effect = LookupError
    with patch("chat_backend.api.chat_endpoint.report_failure", failures):
        await answer({"type": "user_message", "text": "?"}, "u1", chat)
    failures.assert_awaited_once()
