"""`consolidator duplicates`: which classes are the same thing written more than once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from consolidator.analysis.duplicates import MIN_SCORE, find_duplicates
from consolidator.cli.common import (
    Format,
    FormatOption,
    Jobs,
    NoCache,
    Output,
    PlanFile,
    Quiet,
    Root,
    new_app,
    open_plan,
    open_tree,
    say,
    write,
)
from consolidator.render import duplicates as render
from consolidator.render.document import dumps
from consolidator.render.duplicates_page import to_html

app = new_app()


@app.command()
def duplicates(
    root: Root = Path("."),
    match: Annotated[
        list[str] | None,
        typer.Option(
            "--match",
            help="Show families with a member whose qualified name or class name matches this glob. Repeatable.",
        ),
    ] = None,
    min_score: Annotated[
        float,
        typer.Option("--min-score", min=0.0, max=1.0, help="Leave out families below this score."),
    ] = MIN_SCORE,
    plan: PlanFile = None,
    format_: FormatOption = Format.text,
    output: Output = None,
    jobs: Jobs = None,
    no_cache: NoCache = False,
    quiet: Quiet = False,
) -> None:
    """Which classes are the same thing written more than once?

    Families of any number of classes, by their names, methods, bodies, protocols and what they are
    built around: `clone` (bodies were copied, identical or diverged), `same-name`, `same-role`. Each
    comes with a method matrix (same, differs, missing), a suggested canonical class and the evidence
    in words. Enums and records count only with one telling name and equal fields; exceptions,
    generated code and test code never do, and test doubles are listed with what they imitate.
    History (which classes change together) is not looked at.

    **Example:** `consolidator duplicates . --match '*WebSocketManager' --format html -o families.html`

    **Exit codes:** 0 no family found · 1 families found · 2 bad usage or plan · 3 ROOT can't be read.
    """
    tree = open_tree(root, open_plan(root, plan), jobs, no_cache)
    report = find_duplicates(tree, match=match or (), min_score=min_score)
    skipped = tree.skipped()
    if format_ is Format.json:
        write(dumps(render.to_json(report, tree.root, len(tree.paths), skipped)), output)
    elif format_ is Format.md:
        write(render.to_markdown(report), output)
    elif format_ is Format.html:
        write(to_html(report, tree), output)
    else:
        write(render.to_text(report), output)
    for entry in skipped:
        say(f"not read: {entry.path}:{entry.line}: {entry.reason}", quiet=quiet)
    raise typer.Exit(1 if report.families else 0)
