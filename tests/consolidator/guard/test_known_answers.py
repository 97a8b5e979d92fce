"""What the guard remembers between runs never changes what it says."""

from __future__ import annotations

import pytest
from trees import write_tree
from typer.testing import CliRunner

from consolidator.adapters.verdicts import KnownAnswers
from consolidator.cli.guard import app
from consolidator.workflow import guard as workflow

SENDS = """
    def start():
        from socket_io import ws
        ws.send_json({"type": "agent_started"})
    """


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("CONSOLIDATOR_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def root(tmp_path):
    return write_tree(tmp_path / "project", {"app.py": SENDS, "run.py": "import app\n"})


def run(root, *options):
    return CliRunner().invoke(app, [str(root), "--format", "json", "-q", *options])


def test_the_second_run_says_the_same_bytes_as_the_first_and_as_one_without_a_memory(root):
    first = run(root)
    assert run(root).stdout == first.stdout == run(root, "--no-cache").stdout
    assert first.exit_code == run(root).exit_code == 1


def test_an_unchanged_tree_is_not_followed_again(root, monkeypatch):
    run(root)
    monkeypatch.setattr(workflow, "check_program", None)
    assert run(root).exit_code == 1


@pytest.mark.parametrize(
    "change",
    [
        {"app.py": SENDS.replace("agent_started", "agent_thinking")},
        {"other.py": "x = 1\n"},
        {"Procfile": "web: uvicorn app:start\n"},
        {"client.ts": 'switch (m.type) { case "agent_started": break }\n'},
        {"consolidation.toml": '[guard]\nevents = ["agent_thinking"]\n'},
    ],
)
def test_anything_that_may_matter_makes_it_look_again(root, change):
    run(root)
    write_tree(root, change)
    assert run(root).stdout == run(root, "--no-cache").stdout


def test_the_question_is_the_same_in_every_process(root, monkeypatch):
    asked = []
    monkeypatch.setattr(KnownAnswers, "get", lambda _self, question: asked.append(question))
    run(root)
    run(root)
    assert len(set(asked)) == 1
