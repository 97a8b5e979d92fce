"""Sends a recorded run again, from a file of JSON lines."""

import asyncio
import json
import sys

try:
    from chat_backend.websocket.manager import (
        WebSocketManager,
        get_websocket_manager,
    )
except ImportError:
    sys.exit("run me from the root of the repository")


async def replay(manager: "WebSocketManager", lines: list[str]) -> None:
    for line in lines:
        frame = json.loads(line)
        await manager.emit_event(frame["type"], frame["user_id"], frame["data"])


if __name__ == "__main__":
    asyncio.run(replay(get_websocket_manager(), sys.stdin.readlines()))
