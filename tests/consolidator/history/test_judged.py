"""Going on from what an earlier run judged gives what judging all of it gives, whatever came in between."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted_history import plant
from repositories import git

from consolidator.adapters.git import Repository, open_repository
from consolidator.adapters.git_reading import CommitReader
from consolidator.adapters.report_cache import JudgedCache
from consolidator.analysis.history.family import Scope
from consolidator.analysis.history.outline import FileOutline
from consolidator.analysis.history.records import Edits, Task
from consolidator.analysis.history.report import ExtractReport
from consolidator.plan import Move, Plan
from consolidator.workflow.extract import Selection, run

LAW_EXAMPLES = int(os.environ.get("LAW_EXAMPLES", "6"))
IDENTITY = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
STEPS = 30
PLANS = (
    Plan(),
    Plan(
        moves=(
            Move(
                source="app.a.websocket_user.UserManager",
                target="app.b.websocket_thread.ThreadManager",
            ),
        )
    ),
)


class CountingReader(CommitReader):
    """Notes how many commits it was asked about."""

    asked = 0

    def read(
        self,
        scope: Scope,
        tasks: Sequence[Task],
        files: Mapping[str, str],
        kin: Mapping[str, frozenset[str]],
    ) -> tuple[Iterator[Edits], Iterator[tuple[str, FileOutline]]]:
        self.asked = len(tasks)
        return super().read(scope, tasks, files, kin)


def opened(root: Path) -> Repository:
    repository = open_repository(root)
    assert repository is not None
    return repository


def ask(
    root: Path, revision: str, plan: Plan, judged: JudgedCache | None = None
) -> tuple[ExtractReport, int]:
    repository = opened(root)
    reader = CountingReader(repository, 1, cache=False)
    report = run(
        repository.root,
        history=repository,
        reader=reader,
        selection=Selection("websocket", rev=revision),
        plan=plan,
        judged=judged,
    )
    return report, reader.asked


def committed(root: Path, path: str, text: str, *options: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)
    git(root, "add", path)
    git(root, *IDENTITY, "commit", "--quiet", "--allow-empty", "-m", "a", *options)


def change(root: Path, what: str) -> None:
    """Does something to the tip that a user would do between two runs."""
    (manager, *_) = sorted((root / "app").rglob("websocket_*.py"))
    name = manager.relative_to(root).as_posix()
    text = manager.read_text()
    match what:
        case "mend":
            committed(root, name, text.replace("self.sent += 1", "self.sent = self.sent + 1"))
        case "amend":
            committed(root, name, text + "\n\nLIMIT = 3\n", "--amend")
        case "reset":
            git(root, "reset", "--quiet", "--hard", "HEAD~2")
        case "rename":
            git(root, "mv", name, name.replace("websocket_", "websocket_new_"))
            git(root, *IDENTITY, "commit", "--quiet", "-m", "Move")
        case "stranger":
            committed(root, "app/stranger.py", text.replace("Manager", "Hub"))
        case "join":
            (root / "app/stranger.py").unlink(missing_ok=True)
            committed(root, "app/stranger.py", text.replace("Manager", "WebSocketHub"))
        case "merge":
            git(root, "checkout", "--quiet", "-b", f"side{len(text)}", "HEAD~3")
            committed(root, "app/side.py", text.replace("Manager", "WebSocketSide"))
            git(root, "checkout", "--quiet", "main")
            git(root, *IDENTITY, "merge", "--quiet", "-m", "Merge", f"side{len(text)}")
        case "delete":
            git(root, "rm", "--quiet", name)
            git(root, *IDENTITY, "commit", "--quiet", "-m", "Remove")
        case _:
            committed(root, "app/broken_websocket.py", "class Broken(:\n")


CHANGES = ("mend", "amend", "reset", "rename", "stranger", "join", "merge", "delete", "break")


@settings(max_examples=LAW_EXAMPLES, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    ages=st.lists(st.integers(0, STEPS), max_size=3),
    changes=st.lists(st.sampled_from(CHANGES), max_size=4, unique=True),
    plans=st.lists(st.sampled_from(PLANS), min_size=1, max_size=2),
)
def test_going_on_from_any_earlier_run_gives_what_a_first_run_gives(
    seed: int, ages: list[int], changes: list[str], plans: list[Plan]
) -> None:
    with TemporaryDirectory() as folder:
        root = plant(Path(folder) / "project", seed, STEPS).directory
        judged = JudgedCache(Path(folder) / "kept")
        for plan in plans:
            for age in ages:
                commits = git(root, "rev-list", "HEAD").decode().split()
                revision = commits[-min(1 + STEPS - age, len(commits))]
                assert ask(root, revision, plan, judged)[0] == ask(root, revision, plan)[0]
        for what in changes:
            change(root, what)
            for plan in plans:
                assert ask(root, "HEAD", plan, judged)[0] == ask(root, "HEAD", plan)[0], what


@pytest.mark.parametrize(("what", "read"), [("mend", 1), ("rename", 1), ("merge", 1)])
def test_only_the_commits_that_are_new_are_read_and_judged(
    tmp_path: Path, what: str, read: int
) -> None:
    root = plant(tmp_path / "project", 7, STEPS).directory
    judged = JudgedCache(tmp_path / "kept")
    every = ask(root, "HEAD", Plan(), judged)[1]
    assert ask(root, "HEAD", Plan(), judged)[1] == 0 < every
    change(root, what)
    report, asked = ask(root, "HEAD", Plan(), judged)
    assert asked == read
    assert report == ask(root, "HEAD", Plan())[0]


@pytest.mark.parametrize("what", ["amend", "reset"])
def test_a_history_that_was_rewritten_is_judged_anew(tmp_path: Path, what: str) -> None:
    root = plant(tmp_path / "project", 7, STEPS).directory
    judged = JudgedCache(tmp_path / "kept")
    ask(root, "HEAD", Plan(), judged)
    change(root, what)
    report, asked = ask(root, "HEAD", Plan(), judged)
    assert asked > 2
    assert report == ask(root, "HEAD", Plan())[0]


def test_an_old_file_that_joins_the_family_brings_its_history_with_it(tmp_path: Path) -> None:
    root = plant(tmp_path / "project", 7, STEPS).directory
    judged = JudgedCache(tmp_path / "kept")
    change(root, "stranger")
    change(root, "mend")
    ask(root, "HEAD", Plan(), judged)
    change(root, "join")
    report, asked = ask(root, "HEAD", Plan(), judged)
    assert asked > 2
    assert report == ask(root, "HEAD", Plan())[0]
