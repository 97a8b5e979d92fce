"""Without a plan: what was lost, what only some copy has, and what was given up with its code."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from history_cases import ABSENT, FORK, GUARD, HERE, LOCKED, MANAGER, THERE, edited, entry, extract
from repositories import RepositoryBuilder
from rich.console import Console

from consolidator.analysis.history.report import ExtractReport
from consolidator.render.extract import to_text
from consolidator.render.extract_html import to_html
from consolidator.render.extract_markdown import to_markdown

PATH = "app/websocket/manager.py"
REWRITTEN = """
class WebSocketManager:
    def __init__(self, broker):
        self.broker = broker

    async def send(self, user_id, message):
        await self.broker.enqueue(Address(user_id), Envelope.of(message))
"""


def history(folder: Path, *texts: str, **others: str) -> ExtractReport:
    builder = RepositoryBuilder(folder)
    builder.commit("start", {PATH: MANAGER, **others})
    for number, text in enumerate(texts):
        builder.commit(f"step {number}", {PATH: text})
    builder.write()
    return extract(folder)


@pytest.mark.parametrize("edit", [GUARD, LOCKED, ABSENT], ids=["guard", "lock", "absent"])
def test_a_fix_whose_code_stands_without_it_is_at_risk(
    tmp_path: Path, edit: tuple[str, str]
) -> None:
    report = history(tmp_path, edited(MANAGER, edit), MANAGER)
    assert [fix.subject for fix in report.at_risk] == ["step 0"]
    assert not report.superseded


def test_a_fix_whose_code_was_rewritten_stands_apart(tmp_path: Path) -> None:
    report = history(tmp_path, edited(MANAGER, LOCKED), REWRITTEN)
    assert not report.at_risk
    assert [fix.subject for fix in report.superseded] == ["step 0"]
    assert "## Superseded" in to_markdown(report)
    for text in (shown(report), to_html(report)):
        assert "1 fix lives nowhere any more" in text


def test_a_fix_that_one_copy_has_is_uneven_and_comes_before_the_others(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path)
    builder.commit("start", {PATH: MANAGER, "app/websocket/other.py": FORK})
    builder.commit("a", {PATH: edited(MANAGER, LOCKED)})
    builder.write()
    report = extract(tmp_path)
    (fix,) = report.uneven
    assert (fix.lives_in, fix.missing_from) == ((HERE,), (THERE,))
    for text in (shown(report), to_html(report), to_markdown(report)):
        assert "Fixes that some copy lacks" in text


def test_a_fix_made_again_on_another_branch_is_one_fix(tmp_path: Path) -> None:
    fixed = edited(MANAGER, LOCKED)
    builder = RepositoryBuilder(tmp_path)
    base = builder.commit("start", {PATH: MANAGER})
    one = builder.commit("here", {PATH: fixed}, parents=(base,), author=b"Ada <a@b>")
    two = builder.commit(
        "[1.2] here", {PATH: fixed}, parents=(base,), branch="old", author=b"Bob <b@c>"
    )
    builder.commit("merge", {PATH: fixed}, parents=(one, two))
    builder.write()
    report = extract(tmp_path)
    (fix,) = report.fixes
    others = {commit.hash for commit in report.commits if "again" in " ".join(commit.why)}
    assert set(fix.copies) == others
    assert len(others) == 1


def test_a_fix_made_again_after_it_was_lost_is_a_fix_of_its_own(tmp_path: Path) -> None:
    fixed = edited(MANAGER, LOCKED)
    report = history(tmp_path, fixed, MANAGER, fixed)
    assert entry(report, "step 2").verdict == "fix"


def shown(report: ExtractReport) -> str:
    console = Console(width=80, file=StringIO())
    console.print(to_text(report))
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]
