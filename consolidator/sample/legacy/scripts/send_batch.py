"""Meant for the batching that was planned in spring."""

from chat_backend.websocket.batching import BatchSender
from chat_backend.websocket.manager import WebSocketManager


def sender() -> BatchSender:
    return BatchSender(WebSocketManager())
