"""Prints the emitters that this installation has."""

try:
    from chat_backend.websocket.emitter import UserWebSocketEmitter
    from chat_backend.websocket.isolated import IsolatedEventEmitter
except ImportError:
    UserWebSocketEmitter = IsolatedEventEmitter = None

try:
    from chat_backend.agents.run_emitter import RunEventEmitter
except ImportError:
    RunEventEmitter = None

try:
    from chat_backend.tools.emitter import ToolEventEmitter
except ImportError:
    ToolEventEmitter = None

for emitter in (UserWebSocketEmitter, IsolatedEventEmitter, RunEventEmitter, ToolEventEmitter):
    print(emitter)
