"""`GET /`: alive, and for how many."""

import json
from typing import Any, Awaitable, Callable


async def health(send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
    from chat_backend.websocket.manager import get_websocket_manager

    manager = get_websocket_manager()
    body = json.dumps({"ok": True, "connections": manager.get_connection_count()}).encode()
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
