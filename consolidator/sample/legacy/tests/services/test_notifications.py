import json

from websockets.asyncio.client import connect

from chat_backend.core.connection_manager import WebSocketManager
from chat_backend.services.notifications import NotificationService
from tests.frames import next_frame, read_until


async def test_a_delay_reaches_its_traveller_only(tab):
    manager = WebSocketManager()
    await manager.add_connection(tab, "u1")
    service = NotificationService(manager)
    await service.delay("u", 5)
    await service.delay("u1", 15)
    assert (await next_frame(tab.frames, "delay"))["data"] == {"minutes": 15}
    assert manager.connected("u1")


async def test_a_storm_warning_reaches_everybody(tab):
    manager = WebSocketManager()
    await manager.add_connection(tab, "u1")
    await NotificationService(manager).storm_warning("wind 11")
    assert (await next_frame(tab.frames, "storm_warning"))["data"] == {"text": "wind 11"}
    await manager.remove_connection(tab, "u1")
    assert not manager.connected("u1")


async def test_the_bell_rings_over_a_real_socket(address):
    url = f"ws://{address}/ws/notifications?token=token-of-hal"
    async with connect(url) as client:
        await client.send("demo")
        frames = await read_until(client, "gate_change", types=["delay", "gate_change"])
    assert [frame["type"] for frame in frames] == ["delay", "gate_change"]
    assert json.dumps(frames[1]["data"]) == '{"gate": "B"}'
