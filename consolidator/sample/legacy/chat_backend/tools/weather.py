"""Whether the boat sails."""

from typing import Any


async def weather(question: str) -> dict[str, Any]:
    return {"wind_beaufort": 6, "sails": True}
