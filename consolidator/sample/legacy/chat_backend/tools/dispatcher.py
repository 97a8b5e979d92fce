"""Tools by name."""

from typing import Any

from chat_backend.tools.base import Tool


class ToolDispatcher:
    def __init__(self) -> None:
        self._tools: dict[str, Tool] = {}

    def add(self, name: str, tool: Tool) -> None:
        self._tools[name] = tool

    async def call(self, name: str, arguments: dict[str, Any]) -> Any:
        return await self._tools[name](**arguments)
