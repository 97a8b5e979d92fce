"""`consolidator audit`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rich.console import RenderableType

from consolidator.adapters.environment import environment_of
from consolidator.adapters.files import check_root
from consolidator.analysis.audit.compare import worse_than
from consolidator.analysis.audit.fixes import lost_fixes
from consolidator.analysis.audit.report import RULES, AuditReport
from consolidator.analysis.audit.run import audit as examine
from consolidator.analysis.audit.shrinking import shrunk_between
from consolidator.cli.common import (
    CheckFormat,
    CheckFormatOption,
    Jobs,
    NoCache,
    Output,
    PlanFile,
    Quiet,
    Root,
    Since,
    conclude,
    new_app,
    open_plan,
    open_tree,
    say,
)
from consolidator.cli.extraction import extraction
from consolidator.cli.revision import open_tree_at
from consolidator.render import audit as render
from consolidator.render.document import dumps
from consolidator.render.github import to_github
from consolidator.render.junit import to_junit
from consolidator.render.sarif import to_sarif
from consolidator.workflow.extract import Selection

app = new_app()

RENDERERS: dict[CheckFormat, Callable[[AuditReport], str | RenderableType]] = {
    CheckFormat.text: render.to_text,
    CheckFormat.json: lambda report: dumps(render.to_json(report)),
    CheckFormat.md: render.to_markdown,
    CheckFormat.html: render.to_html,
    CheckFormat.sarif: lambda report: dumps(to_sarif(report.findings(), RULES)),
    CheckFormat.junit: lambda report: to_junit(report.findings(), "audit"),
    CheckFormat.github: lambda report: to_github(report.findings()),
}


@app.command()
def audit(
    root: Root = Path(),
    plan_file: PlanFile = None,
    since: Since = "",
    form: CheckFormatOption = CheckFormat.text,
    output: Output = None,
    jobs: Jobs = None,
    no_cache: NoCache = False,
    quiet: Quiet = False,
) -> None:
    """What would this plan break?

    Every member of the legacy classes that callers use is held against the replacement: members that
    are missing, calls that no longer fit. Then the ten integration points of an agent backend: are
    the pieces wired, are tool runs ended on errors too, does the frontend handle each event. In a git
    repository also the fixes that `extract` finds at risk. Without a plan only the points are examined.

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
    elif plan.moves and (history := extraction(root, plan, Selection(), jobs, no_cache=no_cache)):
        report = replace(report, lost_fixes=tuple(lost_fixes(history, plan)))
    conclude(RENDERERS[form](report), output, findings=report.failing)
