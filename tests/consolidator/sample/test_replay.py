"""A table that does not fit its tree is refused with the place."""

from datetime import UTC, datetime
from typing import Any

import pytest

from consolidator.sample.history import Change, Commit, Edit, Sweep
from consolidator.sample.replay import HistoryError, Step, replay

EMPTY = Change((), (), (), (), ())


def commit(subject: str, *, branch: str | None = None, merge: str | None = None, **change: Any):
    return Commit(
        author="Ada <ada@example.org>",
        date=datetime(2024, 1, 1, tzinfo=UTC),
        subject=subject,
        kind="other",
        change=Change(**{**vars(EMPTY), **change}),
        body="",
        category=None,
        lives_in=(),
        missing_from=(),
        branch=branch,
        merge=merge,
    )


def trees(steps: list[Step]) -> list[dict[str, str]]:
    return [dict(step.tree) for step in steps]


def test_a_file_is_added_as_it_was_before_its_edits() -> None:
    table = [commit("add", add=("a",)), commit("edit", edits=(Edit("a", "old", "new"),))]
    assert trees(replay({"a": "new"}, {}, table)) == [{"a": "old"}, {"a": "new"}]


def test_a_deleted_file_comes_from_the_attic() -> None:
    table = [commit("add", add=("a", "b")), commit("delete", delete=("b",))]
    steps = replay({"a": "1"}, {"b": "2"}, table)
    assert trees(steps) == [{"a": "1", "b": "2"}, {"a": "1"}]


def test_a_sweep_changes_every_file_that_matches() -> None:
    table = [
        commit("add", add=("a.py", "b.py", "c.md")),
        commit("sweep", sweeps=(Sweep(("*.py",), "x", "y"),)),
    ]
    steps = replay({"a.py": "y y", "b.py": "y", "c.md": "y"}, {}, table)
    assert dict(steps[0].tree) == {"a.py": "x x", "b.py": "x", "c.md": "y"}


def test_a_file_keeps_its_history_through_a_rename() -> None:
    table = [commit("add", add=("a",)), commit("rename", rename=(("a", "b"),))]
    assert trees(replay({"b": "1"}, {}, table)) == [{"a": "1"}, {"b": "1"}]


def test_what_is_on_a_branch_reaches_main_with_the_merge() -> None:
    table = [
        commit("start", add=("a",)),
        commit("work", branch="work", add=("b",)),
        commit("meanwhile", edits=(Edit("a", "1", "2"),)),
        commit("merge", merge="work"),
    ]
    steps = replay({"a": "2", "b": "3"}, {}, table)
    assert [step.parents for step in steps] == [(), (0,), (0,), (2, 1)]
    assert trees(steps)[1:3] == [{"a": "1", "b": "3"}, {"a": "2"}]


def test_a_file_that_nobody_adds_is_refused() -> None:
    with pytest.raises(HistoryError, match="no commit adds"):
        replay({"a": "1"}, {}, [commit("nothing")])


def test_an_edit_that_fits_nowhere_is_refused() -> None:
    table = [commit("add", add=("a",)), commit("edit", edits=(Edit("a", "old", "gone"),))]
    with pytest.raises(HistoryError, match="'edit': a has 0 times 'gone'"):
        replay({"a": "new"}, {}, table)


def test_an_edit_that_fits_twice_is_refused() -> None:
    table = [commit("add", add=("a",)), commit("edit", edits=(Edit("a", "x", "y"),))]
    with pytest.raises(HistoryError, match="a has 2 times 'y'"):
        replay({"a": "y y"}, {}, table)


def test_a_branch_that_is_never_merged_is_refused() -> None:
    table = [commit("start", add=("a",)), commit("work", branch="work", add=("b",))]
    with pytest.raises(HistoryError, match="b"):
        replay({"a": "1", "b": "2"}, {}, [*table, commit("end")])
