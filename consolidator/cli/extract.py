"""`consolidator extract`."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType

from consolidator.adapters.files import check_root
from consolidator.analysis.history.report import ExtractReport, unacknowledged
from consolidator.cli.common import (
    Format,
    FormatOption,
    Jobs,
    NoCache,
    Output,
    PlanFile,
    Quiet,
    Root,
    conclude,
    new_app,
    open_plan,
    say,
)
from consolidator.cli.extraction import extraction
from consolidator.errors import ToolError
from consolidator.render.document import dumps
from consolidator.render.extract import to_json, to_text
from consolidator.render.extract_html import to_html
from consolidator.render.extract_markdown import to_markdown
from consolidator.workflow.extract import DEFAULT_MATCH, Selection

app = new_app()

RENDERERS: dict[Format, Callable[[ExtractReport], str | RenderableType]] = {
    Format.text: to_text,
    Format.json: lambda report: dumps(to_json(report)),
    Format.md: to_markdown,
    Format.html: to_html,
}


@app.command()
def extract(
    root: Root = Path(),
    plan_file: PlanFile = None,
    match: Annotated[
        str | None,
        typer.Option(
            "--match",
            help="Text in paths or class names [default: the classes of the plan, "
            f"else {DEFAULT_MATCH!r}]",
        ),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", help="Oldest commit date, like 2025-09-01.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Newest commit date, that day included.")
    ] = None,
    rev: Annotated[
        str | None, typer.Option("--rev", help="Revision asked about [default: HEAD]")
    ] = None,
    paths: Annotated[
        list[str] | None,
        typer.Option("--paths", help="Only files matching this glob (repeatable)."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Report only the newest so many commits.")
    ] = None,
    form: FormatOption = Format.text,
    output: Output = None,
    jobs: Jobs = None,
    no_cache: NoCache = False,
    quiet: Quiet = False,
) -> None:
    """Which commits in the history were fixes worth keeping, where each lives now, who lacks it.

    The diff decides, not the subject. A fix that the plan's replacement lacks, or that was lost, comes first; then those that some copy
    lacks; those whose code was rewritten since stand apart.
    `--format md` writes `extraction_report_websocket.md` (named after what was matched) into the
    current folder, unless `--output` names another file.

    **Example:** `consolidator extract . --match websocket --format md`

    **Exit codes:** 0 no fix is at risk, or the plan names each under `[[keep]]` or `[[drop]]` · 1 some
    fix is missing from the replacement or, without a plan, lives nowhere any more although the code that it mended still
    stands · 2 bad usage or plan · 3 not a git repository, or a broken one.
    """
    check_root(root)
    plan = open_plan(root, plan_file)
    selection = Selection(match, since, until, rev, tuple(paths or ()), limit)
    report = extraction(root, plan, selection, jobs, no_cache=no_cache)
    if report is None:
        raise ToolError(f"{root}: is not inside a git repository; `extract` reads its history")
    if form is Format.md and output is None:
        output = Path(f"extraction_report_{_slug(match or DEFAULT_MATCH)}.md")
        say(f"report: {output}", quiet=quiet)
    findings = bool(unacknowledged(report, plan))
    conclude(RENDERERS[form](report), output, findings=findings)


def _slug(text: str) -> str:
    return re.sub(r"\W+", "_", text.lower()).strip("_") or DEFAULT_MATCH
