"""`consolidator audit`."""

from __future__ import annotations

import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType

from consolidator.adapters.environment import environment_of
from consolidator.adapters.files import check_root
from consolidator.analysis.audit.compare import worse_than
from consolidator.analysis.audit.report import RULES, AuditReport
from consolidator.analysis.audit.run import audit as examine
from consolidator.analysis.audit.shrinking import shrunk_between
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
    say,
    write,
)
from consolidator.cli.revision import open_tree_at
from consolidator.render import audit as render
from consolidator.render.document import dumps
from consolidator.render.github import to_github
from consolidator.render.junit import to_junit
from consolidator.render.sarif import to_sarif

app = new_app()


class AuditFormat(StrEnum):
    text = "text"
    json = "json"
    md = "md"
    html = "html"
    sarif = "sarif"
    junit = "junit"
    github = "github"


@app.command()
def audit(
    root: Root = Path(),
    plan_file: PlanFile = None,
    since: Annotated[
        str,
        typer.Option("--since", metavar="REV", help="Show only what is worse than at a revision."),
    ] = "",
    form: Annotated[
        AuditFormat, typer.Option("--format", help="How to print the result.")
    ] = AuditFormat.text,
    output: Output = None,
    jobs: Jobs = None,
    no_cache: NoCache = False,
    quiet: Quiet = False,
) -> None:
    """What would this plan break?

    Every member of the legacy classes that callers use is held against the replacement: members that
    are missing, calls that no longer fit. Then the ten integration points of an agent backend: are
    the pieces wired, are tool runs ended on errors too, does the frontend handle each event. Without
    a plan only the points are examined.

    **Example:** `consolidator audit . --format md --output audit.md`

    **Exit codes:** 0 nothing to report · 1 findings · 2 bad usage or plan · 3 ROOT can't be read.
    """
    base = check_root(root)
    plan = open_plan(root, plan_file)
    if not plan.moves:
        say("no plan, so only the integration points are examined", quiet=quiet)
    tree = open_tree(root, plan, jobs, no_cache)
    tree.prefetch()  # in parallel, and so that every file that can't be read is listed
    installed = environment_of(base, cache=not no_cache).find
    report = examine(tree, plan, installed)
    if since:
        earlier = open_tree_at(base, since, plan, jobs, no_cache)
        report = worse_than(report, examine(earlier, plan, installed), since)
        fewer = sorted({*report.shrunk, *shrunk_between(earlier, tree, since)})
        report = replace(report, shrunk=tuple(fewer))
    write(_rendered(report, form), output)
    sys.exit(1 if report.failing else 0)


def _rendered(report: AuditReport, form: AuditFormat) -> str | RenderableType:
    findings = report.findings()
    match form:
        case AuditFormat.json:
            return dumps(render.to_json(report))
        case AuditFormat.md:
            return render.to_markdown(report)
        case AuditFormat.html:
            return render.to_html(report)
        case AuditFormat.sarif:
            return dumps(to_sarif(findings, RULES))
        case AuditFormat.junit:
            return to_junit(findings, "audit")
        case AuditFormat.github:
            return to_github(findings)
    return render.to_text(report)
