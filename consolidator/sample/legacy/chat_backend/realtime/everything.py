"""One import for notebooks."""

from chat_backend.websocket import *
from chat_backend.websocket.websocket_manager import *
