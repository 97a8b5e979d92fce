"""What an agent says about its run, in the agent's own words."""

from collections.abc import Mapping
from secrets import token_urlsafe
from typing import Any, Literal, Self

from unified_runtime.context import UserExecutionContext
from unified_runtime.emitter import Emits, UnifiedWebSocketEmitter
from unified_runtime.events import require_methods
from unified_runtime.runs import EngineRun


class AgentWebSocketBridge:
    """Turns an agent's notifications into events of the context's run.

    Errors as for `UnifiedWebSocketManager.emit`. What is left out is filled as
    `ledger.RunLedger` states.
    """

    def __init__(self, manager: Emits, context: UserExecutionContext) -> None:
        self._manager = manager
        self._emitter = UnifiedWebSocketEmitter(manager, context)

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

    @property
    def context(self) -> UserExecutionContext:
        return self._emitter.context

    async def notify_agent_started(self, agent_name: str) -> int:
        return await self._emitter.emit_agent_started({"agent_name": agent_name})

    async def notify_agent_thinking(
        self,
        agent_name: str,
        reasoning: str,
        step: int | None = None,
        progress: float | None = None,
    ) -> int:
        """`progress` from 0 to 1."""
        data = {"agent_name": agent_name, "reasoning": reasoning}
        return await self._emitter.emit_agent_thinking(data | _given(step=step, progress=progress))

    async def notify_tool_executing(
        self,
        agent_name: str | None,
        tool_name: str,
        parameters: Mapping[str, Any] | None = None,
        call_id: str | None = None,
    ) -> str:
        """Returns the `call_id`, to be given to `notify_tool_completed`."""
        call_id = call_id if call_id is not None else token_urlsafe(9)
        data = {
            "tool_name": tool_name,
            "parameters": dict(parameters or {}),
            "call_id": call_id,
        }
        await self._emitter.emit_tool_executing(data | _given(agent_name=agent_name))
        return call_id

    async def notify_tool_completed(
        self,
        agent_name: str | None,
        tool_name: str,
        results: Any = None,
        *,
        call_id: str | None = None,
        status: Literal["ok", "error"] = "ok",
        duration: float | None = None,
    ) -> int:
        """Without `call_id` the oldest open call of the tool is closed; `duration` in seconds."""
        data = {"tool_name": tool_name, "results": results, "status": status}
        return await self._emitter.emit_tool_completed(
            data | _given(agent_name=agent_name, call_id=call_id, duration=duration)
        )

    async def notify_agent_completed(
        self,
        agent_name: str,
        final_response: Any = None,
        *,
        status: Literal["completed", "failed", "cancelled"] = "completed",
        duration: float | None = None,
    ) -> int:
        data = {"agent_name": agent_name, "final_response": final_response, "status": status}
        return await self._emitter.emit_agent_completed(data | _given(duration=duration))

    async def notify_agent_error(
        self, agent_name: str, error: str, *, details: Mapping[str, Any] | None = None
    ) -> int:
        """Sends `agent_error`, which does not end the run; `notify_agent_completed` does."""
        data: dict[str, Any] = {"agent_name": agent_name, "error": error}
        return await self._emitter.emit("agent_error", data | _given(details=details))

    async def notify(self, event_type: str, data: Mapping[str, Any]) -> int:
        """Any other event of this run."""
        return await self._emitter.emit(event_type, data)

    # For ExecutionEngine

    def begin_engine_run(self, engine_run: EngineRun) -> None:
        self._manager.begin_engine_run(self.context, engine_run)

    async def close_calls(self, engine_run: EngineRun, results: Mapping[str, Any]) -> None:
        await self._manager.close_calls(self.context, engine_run, results)

    def end_engine_run(self, engine_run: EngineRun) -> None:
        self._manager.end_engine_run(self.context, engine_run)


require_methods(AgentWebSocketBridge, "notify_")


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
