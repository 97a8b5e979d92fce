from unittest.mock import patch

from chat_backend.core.context import RunContext
from chat_backend.services.digest import send_digest
from chat_backend.websocket.manager import WebSocketManager
from chat_backend.websocket.pool import get_emitter_pool
from tests.frames import next_frame


def test_there_is_one_pool_per_process():
    assert get_emitter_pool() is get_emitter_pool()


async def test_an_emitter_is_lent_to_one_run_at_a_time(tab):
    import chat_backend.websocket.manager as sockets

    manager = sockets.get_websocket_manager()
    await manager.connect_user("pool-user", tab)
    await send_digest(RunContext("pool-user", "t1", "r1"), ["one", "two"])
    assert (await next_frame(tab.frames, "digest"))["data"] == {"lines": ["one", "two"]}
    await manager.disconnect_user("pool-user", tab)


async def test_the_digest_asks_the_pool_for_its_emitter():
    with patch("chat_backend.websocket.pool.get_emitter_pool", side_effect=LookupError) as pool:
        try:
            await send_digest(RunContext("u1", "t1", "r1"), [])
        except LookupError:
            pass
    pool.assert_called_once_with()
    assert WebSocketManager is not None
