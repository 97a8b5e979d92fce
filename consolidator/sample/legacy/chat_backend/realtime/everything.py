"""One import for notebooks."""

from chat_backend.websocket.manager import *
from chat_backend.websocket.websocket_manager import *
