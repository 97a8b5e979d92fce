"""`consolidator guard`."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType

from consolidator.adapters.bodies import bodies_reader
from consolidator.adapters.environment import environment_of
from consolidator.adapters.files import check_root
from consolidator.adapters.fixes import edits_of
from consolidator.adapters.git import open_repository
from consolidator.adapters.recorder import record as run_recorded
from consolidator.adapters.verdicts import KnownAnswers
from consolidator.analysis import baseline as baselines
from consolidator.analysis.emissions.report import GuardReport, Problem
from consolidator.analysis.emissions.rules import BY_ID, RULES
from consolidator.analysis.finding import Finding
from consolidator.analysis.kept import Trace, traces_of
from consolidator.analysis.probe import recording as recordings
from consolidator.cli.common import (
    CheckFormat,
    CheckFormatOption,
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
    say,
    write,
)
from consolidator.cli.revision import open_tree_at
from consolidator.errors import ToolError, UsageError
from consolidator.plan import Plan
from consolidator.render import guard as render
from consolidator.render.document import dumps
from consolidator.render.github import to_github
from consolidator.render.junit import to_junit
from consolidator.render.sarif import to_sarif
from consolidator.tree.index import Tree
from consolidator.wording import counted
from consolidator.workflow.guard import guard as check
from consolidator.workflow.probe import probe as run_probe

app = new_app()


def _findings(report: GuardReport) -> list[Finding]:
    return [problem.as_finding() for problem in report.findings]


RENDERERS: dict[CheckFormat, Callable[[GuardReport], str | RenderableType]] = {
    CheckFormat.text: render.to_text,
    CheckFormat.json: lambda report: dumps(render.to_json(report)),
    CheckFormat.md: render.to_markdown,
    CheckFormat.html: render.to_html,
    CheckFormat.sarif: lambda report: dumps(
        to_sarif(_findings(report), [rule.described() for rule in RULES])
    ),
    CheckFormat.junit: lambda report: to_junit(_findings(report), "guard"),
    CheckFormat.github: lambda report: to_github(_findings(report)),
}


@app.command()
def guard(
    root: Root = Path(),
    plan_file: PlanFile = None,
    baseline_file: Annotated[
        Path | None,
        typer.Option(
            "--baseline",
            help=f"Baseline file [default: ROOT/{baselines.BASELINE_NAME}]",
            show_default=False,
        ),
    ] = None,
    update_baseline: Annotated[
        bool, typer.Option("--update-baseline", help="Accept the present state and write it down.")
    ] = False,
    since: Annotated[
        str,
        typer.Option(
            "--since", metavar="REV", help="Take the state at this git revision as the baseline."
        ),
    ] = "",
    explain: Annotated[
        str, typer.Option("--explain", metavar="RULE", help="Print the page of a rule, or `all`.")
    ] = "",
    probe: Annotated[
        str,
        typer.Option(
            "--probe", metavar="COMMAND", help="Also run this test command and watch its sockets."
        ),
    ] = "",
    record: Annotated[
        Path | None,
        typer.Option("--record", help="With --probe: write each test's events to this file."),
    ] = None,
    compare: Annotated[
        Path | None,
        typer.Option(
            "--compare", help="With --probe: every test's events must be as in this file."
        ),
    ] = None,
    form: CheckFormatOption = CheckFormat.text,
    output: Output = None,
    jobs: Jobs = None,
    no_cache: NoCache = False,
    quiet: Quiet = False,
) -> None:
    """Are the critical events still sent, on a path that can run, through to a socket?

    Every place that builds one of the plan's `[guard] events` (default: the five) is followed back
    to an entry point and forward to a send. An event is `ok` if one place is whole, `weakened` if it
    can't be proven, `lost` otherwise. With a baseline, an emission that vanished is a finding too,
    even where another place still sends the event. Comments, logs, comparisons and tests do not count.

    **Example:** `consolidator guard . --update-baseline`, commit the file, and in CI
    `consolidator guard . --format github`

    **Exit codes:** 0 all events are sent and nothing is new · 1 findings that the baseline does not
    have · 2 bad usage, plan or baseline · 3 ROOT can't be read.
    """
    if explain:
        write(_explained(explain), output)
        return
    base = check_root(root)
    plan = open_plan(root, plan_file)
    path = baseline_file or base / baselines.BASELINE_NAME
    probed = _probe(probe, record, compare, base, plan)
    if since and (update_baseline or baseline_file):
        raise UsageError("--since takes the place of a baseline file; use one or the other")
    tree = open_tree(root, plan, jobs, no_cache)
    find_package = environment_of(base, cache=not no_cache).find
    bodies = bodies_reader(jobs, cache=not no_cache)
    answers = None if no_cache else KnownAnswers()
    kept = _kept(base, plan)

    def report_on(
        tree: Tree, known: baselines.Baseline | None, problems: tuple[Problem, ...]
    ) -> GuardReport:
        return check(
            tree,
            plan.guard,
            find_package=find_package,
            bodies=bodies,
            baseline=known,
            baseline_path="" if since else _relative(path, base),
            is_file=not since,
            probed=problems,
            kept=kept,
            moved=tuple(move.source for move in plan.moves),
            answers=answers,
        )

    if since:
        before = report_on(open_tree_at(base, since, plan, jobs, no_cache), None, ())
        known: baselines.Baseline | None = baselines.baseline_of(before)
    else:
        required = baseline_file is not None
        known = None if update_baseline else _read_baseline(path, required=required)
    report = report_on(tree, known, probed)
    if update_baseline:
        _write_baseline(path, report)
        say(f"baseline: {path}", quiet=quiet)
        if lost := [event.event for event in report.events if event.status == "lost"]:
            say(
                f"warning: {counted(len(lost), 'event')} of {len(report.events)} accepted as lost, so that "
                f"nothing watches over {'it' if len(lost) == 1 else 'them'} from now on: {', '.join(lost)}"
            )
    findings = bool(report.failing) and not update_baseline
    conclude(RENDERERS[form](report), output, findings=findings)


def _kept(base: Path, plan: Plan) -> list[Trace]:
    """What the plan's kept fixes brought."""
    if not plan.keeps:
        return []
    repository = open_repository(base)
    if repository is None:
        raise ToolError(f"{base}: is in no git repository, so the plan's [[keep]] can't be watched")
    return [
        trace
        for keep in plan.keeps
        for trace in traces_of(keep.fix, edits_of(repository, keep.fix))
    ]


def _probe(
    command: str, record: Path | None, compare: Path | None, base: Path, plan: Plan
) -> tuple[Problem, ...]:
    """What the user's tests show, with what they recorded written down."""
    if not command:
        if record or compare:
            raise UsageError("--record and --compare need --probe COMMAND")
        return ()
    before = None
    if compare is not None:
        try:
            before = recordings.load(compare.read_text("utf-8"), str(compare))
        except OSError as error:
            raise UsageError(f"{compare}: can't be read: {error.strerror}") from error
    words = shlex.split(command)
    found = run_probe(
        lambda: run_recorded(words, base, plan.run.timeout), plan.guard.events, before
    )
    if record is not None:
        try:
            record.write_text(recordings.dump(found.recording), "utf-8")
        except OSError as error:
            raise ToolError(f"{record}: can't be written: {error.strerror}") from error
    return found.problems


def _explained(rule: str) -> str:
    if rule == "all":
        return "\n".join(known.page() for known in RULES)
    if rule not in BY_ID:
        raise UsageError(f"no rule {rule!r} (expected one of {', '.join(BY_ID)}, or all)")
    return BY_ID[rule].page()


def _read_baseline(path: Path, *, required: bool) -> baselines.Baseline | None:
    if not path.exists() and not required:
        return None
    try:
        return baselines.load(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: the baseline can't be read: {error}") from error


def _write_baseline(path: Path, report: GuardReport) -> None:
    try:
        path.write_text(baselines.dump(baselines.baseline_of(report)), "utf-8")
    except OSError as error:
        raise ToolError(f"{path}: can't be written: {error.strerror}") from error


def _relative(path: Path, base: Path) -> str:
    resolved = path.resolve()
    return resolved.relative_to(base).as_posix() if resolved.is_relative_to(base) else str(path)
