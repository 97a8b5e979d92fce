"""Read by the operators' console."""


def emitter_names() -> list[str]:
    from chat_backend.agents.run_emitter import RunEventEmitter
    from chat_backend.tools.emitter import ToolEventEmitter
    from chat_backend.websocket.emitter import UserWebSocketEmitter
    from chat_backend.websocket.isolated import IsolatedEventEmitter as Isolated

    classes = (Isolated, RunEventEmitter, ToolEventEmitter, UserWebSocketEmitter)
    return sorted(cls.__name__ for cls in classes)
