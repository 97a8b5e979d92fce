"""`consolidator plan`: a draft `consolidation.toml` from the duplicates found."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from consolidator.adapters.files import check_root
from consolidator.analysis.draft import draft_plan
from consolidator.analysis.duplicates import MIN_SCORE, Report, find_duplicates
from consolidator.analysis.factories import factories_of
from consolidator.cli.common import (
    Jobs,
    Match,
    MinScore,
    NoCache,
    Quiet,
    Root,
    new_app,
    open_plan,
    open_tree,
    say,
    say_skipped,
    writable,
    write,
)
from consolidator.errors import ToolError, UsageError
from consolidator.plan import PLAN_NAME, parse_plan
from consolidator.render.document import document, dumps
from consolidator.wording import counted

app = new_app()
_DOTTED = re.compile(r"^[^\W\d]\w*(\.[^\W\d]\w*)+$")


class PlanFormat(StrEnum):
    text = "text"
    json = "json"


@app.command()
def plan(
    root: Root = Path("."),
    match: Match = None,
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to",
            help="Canonical class, in ROOT or installed: QUALNAME where one family is chosen, "
            "else FAMILY=QUALNAME. Repeatable.",
        ),
    ] = None,
    min_score: MinScore = MIN_SCORE,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            "--plan",
            metavar="FILE",
            help="File to write [default: ROOT/consolidation.toml].",
        ),
    ] = None,
    form: Annotated[
        PlanFormat, typer.Option("--format", help="How to say what was drafted.")
    ] = PlanFormat.text,
    force: Annotated[
        bool, typer.Option("--force", help="Write over a plan that is there.")
    ] = False,
    jobs: Jobs = None,
    no_cache: NoCache = False,
    quiet: Quiet = False,
) -> None:
    """Draft a plan: move every duplicate to the class that stays.

    A `[[move]]` for each class of the families that `duplicates` finds, and for the functions that
    return one; method renames where the bodies or signatures are the same. What it can't know is a
    comment with the word "uncertain". Nothing but the plan file is written.

    **Example:** `consolidator plan . --match '*WebSocketManager' --to unified_runtime.UnifiedWebSocketManager`

    **Exit codes:** 0 written, or nothing found · 2 bad usage, or a plan is there already · 3 ROOT can't be read.
    """
    check_root(root)
    target = writable(output or root / PLAN_NAME)
    if target.exists() and not force:
        raise UsageError(f"{target}: is there already (--force writes over it)")
    tree = open_tree(root, open_plan(root, None), jobs, no_cache)
    report = find_duplicates(tree, match=match or (), min_score=min_score)
    skipped = tree.skipped()
    say_skipped(skipped, quiet=quiet)
    if not report.families:
        say(f"No family of duplicates found; {target} was not written.", quiet=quiet)
        if form is PlanFormat.json:
            frame = document(str(root), len(tree.paths), skipped, plan="", moves=0, uncertain=0)
            write(dumps(frame), None)
        return
    members = [member.qualname for family in report.families for member in family.members]
    draft = draft_plan(report, _targets(to or [], report), factories_of(tree, members))
    parse_plan(draft.text, str(target))
    try:
        target.write_text(draft.text, "utf-8")
    except OSError as error:
        raise ToolError(f"{target}: can't be written: {error.strerror}") from error
    counts = {"plan": str(target), "moves": draft.moves, "uncertain": draft.uncertain}
    frame = document(str(root), len(tree.paths), skipped, **counts)
    write(dumps(frame) if form is PlanFormat.json else f"{target}\n", None)
    say(
        f"{counted(draft.moves, 'move')} from {counted(len(report.families), 'family', 'families')}; "
        f"{counted(draft.uncertain, 'comment')} "
        f"{'says' if draft.uncertain == 1 else 'say'} "
        '"uncertain": decide them, then run `consolidator audit`.',
        quiet=quiet,
    )


def _targets(given: list[str], report: Report) -> dict[str, str]:
    targets: dict[str, str] = {}
    names = [family.name for family in report.families]
    for text in given:
        family, _, qualname = text.rpartition("=")
        if not _DOTTED.match(qualname):
            raise UsageError(f"--to {text}: expected a dotted name such as app.module.Class")
        if not family and len(names) != 1:
            raise UsageError(
                f"--to {text}: {len(names)} families are chosen ({', '.join(names[:10])}); "
                "say --to FAMILY=QUALNAME, or choose one with --match"
            )
        family = family or names[0]
        if family not in names:
            raise UsageError(f"--to {text}: no chosen family is called {family!r}")
        targets[family] = qualname
    return targets
