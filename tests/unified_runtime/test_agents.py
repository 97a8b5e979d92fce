"""Bridge, engine and registry: every run is seen from its start to its end."""

import asyncio
import json
from contextlib import aclosing

import pytest

from unified_runtime import (
    AgentRegistry,
    AgentWebSocketBridge,
    ExecutionEngine,
    MemoryJournal,
    SqliteJournal,
    ToolExecutionEngine,
    UnifiedWebSocketEmitter,
    UnifiedWebSocketManager,
    UserExecutionContext,
)
from unified_runtime.errors import JournalError, NotWiredError, RunStateError

CONTEXT = UserExecutionContext("u1", "t1", "r1")


async def echo(**parameters):
    return parameters


def types(events):
    return [event["type"] for event in events]


async def test_the_bridge_says_each_step_of_a_run(bridge, tab):
    await bridge.notify_agent_started("triage")
    await bridge.notify_agent_thinking("triage", "hm", step=1, progress=0.5)
    call_id = await bridge.notify_tool_executing("triage", "search", {"q": 1})
    await bridge.notify_tool_completed("triage", "search", [1], call_id=call_id, duration=0.25)
    await bridge.notify_agent_error("triage", "flaky", details={"n": 1})
    await bridge.notify_agent_completed("triage", "done")
    events = await tab.wait_for(6)
    assert types(events) == [
        "agent_started",
        "agent_thinking",
        "tool_executing",
        "tool_completed",
        "agent_error",
        "agent_completed",
    ]
    assert events[1]["data"] == {
        "agent_name": "triage", "reasoning": "hm", "step": 1, "progress": 0.5,
    }  # fmt: skip
    assert events[3]["data"] == {
        "agent_name": "triage",
        "tool_name": "search",
        "results": [1],
        "status": "ok",
        "call_id": call_id,
        "duration": 0.25,
    }
    assert {(e["thread_id"], e["run_id"]) for e in events} == {("t1", "r1")}


async def test_bridge_and_emitter_can_be_made_for_a_run(manager, tab):
    ids = {"user_id": "u1", "thread_id": "t1", "run_id": "r1"}
    await AgentWebSocketBridge.for_run(manager=manager, **ids).notify_agent_started("a")
    await UnifiedWebSocketEmitter.for_run(manager=manager, **ids).emit_agent_completed({})
    assert types(await tab.wait_for(2)) == ["agent_started", "agent_completed"]


async def test_unwired_parts_refuse_to_work():
    with pytest.raises(NotWiredError):
        ExecutionEngine(websocket_notifier=None)
    with pytest.raises(NotWiredError):
        ToolExecutionEngine().set_websocket_bridge(None)
    with pytest.raises(NotWiredError):
        AgentRegistry().set_websocket_manager(None)
    with pytest.raises(NotWiredError, match="events would be lost"):
        await ToolExecutionEngine({"echo": echo}).execute("echo")
    with pytest.raises(NotWiredError, match="events would be lost"):
        AgentRegistry().bridge_for(CONTEXT)


async def test_a_run_starts_first_and_completes_last(bridge, tab):
    engine = ExecutionEngine(websocket_notifier=bridge)

    async def agent(run):
        await run.think("hm")
        return "done"

    assert await engine.execute("triage", agent) == "done"
    events = await tab.wait_for(3)
    assert types(events) == ["agent_started", "agent_thinking", "agent_completed"]
    assert events[2]["data"]["final_response"] == "done"
    assert events[2]["data"]["status"] == "completed"


async def test_a_failing_agent_closes_its_tools_and_completes_as_failed(bridge, tab):
    engine = ExecutionEngine(websocket_notifier=bridge)

    async def agent(run):
        await run.notify_tool_executing("triage", "search", {}, "c1")
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        await engine.execute("triage", agent)
    events = await tab.wait_for(4)
    assert types(events)[2:] == ["tool_completed", "agent_completed"]
    assert (events[2]["data"]["call_id"], events[2]["data"]["status"]) == ("c1", "error")
    assert events[3]["data"]["status"] == "failed"


async def test_a_cancelled_agent_completes_as_cancelled(bridge, tab):
    engine = ExecutionEngine(websocket_notifier=bridge)

    async def agent(run):
        await asyncio.Event().wait()

    task = asyncio.create_task(engine.execute("triage", agent))
    await tab.wait_for(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await tab.wait_for(2))[1]["data"]["status"] == "cancelled"


async def test_an_agent_whose_stream_nobody_reads_to_its_end_completes_as_cancelled(bridge, tab):
    engine = ExecutionEngine(websocket_notifier=bridge)

    async def answer():
        async with engine.run("triage"):
            yield "once upon"
            yield "a time"

    async with aclosing(answer()) as stream:
        assert await anext(stream) == "once upon"
    assert (await tab.wait_for(2))[1]["data"]["status"] == "cancelled"


async def test_a_run_cannot_start_twice_nor_speak_after_its_end(bridge, tab):
    engine = ExecutionEngine(websocket_notifier=bridge)
    async with engine.run("triage") as run:
        with pytest.raises(RunStateError):
            async with engine.run("triage"):
                pass
        with pytest.raises(RunStateError, match="no open call"):
            await run.notify_tool_completed("triage", "search")
    with pytest.raises(RunStateError, match="ended"):
        await run.think("too late")
    assert types(await tab.wait_for(2)) == ["agent_started", "agent_completed"]


async def say_by_bridge(manager, event_type, data):
    bridge = manager.create_agent_bridge(CONTEXT)
    if event_type == "agent_started":
        return await bridge.notify_agent_started(data["agent_name"])
    return await bridge.notify_agent_completed(data["agent_name"], data["final_response"])


async def say_by_emitter(manager, event_type, data):
    async with manager.emitter(CONTEXT) as emitter:
        return await getattr(emitter, f"emit_{event_type}")(data)


async def say_by_manager(manager, event_type, data):
    message = {"type": event_type, "payload": data, "thread_id": "t1", "run_id": "r1"}
    return await manager.send_to_user("u1", message)


async def say_from_thread(manager, event_type, data):
    def say():
        return manager.emit_threadsafe("u1", event_type, data, thread_id="t1", run_id="r1").result()

    return await asyncio.to_thread(say)


@pytest.mark.parametrize("say", [say_by_bridge, say_by_emitter, say_by_manager, say_from_thread])
async def test_an_agent_that_says_its_own_start_and_end_is_heard_once_and_ends_last(
    manager, tab, say
):
    async def legacy(run):
        started = await say(manager, "agent_started", {"agent_name": "triage"})
        await run.notify_tool_executing("triage", "search", call_id="left open")
        said = {"agent_name": "triage", "final_response": "for the user"}
        assert await say(manager, "agent_completed", said) == started == run.started
        return "for the caller"

    engine = ExecutionEngine(websocket_notifier=manager.create_agent_bridge(CONTEXT))
    assert await engine.execute("triage", legacy) == "for the caller"
    await manager.emit("u1", "after", {})
    events = await tab.wait_for(5)
    assert types(events) == [
        "agent_started",
        "tool_executing",
        "tool_completed",
        "agent_completed",
        "after",
    ]
    assert (events[3]["data"]["final_response"], events[3]["data"]["status"]) == (
        "for the user",
        "completed",
    )


async def test_calls_that_an_agent_opened_by_hand_are_closed_but_not_those_of_who_runs_it(
    manager, bridge, tab
):
    async def inner(run):
        await bridge.notify_tool_executing("inner", "search", call_id="inner's")
        raise ValueError("lost")

    async def outer(run):
        await bridge.notify_tool_executing("outer", "delegate", call_id="outer's")
        other = manager.create_agent_bridge(CONTEXT)
        with pytest.raises(ValueError, match="lost"):
            await ExecutionEngine(websocket_notifier=other).execute("inner", inner)
        await bridge.notify_tool_executing("helper", "look", call_id="helper's")

    await ExecutionEngine(websocket_notifier=bridge).execute("outer", outer)
    events = (await tab.wait_for(10))[3:]
    assert [(e["type"], e["data"].get("call_id", e["data"]["agent_name"])) for e in events] == [
        ("tool_executing", "inner's"),
        ("tool_completed", "inner's"),
        ("agent_completed", "inner"),
        ("tool_executing", "helper's"),
        ("tool_completed", "outer's"),
        ("tool_completed", "helper's"),
        ("agent_completed", "outer"),
    ]
    assert [e["data"]["status"] for e in events if e["type"] == "tool_completed"] == 3 * ["error"]


async def test_a_call_that_was_open_before_the_run_is_left_to_who_opened_it(bridge, tab):
    await bridge.notify_agent_started("by hand")
    await bridge.notify_tool_executing("by hand", "delegate", call_id="outer's")
    async with ExecutionEngine(websocket_notifier=bridge).run("triage"):
        await bridge.notify_tool_executing("triage", "search", call_id="inner's")
    await bridge.notify_tool_completed("by hand", "delegate", call_id="outer's")
    closed = [e["data"] for e in await tab.wait_for(7) if e["type"] == "tool_completed"]
    assert [(data["call_id"], data["status"]) for data in closed] == [
        ("inner's", "error"),
        ("outer's", "ok"),
    ]


async def test_what_an_agent_says_of_its_end_is_kept_but_a_failure_is_one(bridge, tab):
    engine = ExecutionEngine(websocket_notifier=bridge)
    async with engine.run("triage"):
        data = {"status": "failed", "final_response": None, "reason": "no data", "duration": 99}
        await bridge.notify("agent_completed", data)

    async def agent(run):
        run.final_response = "partly"
        await bridge.notify_agent_completed("triage")
        raise ValueError("lost")

    with pytest.raises(ValueError, match="lost"):
        await engine.execute("triage", agent)
    first, second = (e["data"] for e in await tab.wait_for(4) if e["type"] == "agent_completed")
    assert (first["status"], first["reason"]) == ("failed", "no data")
    assert first["duration"] < 99
    assert (second["status"], second["final_response"]) == ("failed", "partly")


async def test_agents_within_an_engines_run_say_their_own_start_and_end(manager, bridge, tab):
    """One of another name, one that the engine runs again, and whatever runs beside or after it."""
    started, completed = "agent_started", "agent_completed"
    engine = ExecutionEngine(websocket_notifier=bridge)
    async with engine.run("triage"):
        await bridge.notify_agent_started("helper")
        await bridge.notify_agent_completed("helper")
        again = ExecutionEngine(websocket_notifier=manager.create_agent_bridge(CONTEXT))
        async with again.run("triage"):
            await bridge.notify_agent_started("triage")
        await bridge.notify_agent_completed("triage")
        other = manager.create_agent_bridge(UserExecutionContext("u1", "t1", "r2"))
        await other.notify_agent_started("triage")
    await bridge.notify_agent_started("triage")
    said = [
        (event["type"], event["run_id"], event["data"]["agent_name"])
        for event in await tab.wait_for(8)
    ]
    assert said == [
        (started, "r1", "triage"),
        (started, "r1", "helper"),
        (completed, "r1", "helper"),
        (started, "r1", "triage"),
        (completed, "r1", "triage"),
        (started, "r2", "triage"),
        (completed, "r1", "triage"),
        (started, "r1", "triage"),
    ]


async def test_the_registry_wraps_the_tools_of_every_run(manager, bridge, tab):
    registry = AgentRegistry({"echo": echo})

    async def agent(run, tools):
        return await tools.execute("echo", {"q": 1})

    registry.register("triage", agent)
    registry.set_websocket_manager(manager)
    assert await registry.run("triage", CONTEXT) == {"q": 1}
    assert types(await tab.wait_for(4)) == [
        "agent_started",
        "tool_executing",
        "tool_completed",
        "agent_completed",
    ]
    assert {event["data"]["agent_name"] for event in tab.events} == {"triage"}
    await bridge.notify_agent_started("helper")
    await registry.tools_for(CONTEXT).execute("echo")
    called = (await tab.wait_for(7))[5:]
    assert types(called) == ["tool_executing", "tool_completed"]
    assert {event["data"]["agent_name"] for event in called} == {"helper"}


async def life_of_a_run_cancelled_after(turns, manager):
    """The events that are kept of it."""
    engine = ExecutionEngine(websocket_notifier=manager.create_agent_bridge(CONTEXT))
    tools = ToolExecutionEngine({"echo": echo})

    async def agent(run):
        tools.set_websocket_bridge(run)
        await run.think("hm")
        await tools.execute("echo")
        await run.notify_tool_executing("triage", "left open")

    task = asyncio.create_task(engine.execute("triage", agent))
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    return [json.loads(frame) for frame in (await manager._journal.read("u1", 0, 100)).frames]


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_wherever_a_run_is_cancelled_it_starts_first_and_ends_last_with_all_calls_closed(
    kind, tmp_path
):
    for turns in range(1, 60, 5 if kind == "sqlite" else 1):
        path = tmp_path / f"{turns}.db"
        journal = SqliteJournal(path, synchronous="OFF") if kind == "sqlite" else MemoryJournal()
        async with UnifiedWebSocketManager(journal=journal) as manager:
            events = await life_of_a_run_cancelled_after(turns, manager)
        order = types(events)
        assert (order[0], order[-1]) == ("agent_started", "agent_completed")
        assert order.count("agent_started") == order.count("agent_completed") == 1
        opened = [e["data"]["call_id"] for e in events if e["type"] == "tool_executing"]
        closed = [e["data"]["call_id"] for e in events if e["type"] == "tool_completed"]
        assert sorted(opened) == sorted(closed)


class FailingJournal(MemoryJournal):
    away = False

    async def append(self, drafts):
        if self.away:
            raise JournalError("away")
        return await super().append(drafts)


async def test_what_the_agent_raised_goes_on_although_the_journal_is_away():
    journal = FailingJournal()
    async with UnifiedWebSocketManager(journal=journal) as manager:
        engine = ExecutionEngine(websocket_notifier=manager.create_agent_bridge(CONTEXT))

        async def agent(run):
            journal.away = True
            raise ValueError("the agent's own")

        with pytest.raises(ValueError, match="the agent's own") as caught:
            await engine.execute("triage", agent)
        assert caught.value.__notes__ == ["the run's end could not be journaled: away"]

        async def failing_tool():
            journal.away = True
            raise ValueError("the tool's own")

        journal.away = False
        tools = ToolExecutionEngine({"tool": failing_tool})
        tools.set_websocket_bridge(manager.create_agent_bridge(CONTEXT))
        with pytest.raises(ValueError, match="the tool's own") as caught:
            await tools.execute("tool")
        assert caught.value.__notes__ == ["tool_completed could not be journaled: away"]
        with pytest.raises(JournalError):
            await tools.execute("tool")
        journal.away = False
