"""`consolidator mro-report`."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from consolidator.adapters.environment import Environment, environment_of
from consolidator.analysis.mro.diff import compare
from consolidator.analysis.mro.report import Hierarchy, MroReport, Selection, report
from consolidator.analysis.mro.world import Target
from consolidator.cli.common import (
    Jobs,
    NoCache,
    Output,
    PlanFile,
    Quiet,
    Root,
    conclude,
    new_app,
    open_plan,
    open_tree,
    say_unmatched,
)
from consolidator.cli.revision import open_tree_at
from consolidator.render import mro as render
from consolidator.tree.index import Tree
from consolidator.tree.stdlib.table import load_standard_library

app = new_app()


class MroFormat(StrEnum):
    text = "text"
    json = "json"
    md = "md"
    html = "html"
    dot = "dot"
    mermaid = "mermaid"


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
    diff: Annotated[
        str,
        typer.Option("--diff", metavar="REV", help="Say what changed since this git revision."),
    ] = "",
    consumers: Annotated[
        bool,
        typer.Option(
            "--consumers", help="Say who uses each class, however many (a dozen: always)."
        ),
    ] = False,
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
    quiet: Quiet = False,
) -> None:
    """Who inherits from whom, which definition of each method wins, what is uncertain and why.

    The order of every class is the one CPython would compute, with nothing imported or run: from
    ROOT's source, the source of installed packages, and a table of the standard library.

    **Example:** `consolidator mro-report . --match '*WebSocketManager*'`

    **Exit codes:** 0 nothing to report · 1 CPython would refuse a class, or `--diff` finds a
    change · 2 bad usage · 3 the tool could not do its work.
    """
    plan = open_plan(root, plan_file)
    tree = open_tree(root, plan, jobs, no_cache)
    environment = environment_of(Path(tree.root), python, site_packages or (), cache=not no_cache)
    selection = Selection(tuple(match or ()), subclasses_of, consumers)
    found = _report(tree, environment, selection)
    if match and not found.classes:
        say_unmatched(match, "class", quiet=quiet)
    changes = None
    if diff:
        before = open_tree_at(Path(tree.root), diff, plan, jobs, no_cache)
        changes = compare(
            _report(before, environment, replace(selection, consumers=False)), found, diff
        )
    rendered = render.RENDERERS[output_format.value](found, changes)
    conclude(rendered, output, findings=bool(found.errors or changes))


def _report(tree: Tree, environment: Environment, selection: Selection) -> MroReport:
    standard = load_standard_library(environment.version)
    notes = []
    if standard.version != environment.version:
        have, want = (".".join(map(str, v)) for v in (standard.version, environment.version))
        notes.append(f"there is no table of Python {want}; the standard library is that of {have}")
    hierarchy = Hierarchy(tree, environment, standard, Target(environment.version))
    return report(hierarchy, selection, notes)
