"""Words to everybody."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chat_backend.agents.types import BroadcastingManager


async def maintenance(manager: "BroadcastingManager", minutes: int) -> None:
    await manager.broadcast_message("maintenance", {"minutes": minutes})
