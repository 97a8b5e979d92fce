"""Parts of a journey, pushed as they are found."""

from typing import TYPE_CHECKING

from chat_backend.agents.user_emitter import UserWebSocketEmitter

if TYPE_CHECKING:
    from chat_backend.realtime.connections import ConnectionManager


async def push_legs(
    manager: "ConnectionManager", user_id: str, thread_id: str, legs: list[str]
) -> int:
    emitter = UserWebSocketEmitter(user_id, thread_id, manager)
    for number, leg in enumerate(legs, 1):
        await emitter.publish("itinerary_leg", {"number": number, "leg": leg})
    return len(legs)
