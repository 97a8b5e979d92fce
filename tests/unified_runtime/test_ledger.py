"""What a run's earlier events fill in, and that nothing is remembered for ever."""

import json

import pytest

from unified_runtime.events import typed_payload
from unified_runtime.ledger import RunLedger


@pytest.fixture
def say():
    ledger = RunLedger()

    def say(event_type, run_id="r1", at=0.0, **data):
        def make(filled):
            return filled, typed_payload(event_type, json.dumps(filled).encode())

        return ledger.complete(("u1", "t1", run_id), event_type, data, at, make)[0]

    say.ledger = ledger
    return say


def test_an_agent_called_by_another_leaves_it_its_name_and_duration(say):
    say("agent_started", agent_name="outer", at=1)
    say("agent_started", agent_name="inner", at=2)
    assert say("agent_thinking", reasoning="hm")["agent_name"] == "inner"
    ended = say("agent_completed", at=3)
    assert (ended["agent_name"], ended["duration"]) == ("inner", 1)
    assert say("agent_thinking", reasoning="hm")["agent_name"] == "outer"
    ended = say("agent_completed", agent_name="outer", at=5)
    assert (ended["agent_name"], ended["duration"]) == ("outer", 4)
    assert len(say.ledger) == 0


def test_a_call_keeps_its_id_beyond_the_agents_within(say):
    say("agent_started", agent_name="outer")
    call_id = say("tool_executing", tool_name="delegate", at=1)["call_id"]
    say("agent_started", agent_name="inner")
    say("agent_completed", agent_name="inner")
    completed = say("tool_completed", tool_name="delegate", at=4)
    assert (completed["call_id"], completed["duration"]) == (call_id, 3)


def test_an_end_under_another_name_is_the_end(say):
    say("agent_started", agent_name="triage", at=1)
    assert say("agent_completed", agent_name="Triage", at=3)["duration"] == 2
    assert len(say.ledger) == 0


def test_calls_without_a_run_leave_nothing_behind(say):
    for n in range(3):
        say("tool_executing", run_id=str(n), tool_name="search")
        say("tool_completed", run_id=str(n), tool_name="search")
    assert len(say.ledger) == 0


def test_what_never_ends_is_bounded(say):
    for n in range(10_500):
        say("tool_executing", run_id=str(n), tool_name="search")
    assert len(say.ledger) == 10_000
    for n in range(1_500):
        say("tool_executing", run_id="one", tool_name="search", call_id=str(n))
    assert say("tool_completed", run_id="one", tool_name="search")["call_id"] == "500"
