"""`consolidator guard` as a user calls it."""

from __future__ import annotations

import json
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest
from trees import write_tree
from typer.testing import CliRunner

from consolidator.cli.guard import app

SENDS = """
async def main(websocket):
    await websocket.send_json({"type": "agent_started"})
    await websocket.send_json({"type": "agent_thinking"})
    await websocket.send_json({"type": "tool_executing"})
    await websocket.send_json({"type": "tool_completed"})
    await websocket.send_json({"type": "agent_completed"})
"""
LOSES = SENDS.replace('    await websocket.send_json({"type": "agent_thinking"})\n', "")


@pytest.fixture
def root(tmp_path):
    return write_tree(tmp_path, {"app.py": SENDS})


def run(*arguments):
    return CliRunner().invoke(app, [str(a) for a in (*arguments, "--no-cache", "-q")])


def test_a_sound_tree_ends_with_0_and_the_document_of_the_contract(root):
    result = run(root, "--format", "json")
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert list(document) == ["schema", "root", "files", "skipped", "events", "findings"]
    assert {"event", "sites", "status"} == set(document["events"][0])
    assert set(document["events"][0]["sites"][0]) == {
        *("path", "line", "form", "function", "reachable", "why")
    }
    assert document["events"][0]["sites"][0]["reachable"] is True


def test_a_lost_event_ends_with_1(root):
    write_tree(root, {"app.py": LOSES})
    result = run(root, "--format", "json")
    assert result.exit_code == 1
    (finding,) = json.loads(result.stdout)["findings"]
    assert {"rule", "event", "path", "line", "message", "baseline"} <= set(finding)
    assert (finding["rule"], finding["event"]) == ("event-lost", "agent_thinking")


def test_a_project_with_other_events_is_told_once_where_to_name_them(root):
    write_tree(root, {"app.py": "def main():\n    return 1\n"})
    result = run(root)
    assert result.exit_code == 1
    assert result.stdout.count("[guard] events") == 1
    findings = json.loads(run(root, "--format", "json").stdout)["findings"]
    assert [f["event"] for f in findings] == [
        "agent_completed",
        "agent_started",
        "agent_thinking",
        "tool_completed",
        "tool_executing",
    ]


def test_freezing_what_is_lost_says_so_also_where_it_is_to_be_quiet(root):
    write_tree(root, {"app.py": LOSES})
    result = run(root, "--update-baseline")
    assert result.exit_code == 0
    assert "warning: 1 event of 5 accepted as lost" in result.stderr
    assert "agent_thinking" in result.stderr


def test_the_same_tree_gives_the_same_bytes(root):
    command = [sys.executable, "-m", "consolidator", "guard", str(root), "--format", "json"]
    outputs = {
        subprocess.run(
            [*command, "--jobs", jobs],
            capture_output=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "CONSOLIDATOR_CACHE_DIR": str(root / ".cache")},
        ).stdout
        for jobs, seed in (("1", "1"), ("2", "2"))
    }
    assert len(outputs) == 1


def test_a_baseline_is_written_only_when_asked_for(root):
    run(root)
    assert not (root / ".consolidator-baseline.json").exists()
    assert run(root, "--update-baseline").exit_code == 0
    assert (root / ".consolidator-baseline.json").exists()
    write_tree(root, {"app.py": LOSES})
    assert "emission-gone" in run(root).stdout
    assert run(root, "--update-baseline").exit_code == 0
    assert run(root).exit_code == 0


def test_since_a_revision_only_what_got_worse_counts(root):
    write_tree(root, {"app.py": LOSES})
    for arguments in (
        ("init", "-q"),
        ("add", "."),
        ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "start"),
    ):
        subprocess.run(["git", *arguments], cwd=root, check=True)
    assert run(root, "--since", "HEAD").exit_code == 0
    write_tree(root, {"app.py": LOSES.replace("tool_executing", "tool_execute")})
    assert run(root, "--since", "HEAD").exit_code == 1
    write_tree(root, {"app.py": SENDS})
    assert run(root, "--since", "HEAD").exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("--baseline", "nowhere.json"),
        ("--explain", "no-such-rule"),
        ("--record", "x.json"),
        ("--since", "HEAD", "--update-baseline"),
    ],
)
def test_bad_usage_is_refused_with_its_own_code(root, arguments):
    result = run(root, *arguments)
    assert getattr(result.exception, "exit_code", result.exit_code) == 2


def test_explain_prints_a_rules_page(root):
    result = run(root, "--explain", "event-lost")
    assert result.exit_code == 0
    assert result.stdout.startswith("# event-lost: ")


def test_every_other_format_carries_the_finding(root):
    write_tree(root, {"app.py": LOSES})
    sarif = json.loads(run(root, "--format", "sarif").stdout)
    (result,) = sarif["runs"][0]["results"]
    assert result["ruleId"] == "event-lost"
    junit = ET.fromstring(run(root, "--format", "junit").stdout.encode())
    assert junit.find(".//failure") is not None
    assert run(root, "--format", "github").stdout.startswith("::error ")
    for form in ("text", "md", "html"):
        assert "agent_thinking" in run(root, "--format", form).stdout


def test_files_that_can_not_be_read_are_listed_and_stop_nothing(root):
    write_tree(root, {"broken.py": "def (\n", "latin.py": b"x = '\xe9'\n"})
    document = json.loads(run(root, "--format", "json").stdout)
    assert [entry["path"] for entry in document["skipped"]] == ["broken.py", "latin.py"]


def test_the_runtime_sends_all_five_events():
    import unified_runtime

    package = unified_runtime.__path__[0]
    result = run(package, "--format", "json")
    assert result.exit_code == 0, result.stdout
