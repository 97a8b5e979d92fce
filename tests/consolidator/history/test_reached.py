"""A member that calls or inherits what has a fix does not lack it; one that only knows of it does."""

from __future__ import annotations

from pathlib import Path

import pytest
from history_cases import HUB, edited, entry, extract
from repositories import RepositoryBuilder

LEAVING = "        self.rooms[room].remove(client)\n"
FIXED = edited(HUB, (LEAVING, "        if room not in self.rooms:\n            return\n" + LEAVING))
FORK = edited(HUB, ("class WebSocketHub", "class WebSocketSwitch"))
SWITCH = "app.websocket.switch.WebSocketSwitch"
IMPORT = "from app.websocket.hub import WebSocketHub\n\n\n"


def missing(folder: Path, fork: str) -> tuple[str, ...]:
    """Where the fix of `leave_room` is missing once a fork has become what it is now."""
    builder = RepositoryBuilder(folder)
    builder.commit("start", {"app/websocket/hub.py": HUB, "app/websocket/switch.py": FORK})
    builder.commit("a", {"app/websocket/hub.py": FIXED})
    builder.commit("b", {"app/websocket/switch.py": IMPORT + fork})
    builder.write()
    return tuple(entry(extract(builder.directory), "a").missing_from)


def test_a_fork_that_stayed_as_it_was_lacks_the_fix(tmp_path: Path) -> None:
    assert missing(tmp_path, FORK) == (SWITCH,)


REACHING = {
    "hands the call on": (
        (LEAVING, "        await WebSocketHub.leave_room(self, room, client)\n"),
    ),
    "keeps one and hands the call on": (
        ("        self.sent = 0\n", "        self.sent = 0\n        self._hub = WebSocketHub()\n"),
        (LEAVING, "        await self._hub.leave_room(room, client)\n"),
    ),
    "hands the call on through a method of its own": (
        (LEAVING, "        await self._leave(room, client)\n\n"
         "    async def _leave(self, room, client):\n"
         "        await WebSocketHub().leave_room(room, client)\n"),
    ),
    "inherits": (
        ("class WebSocketSwitch:", "class WebSocketSwitch(WebSocketHub):"),
        ("    async def leave_room(self, room, client):\n" + LEAVING + "\n", ""),
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", REACHING)
def test_a_fork_that_comes_to_the_mended_code_lacks_nothing(tmp_path: Path, how: str) -> None:
    assert missing(tmp_path, edited(FORK, *REACHING[how])) == ()


LACKING = {
    "calls it in another method": (
        (
            "        self.sent += 1\n",
            "        self.sent += 1\n        await WebSocketHub().publish(room, payload)\n",
        ),
    ),
    "keeps one for another method": (
        ("        self.sent = 0\n", "        self.sent = 0\n        self._hub = WebSocketHub()\n"),
        ("        await client.accept()\n", "        await self._hub.join_room(room, client)\n"),
    ),
}


@pytest.mark.parametrize("how", LACKING)
def test_a_fork_that_uses_the_mended_class_elsewhere_still_lacks_it(
    tmp_path: Path, how: str
) -> None:
    assert missing(tmp_path, edited(FORK, *LACKING[how])) == (SWITCH,)


def test_a_subclass_that_overrides_it_without_the_fix_lacks_it(tmp_path: Path) -> None:
    fork = edited(FORK, ("class WebSocketSwitch:", "class WebSocketSwitch(WebSocketHub):"))
    assert missing(tmp_path, fork) == (SWITCH,)


def test_a_subclass_that_overrides_it_and_calls_its_base_lacks_nothing(tmp_path: Path) -> None:
    body = LEAVING.replace(
        "self.rooms[room].remove(client)", "await super().leave_room(room, client)"
    )
    fork = edited(
        FORK, ("class WebSocketSwitch:", "class WebSocketSwitch(WebSocketHub):"), (LEAVING, body)
    )
    assert missing(tmp_path, fork) == ()


def test_a_method_that_only_declares_itself_lacks_nothing(tmp_path: Path) -> None:
    fork = edited(FORK, (LEAVING, "        raise NotImplementedError\n"))
    assert missing(tmp_path, fork) == ()
