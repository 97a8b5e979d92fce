"""What an agent emits again because it had to, or does not know whether it has."""

import asyncio

import pytest

from unified_runtime import MemoryJournal, UnifiedWebSocketManager
from unified_runtime.errors import JournalError

RUN = {"thread_id": "t1", "run_id": "r1"}


class Failing(MemoryJournal):
    """Refuses the next append when it is told to."""

    refuses = False

    async def append(self, drafts):
        if self.refuses:
            self.refuses = False
            raise JournalError("away")
        return await super().append(drafts)


@pytest.fixture
def journal():
    return Failing()


@pytest.fixture
async def manager(journal):
    async with UnifiedWebSocketManager(journal=journal) as manager:
        yield manager


@pytest.fixture(params=["with an id", "without one"])
def event_id(request):
    return "the same" if request.param == "with an id" else None


async def emit_twice(manager, journal, event_type, data, event_id):
    journal.refuses = True
    with pytest.raises(JournalError):
        await manager.emit("u1", event_type, data, event_id=event_id, **RUN)
    return await manager.emit("u1", event_type, data, event_id=event_id, **RUN)


def calls(events, event_type):
    return [e["data"]["call_id"] for e in events if e["type"] == event_type]


async def test_a_completion_that_the_journal_refused_ends_the_same_call_when_it_is_repeated(
    manager, journal, tab, event_id
):
    await manager.emit("u1", "agent_started", {"agent_name": "a"}, **RUN)
    for _ in range(2):
        await manager.emit("u1", "tool_executing", {"tool_name": "search"}, **RUN)
    await emit_twice(manager, journal, "tool_completed", {"tool_name": "search"}, event_id)
    await manager.emit("u1", "tool_completed", {"tool_name": "search"}, **RUN)
    events = await tab.wait_for(5)
    assert calls(events, "tool_executing") == calls(events, "tool_completed")


async def test_an_end_that_the_journal_refused_is_that_of_its_agent_when_it_is_repeated(
    manager, journal, tab, event_id
):
    await manager.emit("u1", "agent_started", {"agent_name": "boss"}, **RUN)
    await manager.emit("u1", "agent_started", {"agent_name": "helper"}, **RUN)
    await manager.emit("u1", "tool_executing", {"tool_name": "search"}, **RUN)
    await emit_twice(manager, journal, "agent_completed", {}, event_id)
    await manager.emit("u1", "tool_completed", {"tool_name": "search"}, **RUN)
    await emit_twice(manager, journal, "agent_completed", {}, None)
    events = await tab.wait_for(6)
    assert [e["data"]["agent_name"] for e in events[3:]] == ["helper", "boss", "boss"]
    assert calls(events, "tool_executing") == calls(events, "tool_completed")
    assert await journal.notes() == []


async def test_a_beginning_that_the_journal_refused_leaves_nothing_open(manager, journal, tab):
    journal.refuses = True
    with pytest.raises(JournalError):
        await manager.emit("u1", "agent_started", {"agent_name": "a"}, **RUN)
    await manager.emit("u1", "agent_thinking", {"reasoning": "hm"}, **RUN)
    [event] = await tab.wait_for(1)
    assert event["data"]["agent_name"] == "agent"


async def test_what_a_thread_could_not_emit_is_repeated_as_well(manager, journal, tab):
    await manager.emit("u1", "tool_executing", {"tool_name": "search"}, **RUN)
    journal.refuses = True
    refused = manager.emit_threadsafe("u1", "tool_completed", {"tool_name": "search"}, **RUN)
    with pytest.raises(JournalError):
        await asyncio.wrap_future(refused)
    await manager.emit("u1", "tool_completed", {"tool_name": "search"}, **RUN)
    events = await tab.wait_for(2)
    assert calls(events, "tool_executing") == calls(events, "tool_completed")


async def test_an_event_of_the_same_id_ends_and_forgets_nothing_more(manager, tab):
    """The journal sends it once; so the run must not take it for a second one either."""
    await manager.emit("u1", "agent_started", {"agent_name": "a"}, event_id="start", **RUN)
    for _ in range(2):
        await manager.emit("u1", "tool_executing", {"tool_name": "search"}, **RUN)
    await manager.emit("u1", "agent_started", {"agent_name": "a"}, event_id="start", **RUN)
    for event_id in ("first", "first", "second"):
        await manager.emit(
            "u1", "tool_completed", {"tool_name": "search"}, event_id=event_id, **RUN
        )
    events = await tab.wait_for(5)
    assert calls(events, "tool_executing") == calls(events, "tool_completed")
