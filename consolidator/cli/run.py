"""`consolidator run`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType

from consolidator.adapters.files import check_root
from consolidator.adapters.workbench import GitWorkbench
from consolidator.cli.common import (
    Format,
    FormatOption,
    Output,
    PlanFile,
    Quiet,
    Root,
    conclude,
    new_app,
    open_plan,
    say,
)
from consolidator.errors import ToolError, UsageError
from consolidator.model import Consolidation
from consolidator.render import consolidation as render
from consolidator.render.document import document, dumps
from consolidator.workflow.consolidate import Consolidator
from consolidator.workflow.survey import surveys

app = new_app()

RENDERERS: dict[Format, Callable[[Consolidation], str | RenderableType]] = {
    Format.text: render.to_text,
    Format.json: lambda outcome: dumps(document(outcome.root, 0, (), **render.to_json(outcome))),
    Format.md: render.to_markdown,
    Format.html: render.to_html,
}
REPORT = "consolidation_report.md"


@app.command()
def run(
    root: Root = Path(),
    plan_file: PlanFile = None,
    test: Annotated[
        str,
        typer.Option(
            "--test", help="Command that tests the project [default: the plan's run.test]"
        ),
    ] = "",
    branch: Annotated[
        str, typer.Option("--branch", help="Branch to make and work on.")
    ] = "consolidator/run",
    report: Annotated[
        Path | None,
        typer.Option("--report", help=f"Where to write the report [default: ROOT/{REPORT}]"),
    ] = None,
    match: Annotated[
        str, typer.Option("--match", help="What the survey of the history looks for.")
    ] = "websocket",
    form: FormatOption = Format.text,
    output: Output = None,
    quiet: Quiet = False,
) -> None:
    """Consolidate in stages, each tested, on a branch of its own.

    Baseline tests, surveys, audit, imports and calls, tests, deletion, tests, hierarchy, guard, and a
    report. A step whose tests turn red is rolled back and what follows is not run. This is the one
    command (with `demo` and your test command) that executes code of ROOT: its tests.

    **Example:** `consolidator run . --test "python -m pytest -q"`

    **Exit codes:** 0 the consolidation stands · 1 a stage failed or was rolled back · 2 no plan, a bad
    plan, a dirty tree or no test command · 3 not a git repository, or git failed.
    """
    base = check_root(root)
    plan = open_plan(root, plan_file, required=True)
    command = test or plan.run.test
    if not command:
        raise UsageError('no test command (expected --test "…", or `test` under [run] in the plan)')
    path = plan_file.resolve() if plan_file else None
    bench = GitWorkbench(
        base, command, plan.run.timeout, path, lambda line: say(f"  $ {line}", quiet=quiet)
    )
    start = bench.start_branch(branch)
    moves = [move.source for move in plan.moves]
    worker = Consolidator(bench, lambda line: say(line, quiet=quiet), surveys(bench, match), moves)
    outcome = worker.run(str(root), branch, start)
    target = report or base / REPORT
    try:
        target.write_text(render.to_markdown(outcome), "utf-8")
    except OSError as error:
        raise ToolError(f"{target}: can't be written: {error.strerror}") from error
    say(f"report: {target}", quiet=quiet)
    conclude(RENDERERS[form](outcome), output, findings=not outcome.ok)
