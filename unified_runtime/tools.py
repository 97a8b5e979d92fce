"""Running tools so that each call is seen to start and to end."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from secrets import token_urlsafe
from typing import Any, Literal, Protocol

from unified_runtime.cancellation import to_the_end
from unified_runtime.errors import NotWiredError, UnifiedRuntimeError
from unified_runtime.presentation import presentable

Tool = Callable[..., Any]
"""Called with the parameters as keywords. Async tools run on the loop, others in a thread. A tool
that yields is run to its end; its result is the list of what it yielded."""


class NotifiesTools(Protocol):
    """The part of AgentWebSocketBridge that tool calls need."""

    async def notify_tool_executing(
        self,
        agent_name: str | None,
        tool_name: str,
        parameters: Mapping[str, Any] | None = None,
        call_id: str | None = None,
    ) -> str: ...

    async def notify_tool_completed(
        self,
        agent_name: str | None,
        tool_name: str,
        results: Any = None,
        *,
        call_id: str | None = None,
        status: Literal["ok", "error"] = "ok",
        duration: float | None = None,
    ) -> int: ...


class ToolExecutionEngine:
    """Every call sends `tool_executing` before and `tool_completed` after, whatever happens."""

    def __init__(
        self, tools: Mapping[str, Tool] | None = None, *, timeout: float | None = None
    ) -> None:
        """`timeout` in seconds is for each call; None waits for ever."""
        self._tools = dict(tools or {})
        self._timeout = timeout
        self._bridge: NotifiesTools | None = None

    def register(self, tool_name: str, tool: Tool) -> None:
        self._tools[tool_name] = tool

    def set_websocket_bridge(self, bridge: NotifiesTools) -> None:
        if bridge is None:
            raise NotWiredError("set_websocket_bridge needs a bridge, not None")
        self._bridge = bridge

    async def execute(
        self,
        tool_name: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        agent_name: str | None = None,
    ) -> Any:
        """The tool's result as it is; the event carries a shortened, JSON-safe form of it.

        Without `agent_name` it is the run's agent that calls, the innermost that has not ended.

        Raises what the tool raised, TimeoutError beyond the timeout, KeyError for an unknown
        tool (no event), NotWiredError without a bridge, and UnifiedRuntimeError when an event cannot be
        journaled: before the call the tool is then not run. A timed-out tool in a thread goes
        on, as a thread cannot be stopped; its result is dropped.
        """
        tool = self._tools[tool_name]
        bridge = self._bridge
        if bridge is None:
            raise NotWiredError(
                "set_websocket_bridge was not called; the tool's events would be lost"
            )
        given = dict(parameters or {})
        call_id = token_urlsafe(9)
        started: float | None = None

        async def executing() -> None:
            nonlocal started
            await bridge.notify_tool_executing(agent_name, tool_name, presentable(given), call_id)
            started = time.monotonic()

        async def completed(status: Literal["ok", "error"], results: Any) -> None:
            if started is None:
                return
            await bridge.notify_tool_completed(
                agent_name,
                tool_name,
                presentable(results),
                call_id=call_id,
                status=status,
                duration=time.monotonic() - started,
            )

        try:
            await to_the_end(executing())
            async with asyncio.timeout(self._timeout):
                result = await _call(tool, given)
        except BaseException as error:
            try:
                await to_the_end(completed("error", _told(error)))
            except UnifiedRuntimeError as lost:
                error.add_note(f"tool_completed could not be journaled: {lost}")
            raise
        await to_the_end(completed("ok", result))
        return result


async def _call(tool: Tool, parameters: dict[str, Any]) -> Any:
    if inspect.iscoroutinefunction(tool) or inspect.isasyncgenfunction(tool):
        result = tool(**parameters)
    else:
        result = await asyncio.to_thread(_in_thread, tool, parameters)
    if inspect.isasyncgen(result):
        async with aclosing(result):
            return [item async for item in result]
    return await result if isinstance(result, Awaitable) else result


def _in_thread(tool: Tool, parameters: dict[str, Any]) -> Any:
    try:
        result = tool(**parameters)
        return list(result) if inspect.isgenerator(result) else result
    except StopIteration as error:  # no future can carry it, so its caller would wait for ever
        raise RuntimeError("the tool raised StopIteration") from error


def _told(error: BaseException) -> dict[str, str]:
    if isinstance(error, asyncio.CancelledError):
        return {"error": "cancelled", "message": "the call was cancelled"}
    if isinstance(error, TimeoutError):
        return {"error": "timeout", "message": str(error) or "the call took too long"}
    try:
        message = str(error)
    except Exception as broken:  # noqa: BLE001 - an exception's own code may raise anything
        message = f"no message: its __str__ raised {type(broken).__name__}"
    return {"error": type(error).__name__, "message": message}
