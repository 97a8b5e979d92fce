import json
from unittest.mock import patch

from websockets.asyncio.client import connect

import chat_backend.websocket.pool
from chat_backend.core.context import RunContext
from chat_backend.services.digest import send_digest
from tests.frames import read_until


def test_there_is_one_pool_per_process():
    pool = chat_backend.websocket.pool.get_emitter_pool()
    assert pool is chat_backend.websocket.pool.get_emitter_pool()


async def test_the_digest_reaches_its_reader_through_the_pool(address):
    async with connect(f"ws://{address}/ws?token=token-of-pia") as client:
        await client.send(json.dumps({"type": "digest", "lines": ["one", "two"]}))
        frames = await read_until(client, "digest", types=["digest"])
    assert frames[0]["data"] == {"lines": ["one", "two"]}


async def test_the_digest_asks_the_pool_for_its_emitter():
    with patch("chat_backend.websocket.pool.get_emitter_pool", side_effect=LookupError) as pool:
        try:
            await send_digest(RunContext("u1", "t1", "r1"), [])
        except LookupError:
            pass
    pool.assert_called_once_with()
