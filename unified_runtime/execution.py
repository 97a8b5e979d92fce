"""The life of a run: started once and first, every tool closed, completed once and last."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from enum import Enum, auto
from typing import Any, Literal

from unified_runtime.bridge import AgentWebSocketBridge
from unified_runtime.cancellation import to_the_end
from unified_runtime.errors import NotWiredError, RunStateError, UnifiedRuntimeError
from unified_runtime.presentation import presentable


class RunState(Enum):
    NEW = auto()
    RUNNING = auto()
    ENDED = auto()


class AgentRun:
    """What an agent does during its run. Made by `ExecutionEngine.run`, which says the agent's start
    and end.

    If the agent says them too, with the run's ids and by whatever way in this process, they are not
    sent again: the number of the run's start is returned, and what it said of its end is sent with the
    run's end, where it counts more than `final_response` and, unless the agent failed, than `completed`.

    Every method raises RunStateError outside the run, and UnifiedRuntimeError when the event cannot be
    journaled.
    """

    def __init__(self, agent_name: str, bridge: AgentWebSocketBridge) -> None:
        self.agent_name = agent_name
        self.state = RunState.NEW
        self.final_response: Any = None
        """Sent with `agent_completed`; set it any time before the run ends."""
        self.started = 0
        """Number of its `agent_started`."""
        self._bridge = bridge
        self._said: dict[str, Any] | None = None
        self._open_calls: dict[str, tuple[str, float]] = {}
        self._since = 0.0

    @property
    def running(self) -> bool:
        return self.state is RunState.RUNNING

    def take_end(self, data: dict[str, Any]) -> None:
        """For the ledger of runs: what the agent said as its own end."""
        self._said = data

    async def think(
        self, reasoning: str, *, step: int | None = None, progress: float | None = None
    ) -> int:
        self._check(RunState.RUNNING)
        return await self._bridge.notify_agent_thinking(
            self.agent_name, reasoning, step=step, progress=progress
        )

    # The part of a bridge that ToolExecutionEngine asks for, so that a run can be given to it.

    async def notify_tool_executing(
        self,
        agent_name: str | None,
        tool_name: str,
        parameters: Mapping[str, Any] | None = None,
        call_id: str | None = None,
    ) -> str:
        self._check(RunState.RUNNING)
        return await to_the_end(self._open_call(agent_name, tool_name, parameters, call_id))

    async def _open_call(
        self,
        agent_name: str | None,
        tool_name: str,
        parameters: Mapping[str, Any] | None,
        call_id: str | None,
    ) -> str:
        call_id = await self._bridge.notify_tool_executing(
            agent_name or self.agent_name, tool_name, parameters, call_id
        )
        self._open_calls[call_id] = (tool_name, time.monotonic())
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
        """RunStateError for a call that is not open: it was never started, or closed already."""
        self._check(RunState.RUNNING)
        if call_id is None:
            call_id = next(
                (k for k, (name, _) in self._open_calls.items() if name == tool_name), None
            )
        if call_id is None or call_id not in self._open_calls:
            raise RunStateError(f"no open call of {tool_name!r}")
        call = self._open_calls.pop(call_id)
        try:
            return await self._bridge.notify_tool_completed(
                agent_name or self.agent_name,
                tool_name,
                results,
                call_id=call_id,
                status=status,
                duration=duration,
            )
        except UnifiedRuntimeError:
            self._open_calls[call_id] = call
            raise

    async def _start(self) -> None:
        self._check(RunState.NEW)
        self._since = time.monotonic()
        self.started = await self._bridge.notify_agent_started(self.agent_name)
        self.state = RunState.RUNNING

    async def _end(self, status: Literal["completed", "failed", "cancelled"]) -> None:
        self._check(RunState.RUNNING)
        why = {"error": status, "message": "the run ended before the call did"}
        for call_id, (tool_name, since) in list(self._open_calls.items()):
            await self.notify_tool_completed(
                self.agent_name,
                tool_name,
                why,
                call_id=call_id,
                status="error",
                duration=time.monotonic() - since,
            )
        await self._bridge.close_calls(self, why)
        self.state = RunState.ENDED
        said, duration = self._said, time.monotonic() - self._since
        if said is None:
            await self._bridge.notify_agent_completed(
                self.agent_name,
                presentable(self.final_response),
                status=status,
                duration=duration,
            )
            return
        end = said | {"agent_name": self.agent_name, "duration": duration}
        if status != "completed":
            end["status"] = status
        if said["final_response"] is None:
            end["final_response"] = presentable(self.final_response)
        await self._bridge.notify("agent_completed", end)

    def _check(self, needed: RunState) -> None:
        if self.state is not needed:
            raise RunStateError(f"the run of {self.agent_name!r} is {self.state.name.lower()}")


class ExecutionEngine:
    """Runs agents for the bridge's run; one run at a time, as a run has one start and one end."""

    def __init__(self, websocket_notifier: AgentWebSocketBridge) -> None:
        if websocket_notifier is None:
            raise NotWiredError("ExecutionEngine needs a websocket_notifier, not None")
        self._bridge = websocket_notifier
        self._running = False

    @asynccontextmanager
    async def run(self, agent_name: str) -> AsyncIterator[AgentRun]:
        """`async with engine.run("triage") as run:` sends `agent_started`, and on every way out
        closes open tools and sends `agent_completed` (`completed`, `failed` or `cancelled`).

        The agent's exception goes on; if its end could not be journaled, with a note that says so.
        Cancelling while the start or the end is being journaled does not interrupt that. An async
        generator that is closed within the block, as when a client leaves a streamed answer, is
        `cancelled`.
        """
        if self._running:
            raise RunStateError("this engine's run has not ended")
        self._running = True
        run = AgentRun(agent_name, self._bridge)
        self._bridge.begin_engine_run(run)
        try:
            await to_the_end(run._start())
            yield run
        except BaseException as error:
            await _end_after(error, run)
            raise
        else:
            await to_the_end(run._end("completed"))
        finally:
            self._bridge.end_engine_run(run)
            self._running = False

    async def execute(self, agent_name: str, agent: Callable[[AgentRun], Awaitable[Any]]) -> Any:
        """Run `agent(run)`; what it returns is the final response."""
        async with self.run(agent_name) as run:
            run.final_response = await agent(run)
        return run.final_response


async def _end_after(error: BaseException, run: AgentRun) -> None:
    if run.state is not RunState.RUNNING:
        return
    try:
        cancelled = isinstance(error, asyncio.CancelledError | GeneratorExit)
        await to_the_end(run._end("cancelled" if cancelled else "failed"))
    except UnifiedRuntimeError as lost:
        error.add_note(f"the run's end could not be journaled: {lost}")
