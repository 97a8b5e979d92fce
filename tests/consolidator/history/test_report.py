"""How a report is kept and shown."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from repositories import RepositoryBuilder
from rich.console import Console

from consolidator.adapters.git import Repository, open_repository
from consolidator.adapters.git_reading import CommitReader
from consolidator.adapters.report_cache import ReportCache
from consolidator.analysis.history.report import ExtractReport
from consolidator.plan import Keep, Move, Plan
from consolidator.render.document import dumps
from consolidator.render.extract import to_json, to_text
from consolidator.render.extract_html import to_html
from consolidator.render.extract_markdown import to_markdown
from consolidator.workflow.extract import Selection, run

BEFORE = "class WebSocketManager:\n    async def send(self, user):\n        await self.sockets[user].send()\n"
AFTER = BEFORE.replace("        await", "        async with self.lock:\n            await")
KEYS = {
    *("hash", "date", "author", "subject", "verdict", "score", "why", "category", "paths"),
    *("symbols", "surviving", "lives_in", "missing_from", "tests"),
}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    builder = RepositoryBuilder(tmp_path / "project")
    builder.commit("start", {"app/websocket.py": BEFORE})
    builder.commit("<b>a</b> | `x`", {"app/websocket.py": AFTER})
    builder.commit("gone", {"app/websocket.py": BEFORE})
    builder.write()
    opened = open_repository(builder.directory)
    assert opened is not None
    return opened


def ask(repository: Repository, cache: ReportCache | None = None) -> ExtractReport:
    chosen = Selection()
    return run(
        repository.root,
        history=repository,
        reader=CommitReader(repository, 1, cache=False),
        selection=chosen,
        plan=Plan(),
        reports=cache,
    )


def test_json_has_the_keys_of_the_contract(repository: Repository) -> None:
    shown = to_json(ask(repository))
    assert list(shown)[:4] == ["schema", "root", "files", "skipped"]
    assert all(set(commit) >= KEYS for commit in shown["commits"])
    assert shown["commits"][1]["date"] == "2025-01-03T00:00:00+00:00"


def test_the_page_begins_with_what_is_at_risk(repository: Repository) -> None:
    text = to_markdown(ask(repository))
    risk, rest = text.index("## Fixes at risk"), text.index("## Class by class")
    assert risk < text.index("takes a lock in WebSocketManager.send") < rest
    assert "| `" in text[text.index("## Left out") :]


def test_subjects_can_break_neither_page(repository: Repository) -> None:
    report = ask(repository)
    assert "<b>a</b>" not in to_markdown(report)
    assert "<b>a</b>" not in to_html(report)


def test_a_kept_answer_is_the_same_to_the_byte(repository: Repository, tmp_path: Path) -> None:
    cache = ReportCache(tmp_path / "cache")
    fresh = dumps(to_json(ask(repository)))
    assert dumps(to_json(ask(repository, cache))) == fresh
    assert len(list(tmp_path.glob("cache/*/*"))) == 1
    assert dumps(to_json(ask(repository, cache))) == fresh


def test_a_damaged_answer_is_found_again(repository: Repository, tmp_path: Path) -> None:
    cache = ReportCache(tmp_path / "cache")
    fresh = ask(repository, cache)
    for path in tmp_path.glob("cache/*/*"):
        path.write_bytes(b"\xc1 damaged")
    assert ask(repository, cache) == fresh


def test_without_a_place_to_keep_it_the_answer_is_given(
    repository: Repository, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    assert ask(repository, ReportCache(tmp_path / "file")).fixes


def test_a_fix_is_shown_with_the_file_and_line_of_the_function_that_holds_it(
    tmp_path: Path,
) -> None:
    builder = RepositoryBuilder(tmp_path)
    builder.commit("start", {"app/websocket.py": BEFORE})
    builder.commit("a", {"app/websocket.py": "import asyncio\n\n\n" + AFTER})
    builder.write()
    opened = open_repository(tmp_path)
    assert opened is not None
    report = ask(opened)
    (fix,) = report.fixes
    assert [(place.path, place.line, place.symbol) for place in fix.places] == [
        ("app/websocket.py", 5, "app.websocket.WebSocketManager.send")
    ]
    console = Console(width=80, file=StringIO())
    console.print(to_text(report))
    for text in (to_html(report), console.file.getvalue()):  # type: ignore[attr-defined]
        assert "app/websocket.py:5" in text


def test_what_the_plan_left_open_comes_before_what_it_decided(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path)
    builder.commit("start", {"app/websocket.py": BEFORE})
    builder.commit("a", {"app/websocket.py": AFTER})
    fixed = AFTER.replace("[user].send()", ".pop(user, None).send()")
    builder.commit("b", {"app/websocket.py": fixed})
    builder.commit("new", {"app/new.py": "class Unified:\n    pass\n"})
    first = builder.write()[2]
    opened = open_repository(tmp_path)
    assert opened is not None
    plan = Plan(
        moves=(Move("app.websocket.WebSocketManager", "app.new.Unified"),), keeps=(Keep(first),)
    )
    report = run(
        tmp_path,
        history=opened,
        reader=CommitReader(opened, 1, cache=False),
        selection=Selection(),
        plan=plan,
    )
    assert [entry.subject for entry in report.at_risk] == ["b", "a"]
    assert "(kept)" in to_markdown(report)
    assert "(kept)" in to_html(report)
