"""Progress of a tool that takes its time."""

from typing import Any

from chat_backend.websocket.manager import WebSocketManager


class ToolEventEmitter:
    def __init__(self, manager: WebSocketManager, run_id: str, user_id: str) -> None:
        self._manager = manager
        self._run_id = run_id
        self._user_id = user_id

    async def progress(self, tool_name: str, percent: int) -> None:
        data = {"tool_name": tool_name, "progress": percent / 100}
        await self._send("progress_update", data)

    async def result(self, tool_name: str, value: Any) -> None:
        await self._send("tool_result", {"tool_name": tool_name, "value": value})

    async def _send(self, event_type: str, data: dict[str, Any]) -> None:
        await self._manager.emit_event(event_type, self._user_id, data, run_id=self._run_id)
