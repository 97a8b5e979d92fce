"""Tools that answer in steps."""

from chat_backend.tools.emitter import ToolEventEmitter
from chat_backend.websocket import websocket_manager as sockets


async def price_history(manager: sockets.WebSocketManager, run_id: str, user_id: str) -> list[int]:
    emitter = ToolEventEmitter(manager, run_id, user_id)
    prices = []
    for step in range(4):
        prices.append(2990 + 100 * step)
        await emitter.progress("price_history", 25 * (step + 1))
    return prices
