"""Each rule on code that breaks it and on code that does not."""

from __future__ import annotations

import pytest

from consolidator.analysis.emissions.rules import BY_ID, RULES

HEAD = """
from unified_runtime import AgentWebSocketBridge, UnifiedWebSocketManager, UserExecutionContext


async def run(bridge: AgentWebSocketBridge, tool, agent):
"""
QUIET = (
    HEAD
    + """
    await bridge.notify_agent_started("triage")
    await bridge.notify_agent_thinking("triage", "hm")
    try:
        await bridge.notify_tool_executing("triage", "search")
        await tool()
    finally:
        await bridge.notify_tool_completed("triage", "search")
    await bridge.notify_agent_completed("triage")
"""
)


def test_a_sound_run_breaks_no_rule(project):
    project.write({"app.py": QUIET})
    assert project.rules() == []


def with_change(project, old, new):
    assert QUIET.count(old) == 1
    return project.write({"app.py": QUIET.replace(old, new)}).rules()


STARTED = 'await bridge.notify_agent_started("triage")'


def test_a_failure_that_is_caught_and_forgotten(project):
    caught = f"try:\n        {STARTED}\n    except Exception:\n        print('no')"
    assert with_change(project, STARTED, caught) == ["swallowed-failure"]


@pytest.mark.parametrize("ending", ["raise", "raise RuntimeError('no') from None"])
def test_a_failure_that_goes_on_is_fine(project, ending):
    caught = f"try:\n        {STARTED}\n    except Exception:\n        {ending}"
    assert with_change(project, STARTED, caught) == []


def test_a_narrow_except_is_fine(project):
    caught = f"try:\n        {STARTED}\n    except ConnectionError:\n        pass"
    assert with_change(project, STARTED, caught) == []


def test_a_coroutine_that_is_thrown_away(project):
    assert with_change(project, STARTED, STARTED.removeprefix("await ")) == [
        "event-lost",
        "not-awaited",
    ]


def test_a_coroutine_that_becomes_a_task_is_fine(project):
    import_task = STARTED.replace("await ", "asyncio.create_task(") + ")"
    project.write({"app.py": "import asyncio\n" + QUIET.replace(STARTED, import_task)})
    assert project.rules() == []


def test_an_event_after_the_end(project):
    thinking = 'await bridge.notify_agent_thinking("triage", "hm")'
    ended = 'await bridge.notify_agent_completed("triage")\n'
    project.write({"app.py": QUIET.replace(ended, f"{ended}    {thinking}\n")})
    assert project.rules() == ["order-impossible"]


def test_a_tool_that_fails_is_never_completed(project):
    project.write(
        {
            "app.py": QUIET.replace("    try:", "    if tool:").replace(
                "    finally:", "    if tool:"
            )
        }
    )
    assert project.rules() == ["unpaired-tool"]


def test_an_id_in_the_place_of_another(project):
    project.write(
        {
            "app.py": QUIET
            + """

async def start(manager: UnifiedWebSocketManager, user_id, run_id):
    await run(AgentWebSocketBridge.for_run(manager=manager, user_id=run_id, run_id=user_id), 1, 2)
"""
        }
    )
    assert project.rules() == ["wrong-id", "wrong-id"]


def test_an_event_that_bypasses_the_emitter(project):
    project.write(
        {
            "app.py": QUIET,
            "side.py": 'async def tell(websocket):\n    await websocket.send_json({"type": "agent_started"})\n',
        }
    )
    assert project.rules() == ["emission-bypass"]


def test_a_second_manager_beside_the_unified_one(project):
    project.write(
        {
            "app.py": QUIET,
            "side.py": """
                class QuickManager:
                    async def push(self, websocket, text):
                        await websocket.send_text(text)
                """,
        }
    )
    assert project.rules() == ["second-emitter"]


def test_connections_in_a_module(project):
    project.write({"app.py": QUIET, "side.py": "active_connections = {}\nCONNECTION_NAMES = {}\n"})
    assert project.rules() == ["connections-in-module"]


CLIENT = """
switch (message.type) {
  case "agent_started": start(); break;
  case "agent_thinking": think(); break;
  case "tool_executing": tool(); break;
  // case "tool_completed":
  case "agent_completed": end(); break;
}
"""


def test_a_client_without_a_case_for_one_event(project):
    project.write({"app.py": QUIET, "web/client.ts": CLIENT})
    (problem,) = project.guard().failing
    assert (problem.rule, problem.event, problem.path) == (
        "deaf-client",
        "tool_completed",
        "web/client.ts",
    )


@pytest.mark.parametrize(
    "other",
    [
        'export const isDone = (m: Message) => m.type === "tool_completed";\n',
        'export enum Kind { DONE = "tool_completed" }\nfunction f(m) { switch (m.type) { case Kind.DONE: g() } }\n',
        'socket.on("tool_completed", show);\n',
    ],
)
def test_a_client_may_handle_its_events_in_several_files(project, other):
    files = {"app.py": QUIET, "web/src/client.ts": CLIENT, "web/package.json": "{}"}
    project.write({**files, "web/src/done.ts": other})
    assert not project.guard().failing
    project.write(
        {"admin/src/done.ts": other, "web/src/done.ts": "export const KNOWN = ['tool_completed'];"}
    )
    assert [problem.rule for problem in project.guard().failing] == ["deaf-client"]


def test_a_client_that_handles_all_events_or_hardly_any_is_fine(project):
    project.write(
        {
            "app.py": QUIET,
            "web/client.ts": CLIENT.replace("// ", ""),
            "web/title.ts": 'socket.on("agent_started", show)\n',
        }
    )
    assert project.rules() == []


def test_a_relative_import_beside_the_emitters(project):
    project.write(
        {
            "unified_runtime/__init__.py": "from .manager import UnifiedWebSocketManager\n",
            "unified_runtime/manager.py": """
                class UnifiedWebSocketManager:
                    async def send(self, websocket):
                        await websocket.send_json({"type": "agent_started"})
                """,
        }
    )
    assert project.rules("agent_started") == ["relative-import"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_each_rule_has_a_page_with_an_example_and_a_remedy(rule):
    page = rule.page()
    assert page.startswith(f"# {rule.id}: {rule.title}\n")
    assert "## Example" in page
    assert "## What to do" in page
    assert min(len(rule.explanation.split()), len(rule.remedy.split())) > 4


def test_rule_ids_are_unique():
    assert len({rule.id for rule in RULES}) == len(RULES)


SERVER = """
    from fastapi import FastAPI, WebSocket

    app = FastAPI()


    async def emit(websocket, kind, data):
        await websocket.send_json({"type": kind, "data": data, "sent_by": "server"})


    @app.websocket("/ws")
    async def endpoint(websocket: WebSocket):
        await emit(websocket, "agent_started", {"agent_name": "triage"})
        details = {"reasoning": "because"}
        await emit(websocket, "agent_thinking", details)
        await emit(websocket, "agent_completed", websocket.results)
    """
READER = """
    switch (message.type) {
      case "agent_started": show(message.data.agent_name, message.data.sent_by, message.data.run_id); break;
      case "agent_thinking": { const { reasoning, step } = message.data; show(reasoning); break; }
      case "agent_completed": show(message.data.anything); break;
    }
    """
THREE = ("agent_started", "agent_thinking", "agent_completed")


def missing_fields(project, client):
    project.write({"app.py": SERVER, "web/client.ts": client})
    found = project.guard(*THREE).findings
    return [(p.line, p.message) for p in found if p.rule == "field-missing"]


def test_a_field_that_is_read_must_be_sent(project):
    ((line, message),) = missing_fields(project, READER)
    assert line == 3
    assert message.startswith("reads 'step' of agent_thinking, which is sent with reasoning")


def test_a_misspelled_field_comes_with_the_right_one(project):
    client = READER.replace(", step }", " }").replace("data.agent_name", "data.agentName")
    ((_, message),) = missing_fields(project, client)
    assert "is it 'agent_name'?" in message


def test_a_payload_that_can_not_be_read_is_not_judged(project):
    assert not any("anything" in message for _, message in missing_fields(project, READER))


FAKE = """
    class FakeSocket:
        def __init__(self):
            self.sent = []

        async def send_json(self, message):
            self.sent.append({recorded})


    async def test_the_event_arrives(run):
        socket = FakeSocket()
        await run(socket)
        assert socket.sent[0]["type"] == "agent_started"
    """


def test_a_fake_that_writes_the_event_itself_is_found(project):
    fake = FAKE.replace("{recorded}", '{"type": "agent_started"}')
    project.write({"app.py": SERVER, "tests/test_app.py": fake})
    assert "fake-event" in project.rules(*THREE)


def test_a_fake_that_records_what_it_was_given_is_none(project):
    project.write({"app.py": SERVER, "tests/test_app.py": FAKE.replace("{recorded}", "message")})
    assert "fake-event" not in project.rules(*THREE)


def test_every_rule_has_an_id_a_severity_a_page_and_an_example():
    assert len(BY_ID) == len(RULES)
    for rule in RULES:
        assert rule.severity in ("error", "warning", "note")
        for part in (rule.explanation, rule.example, rule.remedy):
            assert len(part.strip()) > 20, rule.id
        assert rule.page().startswith(f"# {rule.id}: {rule.title}\n\nSeverity: {rule.severity}\n")
