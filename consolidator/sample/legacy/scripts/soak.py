"""Sends for as long as it is left alone: `python scripts/soak.py 100`."""

import asyncio
import sys

from chat_backend.websocket.manager import *


async def soak(manager: WebSocketManager, users: int) -> None:
    for number in range(users):
        await manager.send_message(f"u{number}", {"type": "soak", "data": {"number": number}})


if __name__ == "__main__":
    asyncio.run(soak(get_websocket_manager(), int(sys.argv[1])))
