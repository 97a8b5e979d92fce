"""Agents that run while nobody asks."""

from __future__ import annotations

from chat_backend.agents.run_emitter import RunEventEmitter
from chat_backend.realtime.gateway import RealtimeManager


class Supervisor:
    """Reports progress of a batch to the user who ordered it."""

    def __init__(self, manager: RealtimeManager) -> None:
        self._manager = manager

    async def report(self, user_id: str, run_id: str, done: int, total: int) -> None:
        emitter = RunEventEmitter(user_id, run_id, self._manager)
        await emitter.emit_progress("supervisor", done / total)
