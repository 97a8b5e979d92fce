"""What a subject may add to what the diff says, and when it is believed at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from history_cases import entry, extract
from repositories import RepositoryBuilder

from consolidator.analysis.history.verdict import subjects_speak

HUB = """
class WebSocketHub:
    def __init__(self):
        self.queue = []

    def take(self, client):
        message = self.queue.pop()
        self.count(message)

    def headers(self, event):
        headers = [b"host", event.host]
        self.push(headers)
"""
ANSWERS = ("        self.count(message)\n", "        self.count(message)\n        return message\n")
PAIRS = ('[b"host", event.host]', '[(b"host", event.host)]')
RENAMED = ("self.push(headers)", "self.push(event, headers)")


@pytest.mark.parametrize(
    ("sentences", "others", "believed"), [(4, 0, True), (3, 1, True), (2, 2, False), (0, 3, False)]
)
def test_subjects_are_believed_where_three_of_four_are_sentences(
    sentences: int, others: int, believed: bool
) -> None:
    subjects = ["Close the socket twice"] * sentences + ["a", "wip", "fix: x"][:others]
    assert subjects_speak(subjects) is believed


def verdict(folder: Path, subject: str, *edits: tuple[str, str], speaks: bool = True) -> str:
    changed = HUB
    for old, new in edits:
        assert changed.count(old) == 1
        changed = changed.replace(old, new)
    builder = RepositoryBuilder(folder)
    start = "Start with a hub for sockets" if speaks else "a"
    builder.commit(start, {"app/websocket/hub.py": HUB})
    builder.commit(subject, {"app/websocket/hub.py": changed})
    builder.write()
    return entry(extract(builder.directory), subject).verdict


@pytest.mark.parametrize("edit", [ANSWERS, PAIRS])
def test_an_answer_and_another_shape_of_a_value_are_fixes_where_a_sentence_says_so(
    tmp_path: Path, edit: tuple[str, str]
) -> None:
    assert verdict(tmp_path, "Fix what the hub gives back", edit) == "fix"


@pytest.mark.parametrize(
    "subject",
    ["Refactor what the hub gives back", "Add what the hub gives back", "Tidy up the hub a little"],
)
def test_the_same_is_no_fix_where_a_sentence_says_something_else(
    tmp_path: Path, subject: str
) -> None:
    assert verdict(tmp_path, subject, RENAMED) != "fix"


def test_a_fix_word_alone_makes_no_fix_of_what_does_not_act(tmp_path: Path) -> None:
    edit = ("        self.queue = []\n", '        """Fixed."""\n        self.queue = []\n')
    assert verdict(tmp_path, "Fix the hub for good", edit) != "fix"
