# -*- coding: latin-1 -*-
"""Texte für die Fähre nach Föhr."""

from chat_backend.websocket.manager import WebSocketManager


async def welcome(manager: WebSocketManager, user_id: str) -> None:
    text = "Schöne Überfahrt!"
    await manager.send_message(user_id, {"type": "welcome", "data": {"text": text}})
