"""Fixes that the plan keeps: undoing one turns the guard red, working on does not."""

from __future__ import annotations

import json

import pytest
from repositories import RepositoryBuilder
from typer.testing import CliRunner

from consolidator.cli.guard import app

BEFORE = '''
import asyncio


class Hub:
    def __init__(self):
        self.sockets = []
        self.lock = asyncio.Lock()

    def join(self, socket):
        self.sockets.append(socket)

    async def send(self, message):
        """To everyone."""
        for socket in self.sockets:
            await socket.send_json(message)

    async def close(self, socket):
        self.sockets.clear()
        await socket.close()
'''
GUARDED = BEFORE.replace(
    "        for socket in self.sockets:\n            await socket.send_json(message)\n",
    "        for socket in list(self.sockets):\n            try:\n"
    "                await socket.send_json(message)\n"
    "            except ConnectionError:\n                self.sockets.remove(socket)\n",
)
NARROWED = GUARDED.replace("        self.sockets.clear()\n", "")
TEST = "def test_a_dead_socket_is_dropped():\n    assert True\n"
PLAN = '[[keep]]\nfix = "{}"\n\n[[keep]]\nfix = "{}"\n'


@pytest.fixture
def root(tmp_path):
    builder = RepositoryBuilder(tmp_path / "repository")
    builder.commit("hub", {"app/hub.py": BEFORE})
    builder.commit("a", {"app/hub.py": GUARDED, "tests/test_hub.py": TEST})
    builder.commit("more", {"app/hub.py": NARROWED})
    ids = builder.write()
    kept = PLAN.format(ids[2][:12], ids[3][:12])
    (builder.directory / "consolidation.toml").write_text(kept)
    return builder.directory


def gone(root):
    result = CliRunner().invoke(app, [str(root), "--format", "json", "-q", "--no-cache"])
    assert result.exit_code in (0, 1), result.output
    return [f["message"] for f in json.loads(result.stdout)["findings"] if f["rule"] == "fix-gone"]


def test_kept_fixes_that_are_there_are_no_finding(root):
    assert gone(root) == []


@pytest.mark.parametrize(
    "text",
    [
        NARROWED.replace("list(self.sockets):", "list( self.sockets ):  # a copy"),
        NARROWED.replace("class Hub", "LIMIT = 3\n\n\nclass Hub"),
        NARROWED.replace(
            "def close(self, socket):", "def close(self, socket):\n        print(socket)"
        ),
    ],
)
def test_layout_and_other_work_do_not_matter(root, text):
    (root / "app/hub.py").write_text(text)
    assert gone(root) == []


def test_a_function_may_move_to_another_file(root):
    (root / "app/hub.py").unlink()
    (root / "app/center.py").write_text(NARROWED)
    assert gone(root) == []


def test_undoing_a_fix_is_a_finding_for_each_statement(root):
    (root / "app/hub.py").write_text(BEFORE.replace("        self.sockets.clear()\n", ""))
    assert any("`self.sockets.remove(socket)` is no longer in Hub.send" in m for m in gone(root))


def test_what_a_fix_took_out_must_not_come_back(root):
    (root / "app/hub.py").write_text(GUARDED)
    (message,) = gone(root)
    assert "`self.sockets.clear()` is back in Hub.close" in message


def test_the_test_of_a_fix_must_stay(root):
    (root / "tests/test_hub.py").unlink()
    (message,) = gone(root)
    assert "its test test_a_dead_socket_is_dropped is gone" in message


def test_the_test_of_a_fix_may_get_a_name_that_says_nearly_the_same(root):
    path = root / "tests/test_hub.py"
    path.write_text(path.read_text().replace("_is_dropped", "_is_dropped_once"))
    assert gone(root) == []


def test_a_class_that_the_plan_moves_away_may_go(root):
    plan = root / "consolidation.toml"
    plan.write_text(
        '[[move]]\nfrom = "app.hub.Hub"\nto = "unified_runtime.UnifiedWebSocketManager"\n'
        + plan.read_text()
    )
    (root / "app/hub.py").write_text("")
    assert gone(root) == []


def test_a_fix_that_no_commit_has_is_told_at_once(root):
    (root / "consolidation.toml").write_text('[[keep]]\nfix = "1234567890ab"\n')
    result = CliRunner().invoke(app, [str(root), "-q"])
    assert result.exit_code == 3 or "names no commit" in str(result.exception)
