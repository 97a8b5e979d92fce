"""Planted truth: histories with known fixes, and what the ledger has to say about each."""

from __future__ import annotations

from pathlib import Path

import pytest
from history_cases import (
    ABSENT,
    COPIED,
    DATES,
    FORK,
    GUARD,
    HERE,
    LOCKED,
    MANAGER,
    THERE,
    edited,
    entry,
    extract,
)
from repositories import RepositoryBuilder

from consolidator.analysis.history.report import unacknowledged
from consolidator.errors import UsageError
from consolidator.plan import Drop, Keep, Move, Plan


@pytest.fixture
def builder(tmp_path: Path) -> RepositoryBuilder:
    builder = RepositoryBuilder(tmp_path / "project")
    builder.commit("start", {"app/websocket/manager.py": MANAGER, "app/websocket/other.py": FORK})
    return builder


def in_manager(builder: RepositoryBuilder, subject: str, text: str) -> None:
    builder.commit(subject, {"app/websocket/manager.py": text})


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        (
            "reformat",
            edited(
                MANAGER,
                ("json.dumps(message)", "json.dumps(\n                message,\n            )"),
            ),
        ),
        (
            "hints",
            edited(
                MANAGER,
                ("(self, user_id, websocket):", "(self, user_id: str, websocket: object) -> None:"),
            ),
        ),
        (
            "words",
            edited(
                MANAGER,
                ("class WebSocketManager:", 'class WebSocketManager:\n    """Sockets."""\n'),
            ),
        ),
        (
            "comment",
            edited(MANAGER, ("    async def send", "    # one at a time\n    async def send")),
        ),
        (
            "log",
            edited(
                MANAGER,
                (
                    "        await websocket.accept()",
                    "        await websocket.accept()\n        logger.info(user_id)",
                ),
            ),
        ),
        ("import", edited(MANAGER, ("import json", "import json\nimport asyncio"))),
        (
            "alias",
            edited(MANAGER, ("import json", "import json\n\nUsers = Dict[str, int]")),
        ),
        (
            "type variable",
            edited(MANAGER, ("import json", "import json\n\nT = TypeVar('T', bound=str)")),
        ),
        ("fix: import order", edited(MANAGER, ("import json", "import json\nfrom a import b"))),
    ],
    ids=lambda value: value if len(str(value)) < 20 else "",
)
def test_what_does_not_act_is_no_fix(builder: RepositoryBuilder, subject: str, text: str) -> None:
    in_manager(builder, subject, text)
    builder.write()
    assert entry(extract(builder.directory), subject).verdict in {"refactor", "docs"}


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        (
            "command line",
            edited(
                MANAGER,
                (
                    "import json",
                    "import json\n\nparser.add_argument('--debug', default=False, help='a b')",
                ),
            ),
        ),
        (
            "types only",
            edited(MANAGER, ("import json", "import json\nif TYPE_CHECKING:\n    import a")),
        ),
        (
            "options taken from arguments",
            edited(
                MANAGER,
                ("(self, user_id, websocket):", "(self, user_id, websocket, **kwargs):"),
                (
                    "await websocket.accept()",
                    "name = kwargs.pop('name', None)\n        await websocket.accept(name)",
                ),
            ),
        ),
        (
            "deprecate",
            edited(
                MANAGER,
                (
                    "        del self.connections[user_id]",
                    "        if user_id is None:\n            warnings.warn('late', DeprecationWarning)\n"
                    "        del self.connections[user_id]",
                ),
            ),
        ),
    ],
    ids=lambda value: value if len(str(value)) < 30 else "",
)
def test_what_is_new_for_its_users_is_no_fix(
    builder: RepositoryBuilder, subject: str, text: str
) -> None:
    in_manager(builder, subject, text)
    builder.write()
    assert entry(extract(builder.directory), subject).verdict != "fix"


def test_a_settings_file_of_documents_is_no_production_code(builder: RepositoryBuilder) -> None:
    guarded = "def websocket(app):\n    if app is None:\n        return\n    app.run()\n"
    builder.commit("docs", {"docs/conf.py": "def websocket(app):\n    app.run()\n"})
    builder.commit("guard", {"docs/conf.py": guarded})
    builder.write()
    assert not extract(builder.directory).fixes


def test_the_same_change_on_another_branch_is_brought_over_from_nowhere(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path)
    path = "app/websocket/manager.py"
    base = builder.commit("start", {path: MANAGER})
    limits = edited(
        MANAGER,
        (
            "            self.counts = {}\n".lstrip(" "),
            "self.counts = {}\n        self.limits = self.read_limits()\n",
        ),
    )
    one = builder.commit("here", {path: limits}, parents=(base,))
    two = builder.commit("there", {path: limits}, parents=(base,), branch="there")
    builder.commit("merge", {path: limits}, parents=(one, two))
    builder.write()
    reasons = [why for commit in extract(tmp_path).commits for why in commit.why]
    assert not any("another copy" in why for why in reasons)


def test_a_moved_file_is_no_fix(builder: RepositoryBuilder) -> None:
    builder.commit("fix: move", {"app/websocket/manager.py": None, "app/websocket/hub.py": MANAGER})
    builder.write()
    assert entry(extract(builder.directory), "fix: move").verdict != "fix"


def test_a_method_that_is_split_is_no_fix(builder: RepositoryBuilder) -> None:
    split = edited(
        MANAGER,
        (
            "            await self.send(user_id, message)\n",
            "            await self.send(user_id, message)\n\n    async def _deliver(self, user_id, message):\n"
            "        websocket = self.connections[user_id]\n"
            "        await websocket.send_text(json.dumps(message))\n        self.counts[user_id] += 1\n",
        ),
        (
            "        websocket = self.connections[user_id]\n        await websocket.send_text(json.dumps(message))\n"
            "        self.counts[user_id] += 1\n\n    async def broadcast",
            "        await self._deliver(user_id, message)\n\n    async def broadcast",
        ),
    )
    in_manager(builder, "fix: smaller methods", split)
    builder.write()
    assert entry(extract(builder.directory), "fix: smaller methods").verdict == "refactor"


@pytest.mark.parametrize(
    ("edit", "category"),
    [
        (GUARD, "leak/lifecycle"),
        (LOCKED, "race/concurrency"),
        (COPIED, "race/concurrency"),
        (ABSENT, "error handling"),
        (DATES, "serialisation"),
    ],
    ids=["guard", "lock", "copy", "absent", "dates"],
)
def test_a_fix_in_one_fork_is_found_whatever_its_subject(
    builder: RepositoryBuilder, edit: tuple[str, str], category: str
) -> None:
    in_manager(builder, "a", edited(MANAGER, edit))
    builder.write()
    found = entry(extract(builder.directory), "a")
    assert found.verdict == "fix"
    assert found.surviving == 1.0
    assert found.lives_in == (HERE,)
    assert found.missing_from == (THERE,)
    assert found.why
    assert found.category in {category, "other"} or category == "leak/lifecycle"


def test_a_fix_is_found_inside_a_sweep(builder: RepositoryBuilder) -> None:
    sweep: dict[str, str | bytes | None] = {
        f"app/part{n}.py": f"import os\nx = {n}\n" for n in range(60)
    }
    builder.commit("style", sweep | {"app/websocket/manager.py": edited(MANAGER, LOCKED)})
    builder.write()
    found = entry(extract(builder.directory), "style")
    assert found.verdict == "fix"
    assert found.symbols == (f"{HERE}.send",)


def test_a_fix_lives_on_through_a_rename_of_its_file_and_class(builder: RepositoryBuilder) -> None:
    fixed = edited(MANAGER, LOCKED)
    in_manager(builder, "a", fixed)
    renamed = edited(fixed, ("class WebSocketManager", "class WebSocketHub"))
    builder.commit(
        "rename", {"app/websocket/manager.py": None, "app/realtime/websocket_hub.py": renamed}
    )
    builder.write()
    found = entry(extract(builder.directory), "a")
    assert found.lives_in == ("app.realtime.websocket_hub.WebSocketHub",)
    assert found.surviving == 1.0


def test_a_fix_that_was_ported_is_missing_nowhere(builder: RepositoryBuilder) -> None:
    in_manager(builder, "a", edited(MANAGER, LOCKED))
    builder.commit("b", {"app/websocket/other.py": edited(FORK, LOCKED)})
    builder.write()
    found = entry(extract(builder.directory), "a")
    assert found.lives_in == (HERE, THERE)
    assert found.missing_from == ()


def test_a_fix_overwritten_in_silence_is_at_risk(builder: RepositoryBuilder) -> None:
    in_manager(builder, "a", edited(MANAGER, LOCKED))
    in_manager(builder, "improve logging", MANAGER)
    builder.write()
    report = extract(builder.directory)
    found = entry(report, "a")
    assert (found.surviving, found.lives_in, found.at_risk) == (0.0, (), True)
    assert report.at_risk == (found,)


def test_a_revert_is_named_and_is_no_fix(builder: RepositoryBuilder, tmp_path: Path) -> None:
    in_manager(builder, "a", edited(MANAGER, LOCKED))
    marks = RepositoryBuilder(tmp_path / "twin")
    marks.commit("start", {"app/websocket/manager.py": MANAGER, "app/websocket/other.py": FORK})
    marks.commit("a", {"app/websocket/manager.py": edited(MANAGER, LOCKED)})
    fix = marks.write()[2]
    in_manager(builder, f'Revert "a"\n\nThis reverts commit {fix}.', MANAGER)
    builder.write()
    report = extract(builder.directory)
    assert entry(report, 'Revert "a"').verdict == "other"
    assert entry(report, "a").reverted_by == entry(report, 'Revert "a"').hash


def test_a_namesake_with_other_code_lacks_nothing(builder: RepositoryBuilder) -> None:
    namesake = "class WebSocketManager:\n    def open(self, door):\n        self.door = door.key\n"
    builder.commit("namesake", {"app/doors.py": namesake})
    in_manager(builder, "a", edited(MANAGER, LOCKED))
    builder.write()
    assert entry(extract(builder.directory), "a").missing_from == (THERE,)


PLAN = Plan(moves=(Move(HERE, "app.unified.Unified"), Move(THERE, "app.unified.Unified")))


def test_the_replacement_that_lacks_a_fix_puts_it_at_risk(builder: RepositoryBuilder) -> None:
    in_manager(builder, "a", edited(MANAGER, LOCKED))
    unified = edited(MANAGER, ("class WebSocketManager", "class Unified"))
    builder.commit("unify", {"app/unified.py": unified})
    builder.write()
    report = extract(builder.directory, PLAN)
    found = entry(report, "a")
    assert found.at_risk
    assert "app.unified.Unified" in found.missing_from
    assert unacknowledged(report, PLAN) == [found]


def test_the_replacement_that_has_a_fix_is_safe(builder: RepositoryBuilder) -> None:
    in_manager(builder, "a", edited(MANAGER, LOCKED))
    unified = edited(MANAGER, ("class WebSocketManager", "class Unified"), LOCKED)
    builder.commit("unify", {"app/unified.py": unified})
    builder.write()
    found = entry(extract(builder.directory, PLAN), "a")
    assert not found.at_risk
    assert "app.unified.Unified" in found.lives_in


@pytest.mark.parametrize("digits", [7, 40])
def test_a_decision_in_the_plan_acknowledges_a_fix(builder: RepositoryBuilder, digits: int) -> None:
    in_manager(builder, "a", edited(MANAGER, LOCKED))
    builder.write()
    report = extract(builder.directory, PLAN)
    name = entry(report, "a").hash[:digits]
    kept = Plan(moves=PLAN.moves, keeps=(Keep(name),))
    dropped = Plan(moves=PLAN.moves, drops=(Drop(name, "the replacement needs no lock"),))
    assert len(unacknowledged(report, PLAN)) == 1
    assert unacknowledged(report, kept) == unacknowledged(report, dropped) == []


def test_versions_that_do_not_parse_are_listed_and_stop_nothing(builder: RepositoryBuilder) -> None:
    in_manager(builder, "broken", "class WebSocketManager(:\n")
    in_manager(builder, "a", edited(MANAGER, LOCKED))
    builder.write()
    report = extract(builder.directory)
    assert [item.path for item in report.skipped] == ["app/websocket/manager.py"]
    assert entry(report, "start").verdict == "feature"


def test_a_merge_is_judged_by_what_no_parent_had(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path)
    path = "app/websocket/manager.py"
    base = builder.commit("base", {path: MANAGER})
    left = builder.commit("left", {path: edited(MANAGER, COPIED)}, parents=(base,))
    right = builder.commit("right", {path: edited(MANAGER, GUARD)}, parents=(base,), branch="right")
    both = edited(MANAGER, COPIED, GUARD)
    merged = builder.commit("merge", {path: both}, parents=(left, right))
    builder.commit("evil merge", {path: edited(both, LOCKED)}, parents=(merged, right))
    builder.write()
    report = extract(tmp_path)
    assert entry(report, "merge").verdict != "fix"
    assert entry(report, "left").surviving == entry(report, "right").surviving == 1.0


def test_an_empty_repository_has_an_empty_report(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path)
    builder.write_empty()
    report = extract(tmp_path)
    assert (report.revision, report.commits) == ("", ())


def test_dates_and_limits_choose_what_is_reported(builder: RepositoryBuilder) -> None:
    in_manager(builder, "second", edited(MANAGER, LOCKED))
    in_manager(builder, "third", edited(MANAGER, LOCKED, COPIED))
    builder.write()
    assert [c.subject for c in extract(builder.directory, limit=1).commits] == ["third"]
    assert [c.subject for c in extract(builder.directory, since="2025-01-04").commits] == ["third"]
    assert [c.subject for c in extract(builder.directory, until="2025-01-02").commits] == ["start"]
    with pytest.raises(UsageError, match="--since"):
        extract(builder.directory, since="lately")
    with pytest.raises(UsageError, match="names no commit"):
        extract(builder.directory, rev="nowhere")


def test_paths_limit_what_is_looked_at(builder: RepositoryBuilder) -> None:
    in_manager(builder, "a", edited(MANAGER, LOCKED))
    builder.write()
    subjects = [
        c.subject for c in extract(builder.directory, paths=("app/websocket/other.py",)).commits
    ]
    assert subjects == ["start"]


def test_a_file_that_is_now_written_as_a_whole_or_not_at_all_is_a_fix(
    builder: RepositoryBuilder,
) -> None:
    plain = (
        "import os\n\n\nclass WebSocketManager:\n    def keep(self, text):\n"
        "        with open(self.path, 'w') as stream:\n            stream.write(text)\n"
    )
    whole = plain.replace("open(self.path,", "open(self.path + '.new',") + (
        "            os.fsync(stream.fileno())\n        os.replace(self.path + '.new', self.path)\n"
    )
    in_manager(builder, "keep what was said", plain)
    in_manager(builder, "write", whole)
    builder.write()
    found = entry(extract(builder.directory), "write")
    assert found.verdict == "fix"
    assert any("all of it or nothing" in reason for reason in found.why)
