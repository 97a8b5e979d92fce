"""Copies whose methods do the same job under other names."""

from __future__ import annotations

from pathlib import Path

import pytest
from history_cases import HUB, edited, entry, extract
from repositories import RepositoryBuilder

OTHER_NAMES = (
    ("class WebSocketHub", "class WebSocketSwitch"),
    ("join_room", "attach"),
    ("leave_room", "detach"),
    ("publish", "push_to_members"),
)
GUARD = "        if room not in self.rooms:\n            return\n        self.rooms[room].remove(client)\n"
FIXED = edited(HUB, ("        self.rooms[room].remove(client)\n", GUARD))
HERE, THERE = "app.websocket.hub.WebSocketHub", "app.websocket.switch.WebSocketSwitch"


def history(folder: Path, copy: str) -> RepositoryBuilder:
    builder = RepositoryBuilder(folder)
    builder.commit("start", {"app/websocket/hub.py": HUB, "app/websocket/switch.py": copy})
    builder.commit("a", {"app/websocket/hub.py": FIXED})
    builder.write()
    return builder


def test_a_copy_whose_method_has_another_name_lacks_what_was_put_in(tmp_path: Path) -> None:
    fix = entry(extract(history(tmp_path, edited(HUB, *OTHER_NAMES)).directory), "a")
    assert (fix.lives_in, fix.missing_from) == ((HERE,), (THERE,))


@pytest.mark.parametrize(
    "guard",
    [
        "        if room not in self.rooms:\n            return\n",
        "        if room not in self._rooms:\n            return None\n",
        "        if room not in self.rooms:\n            raise KeyError(room)\n",
    ],
)
def test_a_copy_that_has_the_like_under_another_name_lacks_nothing(
    tmp_path: Path, guard: str
) -> None:
    line = "        self.rooms[room].remove(client)\n"
    copy = edited(HUB, (line, guard + line), *OTHER_NAMES)
    assert entry(extract(history(tmp_path, copy).directory), "a").missing_from == ()


def test_where_two_methods_could_do_the_job_nothing_is_said(tmp_path: Path) -> None:
    more = "\n    async def drop_quietly(self, room, client):\n        self.rooms[room].remove(client)\n"
    copy = edited(HUB, *OTHER_NAMES, ("self.rooms[room].remove(client)", "self.seats.free(client)"))
    copy += more.replace("self.rooms[room].remove(client)", "self.other.free(client)")
    assert entry(extract(history(tmp_path, copy).directory), "a").missing_from == ()


def test_a_method_that_both_classes_have_is_nobody_elses(tmp_path: Path) -> None:
    copy = edited(HUB, ("class WebSocketHub", "class WebSocketSwitch"))
    copy = edited(copy, ("        self.rooms[room].remove(client)\n", GUARD))
    copy += "\n    async def drop(self, room, client):\n        self.gone.add(client)\n"
    assert entry(extract(history(tmp_path, copy).directory), "a").missing_from == ()
