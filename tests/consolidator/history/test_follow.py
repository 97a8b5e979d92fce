"""A class is followed through other names and other files, forwards and backwards."""

from __future__ import annotations

from pathlib import Path

import pytest
from history_cases import DATES, GUARD, HERE, LOCKED, MANAGER, edited, entry, extract
from repositories import RepositoryBuilder

from consolidator.plan import Move, Plan

PATH = "app/websocket/manager.py"
FIXED = edited(MANAGER, LOCKED)


def silent(text: str, name: str = "Hub") -> str:
    """The same class without the word that is matched."""
    return text.replace("WebSocketManager", name).replace("websocket", "conn")


@pytest.fixture
def builder(tmp_path: Path) -> RepositoryBuilder:
    builder = RepositoryBuilder(tmp_path)
    builder.commit("start", {PATH: MANAGER})
    builder.commit("first fix", {PATH: FIXED})
    return builder


def test_fixes_made_under_an_earlier_name_and_path_are_found_from_the_name_in_the_plan(
    builder: RepositoryBuilder,
) -> None:
    builder.commit("move", {PATH: None, "core/hub.py": FIXED})
    builder.commit("rename", {"core/hub.py": silent(FIXED)})
    builder.commit("second fix", {"core/hub.py": silent(edited(FIXED, DATES))})
    builder.commit("unify", {"core/unified.py": silent(MANAGER, "Unified")})
    builder.write()
    report = extract(builder.directory, Plan(moves=(Move("core.hub.Hub", "core.unified.Unified"),)))
    assert {fix.subject for fix in report.at_risk} == {"first fix", "second fix"}
    for fix in report.at_risk:
        assert fix.lives_in == ("core.hub.Hub",)
        assert fix.missing_from == ("core.unified.Unified",)


def test_a_class_renamed_to_something_that_no_longer_matches_still_holds_its_fixes(
    builder: RepositoryBuilder,
) -> None:
    builder.commit("move and rename", {PATH: None, "core/hub.py": silent(FIXED)})
    builder.commit("second fix", {"core/hub.py": silent(edited(FIXED, DATES))})
    builder.write()
    report = extract(builder.directory)
    assert {fix.subject: fix.lives_in for fix in report.fixes} == {
        "first fix": ("core.hub.Hub",),
        "second fix": ("core.hub.Hub",),
    }
    assert entry(report, "move and rename").verdict == "refactor"


def test_methods_split_off_into_a_class_of_another_name_take_their_fixes_along(
    builder: RepositoryBuilder,
) -> None:
    top, bottom = FIXED.split("    async def send")
    builder.commit(
        "split",
        {
            PATH: top.replace("WebSocketManager:", "WebSocketManager(Sender):"),
            "core/sender.py": silent(f"class Sender:\n    async def send{bottom}"),
        },
    )
    builder.write()
    report = extract(builder.directory)
    assert entry(report, "first fix").lives_in == ("core.sender.Sender",)
    assert entry(report, "split").verdict == "refactor"


def test_a_copy_under_another_name_that_lacks_a_later_fix_is_named(
    builder: RepositoryBuilder,
) -> None:
    builder.commit("copy", {"core/hub.py": silent(FIXED).replace("conn", "websocket")})
    builder.commit("second fix", {PATH: edited(FIXED, DATES)})
    builder.write()
    found = entry(extract(builder.directory), "second fix")
    assert found.lives_in == (HERE,)
    assert found.missing_from == ("core.hub.Hub",)


def test_a_fix_made_while_file_and_class_get_other_names_is_still_a_fix(
    builder: RepositoryBuilder,
) -> None:
    renamed = edited(FIXED, GUARD).replace("WebSocketManager", "Hub")
    builder.commit("rename", {PATH: None, "core/hub.py": renamed})
    builder.write()
    found = entry(extract(builder.directory), "rename")
    assert found.verdict == "fix"
    assert found.lives_in == ("core.hub.Hub",)


def test_a_class_that_merely_appears_beside_a_change_is_no_relative(
    builder: RepositoryBuilder,
) -> None:
    other = (
        "class Report:\n    def total(self, rows):\n        return sum(row.amount for row in rows)\n\n"
        "    def title(self, rows):\n        return f'{len(rows)} rows of {self.name}'\n"
    )
    builder.commit("second fix", {PATH: edited(FIXED, DATES), "core/report.py": other})
    builder.write()
    assert extract(builder.directory).family == (HERE,)
