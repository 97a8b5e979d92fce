"""Events of one run, by name."""

from collections.abc import Mapping
from typing import Any, Protocol, Self

from unified_runtime.context import UserExecutionContext
from unified_runtime.events import require_methods
from unified_runtime.runs import EngineRun


class Emits(Protocol):
    """The part of the manager that emitters, bridges and engines need."""

    async def emit(
        self,
        user_id: str,
        event_type: str,
        data: Mapping[str, Any],
        *,
        thread_id: str | None = None,
        run_id: str | None = None,
        event_id: str | None = None,
    ) -> int: ...

    def begin_engine_run(self, context: UserExecutionContext, engine_run: EngineRun) -> None: ...

    async def close_calls(
        self, context: UserExecutionContext, engine_run: EngineRun, results: Mapping[str, Any]
    ) -> None: ...

    def end_engine_run(self, context: UserExecutionContext, engine_run: EngineRun) -> None: ...


class UnifiedWebSocketEmitter:
    """Emits to the context's user. Every method returns the event's number once it is journaled.

    `data` may leave out what `ledger.RunLedger` can fill; otherwise PayloadError is raised and
    nothing is sent. Other errors as for `UnifiedWebSocketManager.emit`.
    """

    def __init__(self, manager: Emits, context: UserExecutionContext) -> None:
        self._manager = manager
        self.context = context

    @classmethod
    def for_run(
        cls,
        *,
        manager: Emits,
        user_id: str,
        thread_id: str | None = None,
        run_id: str | None = None,
    ) -> Self:
        return cls(manager, UserExecutionContext(user_id, thread_id, run_id))

    async def emit(self, event_type: str, data: Mapping[str, Any]) -> int:
        context = self.context
        return await self._manager.emit(
            context.user_id,
            event_type,
            data,
            thread_id=context.thread_id,
            run_id=context.run_id,
        )

    async def emit_agent_started(self, data: Mapping[str, Any]) -> int:
        return await self.emit("agent_started", data)

    async def emit_agent_thinking(self, data: Mapping[str, Any]) -> int:
        return await self.emit("agent_thinking", data)

    async def emit_tool_executing(self, data: Mapping[str, Any]) -> int:
        return await self.emit("tool_executing", data)

    async def emit_tool_completed(self, data: Mapping[str, Any]) -> int:
        return await self.emit("tool_completed", data)

    async def emit_agent_completed(self, data: Mapping[str, Any]) -> int:
        return await self.emit("agent_completed", data)


require_methods(UnifiedWebSocketEmitter, "emit_")
