"""`consolidator mro-report`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from consolidator.adapters.environment import environment_of
from consolidator.analysis.mro.report import Hierarchy, Selection, report
from consolidator.analysis.mro.world import Target
from consolidator.cli.common import (
    Jobs,
    NoCache,
    Output,
    PlanFile,
    Quiet,
    Root,
    new_app,
    open_plan,
    open_tree,
    write,
)
from consolidator.render import mro as render
from consolidator.render.document import dumps
from consolidator.tree.stdlib.table import load_standard_library

app = new_app()


class MroFormat(StrEnum):
    text = "text"
    json = "json"


@app.command()
def mro_report(
    root: Root = Path(),
    match: Annotated[
        list[str] | None,
        typer.Option(
            "--match", metavar="GLOB", help="Only classes whose qualname fits (repeatable)."
        ),
    ] = None,
    subclasses_of: Annotated[
        str,
        typer.Option("--subclasses-of", metavar="QUALNAME", help="Only this class and its heirs."),
    ] = "",
    python: Annotated[
        Path | None,
        typer.Option(
            "--python",
            help="Interpreter or environment whose packages are read (never run) "
            "[default: ROOT/.venv, then the running one].",
            show_default=False,
        ),
    ] = None,
    site_packages: Annotated[
        list[Path] | None,
        typer.Option("--site-packages", metavar="DIR", help="Look here first (repeatable)."),
    ] = None,
    plan_file: PlanFile = None,
    output_format: Annotated[MroFormat, typer.Option("--format", help="How to print.")] = (
        MroFormat.text
    ),
    output: Output = None,
    jobs: Jobs = None,
    no_cache: NoCache = False,
    quiet: Quiet = False,  # noqa: ARG001 - accepted by every command; this one says nothing
) -> None:
    """Who inherits from whom, which definition of each method wins, what is uncertain and why.

    The order of every class is the one CPython would compute, with nothing imported or run: from
    ROOT's source, the source of installed packages, and a table of the standard library.

    Example: `consolidator mro-report . --match '*WebSocketManager*'`

    **Exit codes:** 0 no class is refused · 1 CPython would refuse a class · 2 bad usage ·
    3 the tool could not do its work.
    """
    tree = open_tree(root, open_plan(root, plan_file), jobs, no_cache)
    environment = environment_of(Path(tree.root), python, site_packages or (), cache=not no_cache)
    standard = load_standard_library(environment.version)
    target = Target(environment.version)
    hierarchy = Hierarchy(tree, environment, standard, target)
    notes = []
    if standard.version != environment.version:
        have = ".".join(map(str, standard.version))
        want = ".".join(map(str, environment.version))
        notes.append(f"there is no table of Python {want}; the standard library is that of {have}")
    found = report(hierarchy, Selection(tuple(match or ()), subclasses_of), notes)
    if output_format is MroFormat.json:
        write(dumps(render.to_json(found)), output)
    else:
        write(render.to_text(found), output)
    raise typer.Exit(1 if found.errors else 0)
