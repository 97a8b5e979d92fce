"""The evening mail's little sister."""

from typing import Any

from chat_backend.core.context import RunContext


async def send_digest(context: RunContext, lines: list[str]) -> None:
    from chat_backend.websocket.pool import get_emitter_pool

    pool = get_emitter_pool()
    async with pool.lease(context) as emitter:
        body: dict[str, Any] = {"lines": lines}
        await emitter.emit("digest", body)
