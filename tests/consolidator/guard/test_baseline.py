"""What the baseline remembers, and what it does not mind."""

from __future__ import annotations

import pytest

from consolidator.analysis.baseline import Baseline, Emission, dump, load
from consolidator.errors import PlanError

TWO_AGENTS = {
    "app.py": """
        class Agent:
            async def run(self, websocket):
                await websocket.send_json({"type": "agent_started"})


        class Other:
            async def run(self, websocket):
                await websocket.send_json({"type": "agent_started"})


        async def main(websocket):
            await Agent().run(websocket)
            await Other().run(websocket)
        """
}
SEND = 'await websocket.send_json({"type": "agent_started"})'


def test_a_second_emission_that_vanishes_is_seen_although_the_event_lives(project):
    project.write(TWO_AGENTS).freeze("agent_started")
    source = (project.root / "app.py").read_text("utf-8")
    (project.root / "app.py").write_text(source.replace(SEND, "pass", 1), "utf-8")
    assert project.status() == "ok"
    gone = [p for p in project.guard("agent_started").failing if p.rule == "emission-gone"]
    assert {p.function for p in gone} == {"app.Agent.run", "app.main"}


def test_a_shifted_line_changes_nothing(project):
    project.write(TWO_AGENTS).freeze("agent_started")
    source = (project.root / "app.py").read_text("utf-8")
    (project.root / "app.py").write_text("\n\n# a word\n" + source, "utf-8")
    assert project.rules("agent_started") == []


def test_a_function_that_moved_under_its_own_name_is_recognised(project):
    project.write(TWO_AGENTS).freeze("agent_started")
    source = (project.root / "app.py").read_text("utf-8")
    first, rest = source.split("class Other")
    (project.root / "agent.py").write_text(first, "utf-8")
    (project.root / "app.py").write_text(f"from agent import Agent\n\n\nclass Other{rest}", "utf-8")
    assert project.rules("agent_started") == []


def test_an_emission_that_became_uncertain_is_seen(project):
    project.write(TWO_AGENTS).freeze("agent_started")
    project.replace("app.py", "await Other().run(websocket)", "await other.run(websocket)")
    project.replace("app.py", "def main(websocket)", "def main(websocket, other)")
    assert "emission-gone" in project.rules("agent_started")


def test_a_frozen_finding_does_not_fail_until_it_is_fixed_and_then_must_go(project):
    events = ("agent_started", "agent_completed")
    ends = SEND.replace("agent_started", "agent_completed")
    project.write({"app.py": f"async def main(websocket):\n    {ends}\n"}).freeze(*events)
    report = project.guard(*events)
    assert [p.event for p in report.findings] == ["agent_started"]
    assert report.failing == ()
    project.write({"app.py": f"async def main(websocket):\n    {SEND}\n    {ends}\n"})
    (stale,) = [p for p in project.guard(*events).failing if p.rule == "baseline-stale"]
    assert stale.event == "agent_started"


def test_what_is_written_is_what_is_read():
    baseline = Baseline((Emission("agent_started", "app.run", 2, 1),), (("", "app.x", "wrong-id"),))
    assert load(dump(baseline), "b.json") == baseline


def test_one_entry_stands_on_one_line():
    baseline = Baseline((Emission("a", "f", 1, 1), Emission("a", "g", 1, 1)), ())
    assert dump(baseline).count("\n") == 9


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"schema": 2}', '{"schema": 1, "emissions": [1]}']
)
def test_a_file_that_is_no_baseline_is_refused(text):
    with pytest.raises(PlanError, match=r"b\.json"):
        load(text, "b.json")
