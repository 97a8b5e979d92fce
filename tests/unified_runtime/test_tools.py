"""Tools: each call is seen before and after, however it ends."""

import asyncio
import threading

import pytest

from unified_runtime import (
    ToolExecutionEngine,
)


async def failing():
    raise ValueError("no such thing")


async def echo(**parameters):
    return parameters


def in_a_thread():
    return threading.current_thread() is threading.main_thread()


async def test_a_tool_call_is_seen_before_and_after(bridge, tab):
    tools = ToolExecutionEngine({"echo": echo, "in_a_thread": in_a_thread})
    tools.set_websocket_bridge(bridge)
    assert await tools.execute("echo", {"q": 1}, agent_name="triage") == {"q": 1}
    assert await tools.execute("in_a_thread") is False
    before, after, *_ = await tab.wait_for(4)
    assert before["data"]["parameters"] == after["data"]["results"] == {"q": 1}
    assert before["data"]["call_id"] == after["data"]["call_id"]
    assert after["data"]["agent_name"] == "triage"


async def test_a_tool_that_yields_has_run_when_it_is_completed(bridge, tab):
    steps = []

    async def pages():
        try:
            for page in (1, 2):
                yield page
                steps.append(page)
            await asyncio.Event().wait()
        finally:
            steps.append("closed")

    patient = ToolExecutionEngine({"letters": lambda: (c for c in "ab")})
    patient.set_websocket_bridge(bridge)
    assert await patient.execute("letters") == ["a", "b"]
    tools = ToolExecutionEngine({"pages": pages}, timeout=0.1)
    tools.set_websocket_bridge(bridge)
    with pytest.raises(TimeoutError):
        await tools.execute("pages")
    assert steps == [1, 2, "closed"]
    _, letters, _, pages = await tab.wait_for(4)
    assert letters["data"]["results"] == ["a", "b"]
    assert pages["data"]["status"] == "error"


async def test_a_failing_tool_is_completed_and_its_error_goes_on(bridge, tab):
    tools = ToolExecutionEngine({"failing": failing})
    tools.set_websocket_bridge(bridge)
    with pytest.raises(ValueError, match="no such thing"):
        await tools.execute("failing")
    completed = (await tab.wait_for(2))[1]["data"]
    assert completed["status"] == "error"
    assert completed["results"] == {"error": "ValueError", "message": "no such thing"}


async def test_a_tool_that_takes_too_long_is_completed(bridge, tab):
    tools = ToolExecutionEngine({"never": asyncio.Event().wait}, timeout=0.01)
    tools.set_websocket_bridge(bridge)
    with pytest.raises(TimeoutError):
        await tools.execute("never")
    assert (await tab.wait_for(2))[1]["data"]["results"]["error"] == "timeout"


async def test_a_cancelled_tool_is_completed(bridge, tab):
    tools = ToolExecutionEngine({"never": asyncio.Event().wait})
    tools.set_websocket_bridge(bridge)
    call = asyncio.create_task(tools.execute("never"))
    await tab.wait_for(1)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert (await tab.wait_for(2))[1]["data"]["results"]["error"] == "cancelled"


@pytest.mark.parametrize(
    ("result", "shown"),
    [
        (object(), {"unserializable": "object"}),
        ("x" * 100_000, {"truncated": True, "bytes": 100_007, "preview": "x" * 2000}),
    ],
)
async def test_an_unfit_result_is_shown_as_what_it_is(bridge, tab, result, shown):
    tools = ToolExecutionEngine({"tool": lambda: result})
    tools.set_websocket_bridge(bridge)
    assert await tools.execute("tool") is result
    assert (await tab.wait_for(2))[1]["data"]["results"] == shown


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError("no")


def raise_unprintable():
    raise Unprintable


def raise_stop_iteration():
    raise StopIteration


@pytest.mark.parametrize(
    ("tool", "raised"), [(raise_unprintable, Unprintable), (raise_stop_iteration, RuntimeError)]
)
async def test_however_oddly_a_tool_fails_its_call_is_closed(bridge, tab, tool, raised):
    tools = ToolExecutionEngine({"tool": tool})
    tools.set_websocket_bridge(bridge)
    with pytest.raises(raised):
        async with asyncio.timeout(10):
            await tools.execute("tool")
    assert (await tab.wait_for(2))[1]["data"]["status"] == "error"
