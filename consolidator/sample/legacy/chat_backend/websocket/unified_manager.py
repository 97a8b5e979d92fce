"""The manager under its planned name."""

from .manager import WebSocketManager

UnifiedManager = WebSocketManager
