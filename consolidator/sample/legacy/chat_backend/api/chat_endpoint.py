"""`/ws`: questions in, events out."""

import json
from typing import Any

from chat_backend.core.context import RunContext
from chat_backend.core.ids import new_run_id
from chat_backend.services.chat import ChatService
from chat_backend.services.digest import send_digest
from chat_backend.services.failures import report_failure
from chat_backend.websocket import (
    ASGIWebSocket,
    get_websocket_manager,
)


async def chat_endpoint(socket: ASGIWebSocket, user_id: str, chat: ChatService) -> None:
    manager = get_websocket_manager()
    await socket.accept()
    await manager.connect_user(user_id, socket)
    try:
        async for text in socket.frames():
            await answer(json.loads(text), user_id, chat)
    finally:
        await manager.disconnect_user(user_id, socket)


async def answer(frame: dict[str, Any], user_id: str, chat: ChatService) -> None:
    context = RunContext(user_id, frame.get("thread_id") or "main", new_run_id())
    if frame.get("type") == "digest":
        await send_digest(context, frame["lines"])
    if frame.get("type") != "user_message":
        return
    try:
        await chat.answer(context, frame["text"], frame.get("agent", "triage"))
    except (LookupError, TimeoutError) as error:
        await report_failure(get_websocket_manager(), context, error)
