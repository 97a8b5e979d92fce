"""Functions that keep their name and do less than at an earlier revision."""

from __future__ import annotations

from pathlib import Path

import pytest
from trees import tree_of, write_tree

from consolidator.analysis.audit.shrinking import shrunk_between

OLD = """
class Manager:
    async def send(self, user, message):
        for socket in self.sockets[user]:
            await socket.send_json(message)
"""


def shrunk(tmp_path: Path, new: str, path: str = "app/manager.py") -> list[tuple[str, str]]:
    before = tree_of(write_tree(tmp_path / "before", {path: OLD}))
    now = tree_of(write_tree(tmp_path / "now", {path: new}))
    return [(found.canonical, found.why) for found in shrunk_between(before, now, "HEAD~1")]


@pytest.mark.parametrize(
    "body",
    [
        "        return await self.hub.send(user, message)\n",
        "        return self.hub.send(user, message)\n",
        "        await asyncio.gather(*(s.send_json(message) for s in self.sockets[user]))\n",
        "        for socket in self.sockets[user]:\n            socket.write(message)\n",
    ],
)
def test_a_body_that_does_the_same_otherwise_is_not_smaller(tmp_path: Path, body: str) -> None:
    head = "class Manager:\n    async def send(self, user, message):\n"
    assert shrunk(tmp_path, head + body) == []


@pytest.mark.parametrize("body", ["pass", "return True", "...", '"""Later."""'])
def test_a_body_that_does_nothing_is_smaller(tmp_path: Path, body: str) -> None:
    new = f"class Manager:\n    async def send(self, user, message):\n        {body}\n"
    why = "its body is empty, and was 1 statement"
    assert shrunk(tmp_path, new) == [("app.manager.Manager.send", why)]


def test_a_body_that_awaits_and_decides_nothing_any_more_is_smaller(tmp_path: Path) -> None:
    new = "class Manager:\n    async def send(self, user, message):\n        self.sent += 1\n"
    ((name, why),) = shrunk(tmp_path, new)
    assert name == "app.manager.Manager.send"
    assert why == "it awaits and decides nothing any more, and had 1 awaits and 1 branches"


def test_tests_may_shrink(tmp_path: Path) -> None:
    new = "class Manager:\n    async def send(self, user, message): ...\n"
    assert shrunk(tmp_path, new, "tests/test_manager.py") == []
