"""`consolidator demo`."""

from __future__ import annotations

import shlex
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from consolidator import sample
from consolidator.adapters.workbench import GitWorkbench
from consolidator.cli.common import Quiet, new_app, say, write
from consolidator.errors import UsageError
from consolidator.render import consolidation as render
from consolidator.workflow.demo import BRANCH, Demo

app = new_app()


@app.command()
def demo(
    directory: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DIR]",
            help="Where to build it; must be empty or absent [default: a new temporary folder]",
            show_default=False,
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Build a legacy chat backend with five managers, eight emitters and a real history, and
    consolidate it while you watch: about a minute.

    `DIR/backend` is a real git repository: `main` is the legacy backend, the branch
    `consolidator/run` is the outcome. `DIR/report` holds the reports.

    **Example:** `consolidator demo /tmp/demo`

    **Exit codes:** 0 consolidated, and the guard noticed every emission that was taken out · 1 a stage
    failed · 2 DIR is not empty · 3 git is missing or failed.
    """
    home = _home(directory)
    backend, report = home / "backend", home / "report"

    def talk(text: str) -> None:
        say(text.replace(sys.executable, "python"), quiet=quiet)

    talk(f"Building the legacy backend in {backend}")
    head = sample.build(backend)
    talk(f"  {len(sample.HISTORY)} commits by several authors, HEAD {head[:12]}")
    report.mkdir()
    tests = f"{shlex.quote(sys.executable)} -m pytest -q"
    bench = GitWorkbench(backend, tests, 300, None, lambda line: talk(f"  $ {line}"))
    base = bench.start_branch(BRANCH)
    work = Demo(bench, backend, report, sample.PLAN.read_text("utf-8"), talk)
    outcome = work.consolidate(base)
    (report / "consolidation_report.md").write_text(render.to_markdown(outcome), "utf-8")
    proven = outcome.ok and _prove(work, talk)
    write(render.to_text(outcome), None)
    write(f"\nbackend: {backend}   (git diff main {BRANCH})\nreports: {report}", None)
    sys.exit(0 if proven else 1)


def _prove(work: Demo, talk: Callable[[str], None]) -> bool:
    talk("Proof: each emission is taken out in turn; the guard must turn red")
    verdicts = []
    for probe in work.prove_guard():
        verdicts.append(probe.noticed)
        verdict = "red, as it must be" if probe.noticed else "NOT NOTICED"
        talk(f"  without {probe.event} at {probe.path}:{probe.line}: {verdict}")
    return bool(verdicts) and all(verdicts)


def _home(directory: Path | None) -> Path:
    if directory is None:
        return Path(tempfile.mkdtemp(prefix="consolidator-demo-"))
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise UsageError(
            f"{directory}: is not an empty directory; name one that is empty or absent"
        )
    directory.mkdir(parents=True, exist_ok=True)
    return directory.resolve()
