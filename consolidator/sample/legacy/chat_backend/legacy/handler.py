"""The first endpoint; kept for its comments."""


def handler_class():
    from chat_backend.ws.handler import Handler  # gone since the move to `websocket`

    return Handler


def batch_sender():
    from chat_backend.websocket.batching import BatchSender

    return BatchSender


try:
    from chat_backend.core.sessions import SessionManager as LegacySocketManager
except ImportError:
    LegacySocketManager = None
