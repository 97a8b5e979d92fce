"""`consolidator duplicates`: which classes are the same thing written more than once."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from pathlib import Path

from rich.console import RenderableType

from consolidator.adapters.git import open_repository
from consolidator.analysis.duplicates import MIN_SCORE, SWEEP, History, Report, find_duplicates
from consolidator.cli.common import (
    Format,
    FormatOption,
    Jobs,
    Match,
    MinScore,
    NoCache,
    Output,
    PlanFile,
    Quiet,
    Root,
    conclude,
    new_app,
    open_plan,
    open_tree,
    say_skipped,
    say_unmatched,
)
from consolidator.errors import ToolError
from consolidator.render import duplicates as render
from consolidator.render.document import dumps
from consolidator.render.duplicates_page import to_html
from consolidator.tree.facts import Skipped
from consolidator.tree.index import Tree

app = new_app()


@app.command()
def duplicates(
    root: Root = Path("."),
    match: Match = None,
    min_score: MinScore = MIN_SCORE,
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
    Where ROOT is in git, the evidence says which of their files changed together (the last 20,000
    commits; merges and commits of more than 30 files left out; it moves no score).

    **Example:** `consolidator duplicates . --match '*WebSocketManager' --format html -o families.html`

    **Exit codes:** 0 no family found · 1 families found · 2 bad usage or plan · 3 ROOT can't be read.
    """
    tree = open_tree(root, open_plan(root, plan), jobs, no_cache)
    report = find_duplicates(
        tree, match=match or (), min_score=min_score, history=partial(_history, Path(tree.root))
    )
    skipped = tree.skipped()
    say_skipped(skipped, quiet=quiet)
    if match and not report.families:
        say_unmatched(match, "family", quiet=quiet)
    conclude(_rendered(report, tree, skipped, format_), output, findings=bool(report.families))


def _rendered(
    report: Report, tree: Tree, skipped: list[Skipped], form: Format
) -> str | RenderableType:
    match form:
        case Format.json:
            return dumps(render.to_json(report, tree.root, len(tree.paths), skipped))
        case Format.md:
            return render.to_markdown(report)
        case Format.html:
            return to_html(report, tree)
        case Format.text:
            return render.to_text(report)


_COMMITS = 20_000
"""Commits that are looked at, newest first: seconds at most."""


def _history(root: Path, paths: Collection[str]) -> History:
    """What git knows of files changing together; history that can't be had is said, never fatal."""
    try:
        repository = open_repository(root)
        if repository is None:
            return History(limit="ROOT is in no git repository")
        if (head := repository.head()) is None:
            return History(limit="the git repository has no commits")
        every = list(repository.changed_paths(head, _COMMITS))
        shallow = repository.shallow
    except ToolError as error:
        return History(limit=f"not looked at, {error}")
    wanted = frozenset(paths)
    changed = [wanted.intersection(commit) for commit in every if len(commit) <= SWEEP]
    limit = "cut off where the repository was cloned (shallow)" if shallow else ""
    return History([found for found in changed if found], limit)
