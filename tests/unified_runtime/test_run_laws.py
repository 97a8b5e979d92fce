"""Whatever an agent does inside ExecutionEngine, its run has one start, one end, and no open call."""

import asyncio
import json
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from unified_runtime import (
    ExecutionEngine,
    MemoryJournal,
    ToolExecutionEngine,
    UnifiedWebSocketManager,
    UserExecutionContext,
)

CONTEXT = UserExecutionContext("u1", "t1", "r1")

steps = st.sampled_from(
    ["start", "end", "end as failed", "think", "open", "open by the run", "close", "tool", "tool that fails",
     "raise", "be cancelled", "be cancelled later"]
)  # fmt: skip
ways = st.sampled_from(["bridge", "emitter", "manager", "thread"])
scripts = st.recursive(
    st.lists(st.tuples(steps, ways), max_size=8),
    lambda inner: st.lists(st.one_of(st.tuples(steps, ways), inner, st.tuples(inner, inner)), max_size=4),
    max_leaves=4,
)  # fmt: skip
"""A list within is an agent that runs within, a pair of lists two at once."""


async def fails():
    raise ValueError("the tool's own")


class Agent:
    """Does what a script says, and says by hand what it likes of its run."""

    def __init__(self, manager, name, script):
        self.manager, self.name, self.script = manager, name, script
        self.bridge = manager.create_agent_bridge(CONTEXT)
        self.tools = ToolExecutionEngine({"works": lambda: 1, "fails": fails})
        self.opened = []

    async def say(self, way, event_type, **data):
        data["agent_name"] = self.name
        if way == "bridge":
            await self.bridge.notify(event_type, data)
        elif way == "emitter":
            async with self.manager.emitter(CONTEXT) as emitter:
                await emitter.emit(event_type, data)
        elif way == "manager":
            await self.manager.emit("u1", event_type, data, thread_id="t1", run_id="r1")
        else:
            ids = {"thread_id": "t1", "run_id": "r1"}
            await asyncio.wrap_future(self.manager.emit_threadsafe("u1", event_type, data, **ids))

    async def live(self, run):
        self.tools.set_websocket_bridge(run)
        for number, step in enumerate(self.script):
            if isinstance(step, list):
                await self.others(number, step)
            elif isinstance(step[0], list):
                await self.others(number, *step)
            else:
                await self.do(run, number, *step)

    async def others(self, number, *scripts):
        agents = [
            Agent(self.manager, f"{self.name}.{number}.{n}", script)
            for n, script in enumerate(scripts)
        ]
        await asyncio.gather(*(agent.run() for agent in agents), return_exceptions=True)

    async def do(self, run, number, step, way):
        match step:
            case "start":
                await self.say(way, "agent_started")
            case "end":
                await self.say(way, "agent_completed", final_response=number)
            case "end as failed":
                await self.say(way, "agent_completed", status="failed")
            case "think":
                await self.say(way, "agent_thinking", reasoning="hm")
            case "open":
                self.opened.append(f"{self.name}-{number}")
                ids = {"tool_name": "search", "call_id": self.opened[-1]}
                await self.say(way, "tool_executing", **ids)
            case "open by the run":
                await run.notify_tool_executing(self.name, "search")
            case "close" if self.opened:
                ids = {"tool_name": "search", "call_id": self.opened.pop()}
                await self.say(way, "tool_completed", **ids)
            case "tool":
                await self.tools.execute("works")
            case "tool that fails":
                await self.tools.execute("fails")
            case "raise":
                raise LookupError("the agent's own")
            case "be cancelled" | "be cancelled later":
                asyncio.current_task().cancel()
                if step == "be cancelled":
                    await asyncio.sleep(0)

    async def run(self):
        await ExecutionEngine(websocket_notifier=self.bridge).execute(self.name, self.live)


async def life_of(script):
    journal = MemoryJournal()
    async with UnifiedWebSocketManager(journal=journal) as manager:
        await asyncio.gather(Agent(manager, "outer", script).run(), return_exceptions=True)
        frames = (await journal.read("u1", 0, 10_000)).frames
        assert await journal.notes() == []
    return [json.loads(frame) for frame in frames]


@given(scripts)
def test_whatever_an_agent_does_its_run_has_one_start_one_end_and_no_open_call(script):
    events = asyncio.run(life_of(script))
    names = {event["data"]["agent_name"] for event in events}
    for name in names:
        own = [event["type"] for event in events if event["data"]["agent_name"] == name]
        assert (own[0], own[-1]) == ("agent_started", "agent_completed")
        assert own.count("agent_started") == own.count("agent_completed") == 1
    calls = Counter((e["type"], e["data"]["call_id"]) for e in events if "call_id" in e["data"])
    assert set(calls.values()) <= {1}
    assert {c for kind, c in calls if kind == "tool_executing"} == {
        c for kind, c in calls if kind == "tool_completed"
    }
    assert (events[0]["type"], events[-1]["type"]) == ("agent_started", "agent_completed")
