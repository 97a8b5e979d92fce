"""`consolidator migrate imports|calls|delete|undo`."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from codemods.view import Options
from consolidator.adapters.apply import (
    apply_changes,
    files_as_left,
    last_changes,
    swapped,
    undo_last,
)
from consolidator.adapters.environment import environment_of
from consolidator.adapters.files import check_root
from consolidator.adapters.git import open_repository
from consolidator.adapters.processes import Processes
from consolidator.analysis.changes import Migration, Rewriting
from consolidator.analysis.deletion import HARMLESS, TEXT, Objections, no_objections, plan_delete
from consolidator.analysis.history.report import unacknowledged
from consolidator.analysis.references.rewrite import plan_imports
from consolidator.cli.common import (
    Jobs,
    NoCache,
    Output,
    PlanFile,
    Quiet,
    Root,
    conclude,
    open_plan,
    open_tree,
    say,
)
from consolidator.cli.extraction import extraction
from consolidator.errors import UsageError
from consolidator.plan import Move, Plan, parse_plan
from consolidator.render import migrate as render
from consolidator.render.document import document, dumps
from consolidator.tree.index import Tree
from consolidator.wording import counted
from consolidator.workflow.extract import Selection
from consolidator.workflow.migrate import Planner, prepare, unknown_sources

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Move every reference of a plan, adapt the calls, delete what nothing refers to any more. "
    "Each sub-command is a dry run unless --apply is given.\n\n"
    "**Example:** `consolidator migrate imports . --check`\n\n"
    "**Exit codes:** 0 nothing to change, or applied · 1 it would change something · 2 a mistake in "
    "the plan or a dirty git tree · 3 a check failed: nothing was written.",
)


class MigrateFormat(StrEnum):
    text = "text"
    json = "json"
    md = "md"


class Mode(StrEnum):
    """What happens to the changes."""

    diff = "diff"
    check = "check"
    apply = "apply"


Form = Annotated[MigrateFormat, typer.Option("--format", help="How to print the result.")]
Apply = Annotated[bool, typer.Option("--apply", help="Write the changes, all of them or none.")]
Check = Annotated[bool, typer.Option("--check", help="Print the summary only; write nothing.")]
AllowDirty = Annotated[
    bool, typer.Option("--allow-dirty", help="Write although git has uncommitted changes.")
]
Source = Annotated[
    str, typer.Option("--from", help="Move this one name, without a plan file (with --to).")
]
Target = Annotated[str, typer.Option("--to", help="Its new dotted name (with --from).")]


@app.command()
def imports(
    root: Root = Path(),
    plan_file: PlanFile = None,
    source: Source = "",
    target: Target = "",
    apply: Apply = False,
    check: Check = False,
    allow_dirty: AllowDirty = False,
    rename_uses: Annotated[
        bool,
        typer.Option("--rename-uses", help="Use the new name in the files, not the old local one."),
    ] = False,
    docs: Annotated[
        bool, typer.Option("--docs", help="Rewrite names in Markdown, comments and prose too.")
    ] = False,
    absolute: Annotated[
        bool,
        typer.Option(
            "--absolute",
            help="In files that change, turn relative imports of the moved names' modules absolute.",
        ),
    ] = False,
    form: Form = MigrateFormat.text,
    output: Output = None,
    jobs: Jobs = None,
    no_cache: NoCache = False,
    quiet: Quiet = False,
) -> None:
    """Make every reference to the plan's legacy names mean the new ones.

    Prints a unified diff, then every reference that it would not touch and why. Local names are kept,
    so that code and patch strings stay valid. Not seen: names in pickled bytes, prefixes of names
    and paths, and names put together for a function of another file that imports by them.

    **Example:** `consolidator migrate imports . --apply`

    **Exit codes:** 0 nothing to change, or applied · 1 it would change something · 2 a mistake in the
    plan or a dirty git tree · 3 a check failed: nothing was written.
    """
    plan = _plan(root, plan_file, source, target)
    options = Options(rename_uses=rename_uses, docs=docs, absolute=absolute)
    planner = partial(plan_imports, options=options, spread=Processes(jobs))
    mode = _mode(apply=apply, check=check)
    _check_swaps(root, plan, mode, quiet=quiet)
    _migrate(
        root, plan, planner, mode, form, output, jobs, no_cache, quiet, allow_dirty, plan.swaps
    )


@app.command()
def calls(
    root: Root = Path(),
    plan_file: PlanFile = None,
    apply: Apply = False,
    check: Check = False,
    allow_dirty: AllowDirty = False,
    form: Form = MigrateFormat.text,
    output: Output = None,
    jobs: Jobs = None,
    no_cache: NoCache = False,
    quiet: Quiet = False,
) -> None:
    """Adapt every call of the plan's legacy names to the new signatures.

    Renames methods, attributes and keywords, writes arguments as the plan's `calls` say, adds and
    drops `await`. Receivers are known by flow, never by name. A call that can't be adapted is listed
    with both signatures. Runs before or after `migrate imports`.

    In the plan, a [[move]] may have `methods = { send = "deliver" }` and `attributes = { … }` for new
    names, and `[move.calls]` for new forms: `send = "deliver($user, message=$text)"`, where `$user` is
    what the legacy signature binds to `user`. `__init__` stands for the constructor, `__call__` for a
    function that moves. Whatever the plan does not mention follows from the two signatures.

    **Example:** `consolidator migrate calls . --apply`

    **Exit codes:** 0 nothing to change, or applied · 1 it would change something · 2 a mistake in the
    plan or a dirty git tree · 3 a check failed: nothing was written.
    """
    from consolidator.analysis.call_sites import plan_calls  # noqa: PLC0415 - LibCST, slow to import

    plan = _plan(root, plan_file, "", "")
    adapt = partial(
        plan_calls, library=environment_of(root).find, last_migration=last_changes(root)
    )
    mode = _mode(apply=apply, check=check)
    _migrate(root, plan, adapt, mode, form, output, jobs, no_cache, quiet, allow_dirty)


@app.command()
def delete(
    root: Root = Path(),
    plan_file: PlanFile = None,
    apply: Apply = False,
    check: Check = False,
    allow_dirty: AllowDirty = False,
    despite_text: Annotated[
        bool,
        typer.Option(
            "--despite-text",
            help="Names inside longer strings and in scripts, pages and other files that are not "
            "configuration block nothing.",
        ),
    ] = False,
    despite_fixes: Annotated[
        bool,
        typer.Option(
            "--despite-fixes", help="Fixes on which the plan has not decided block nothing."
        ),
    ] = False,
    form: Form = MigrateFormat.text,
    output: Output = None,
    jobs: Jobs = None,
    no_cache: NoCache = False,
    quiet: Quiet = False,
) -> None:
    """Delete the plan's legacy definitions, alias modules and emptied files that nothing refers to.

    A name that something still refers to, by import, string or configuration, stays, and what refers
    to it is listed. So does one with a fix (see `extract`) that the replacement lacks and that neither
    [[keep]] nor [[drop]] of the plan names. What only may refer to a name is marked so; [[unrelated]] of
    the plan, with its path, its text and because, says that it does not. Where its own module still
    uses a deleted name, an import of the new one takes its place; if that closed a circle of imports,
    the name stays.

    **Example:** `consolidator migrate delete . --apply`

    **Exit codes:** 0 nothing to delete, or done · 1 it would delete something · 2 a mistake in the
    plan or a dirty git tree · 3 a check failed: nothing was written.
    """
    plan = _plan(root, plan_file, "", "")
    remove = partial(
        plan_delete,
        objections=no_objections if despite_fixes else _undecided_fixes(root, plan),
        harmless=HARMLESS | TEXT if despite_text else HARMLESS,
    )
    mode = _mode(apply=apply, check=check)
    _migrate(root, plan, _whole(remove), mode, form, output, jobs, no_cache, quiet, allow_dirty)


@app.command()
def undo(root: Root = Path(), quiet: Quiet = False) -> None:
    """Take the last applied migration back, byte for byte.

    **Example:** `consolidator migrate undo .`

    **Exit codes:** 0 undone, or nothing to undo · 2 a file was changed since · 3 it could not be read
    or written.
    """
    paths = undo_last(check_root(root))
    are = "is as it was" if len(paths) == 1 else "are as they were"
    typer.echo(f"{counted(len(paths), 'file')} {are} before the last migration")
    for path in paths:
        say(f"  {path}", quiet=quiet)


def _check_swaps(root: Path, plan: Plan, mode: Mode, *, quiet: bool) -> None:
    """Two names that swap mean the right things after one application, and the wrong ones after two: the
    journal of ROOT tells whether that was the first, and where there is none the user has to know."""
    swaps = plan.swaps
    again = sorted(swaps & swapped(check_root(root)))
    if again and mode is Mode.apply:
        raise UsageError(
            f"{again[0]} was applied already, and a swap that is applied again is taken back: leave it "
            "out of the plan (`consolidator migrate undo` takes the last application back)"
        )
    if again:
        say(f"{again[0]} was applied already: applied again it is taken back", quiet=quiet)
    elif swaps:
        say(f"{min(swaps)} is part of a swap: apply it once, not twice", quiet=quiet)


def _whole(rewrite: Callable[[Tree, Plan], Rewriting]) -> Planner:
    """A rewrite that always looks at the whole tree."""
    return lambda tree, plan, _: rewrite(tree, plan)


def _undecided_fixes(root: Path, plan: Plan) -> Objections:
    """Fixes of the history that live in a legacy name and that the plan says nothing about."""
    report = extraction(root, plan, Selection())
    if report is None:
        return no_objections
    pending = unacknowledged(report, plan)

    def objections(move: Move) -> Iterator[str]:
        for entry in pending:
            if any(f"{name}.".startswith(f"{move.source}.") for name in entry.lives_in):
                yield (
                    f"the replacement lacks the fix {entry.hash[:12]} ({entry.subject}); "
                    "name it under [[keep]] or [[drop]]"
                )

    return objections


def _plan(root: Path, plan_file: Path | None, source: str, target: str) -> Plan:
    if bool(source) != bool(target):
        raise UsageError("--from and --to go together")
    if source and plan_file is not None:
        raise UsageError("--from and --to are a plan of their own; leave out --plan")
    if source:
        check_root(root)
        text = f"[[move]]\nfrom = {json.dumps(source)}\nto = {json.dumps(target)}\n"
        return replace(parse_plan(text, "--from/--to"), path="")
    plan = open_plan(root, plan_file, required=True)
    if not plan.moves:
        raise UsageError(f"{plan.path}: has no [[move]], so there is nothing to migrate")
    return plan


def _mode(*, apply: bool, check: bool) -> Mode:
    if apply and check:
        raise UsageError("--apply and --check exclude each other")
    if apply:
        return Mode.apply
    return Mode.check if check else Mode.diff


def _migrate(
    root: Path,
    plan: Plan,
    planner: Planner,
    mode: Mode,
    form: MigrateFormat,
    output: Path | None,
    jobs: int | None,
    no_cache: bool,
    quiet: bool,
    allow_dirty: bool,
    swaps: Collection[str] = (),
) -> None:
    base = check_root(root)
    if mode is Mode.apply and not allow_dirty:
        _refuse_dirty(base)
    tree = open_tree(root, plan, jobs, no_cache)
    migration = prepare(tree, plan, planner)
    unknown = unknown_sources(tree, plan)
    for move in unknown[:_NAMED]:
        where = f"{plan.path}:{move.line}: " if plan.path else ""
        say(
            f"{where}{move.source} names nothing in {root}: misspelled, moved or deleted already",
            quiet=quiet,
        )
    if len(unknown) > _NAMED:
        say(f"and {len(unknown) - _NAMED} more of {len(plan.moves)} moves", quiet=quiet)
    if mode is Mode.apply:
        apply_changes(base, migration.changes, swaps)
        migration = migration.written()
    findings = bool(migration.changes) and mode is not Mode.apply
    conclude(_rendered(root, migration, mode, form), output, findings=findings)


_NAMED = 3
"""Moves without a source that are named; all of them are what a plan looks like once it is carried out."""


def _refuse_dirty(root: Path) -> None:
    repository = open_repository(root)
    if repository is None or repository.work_tree is None:
        return
    own = files_as_left(root)
    changed = [path for path in repository.changed_files() if path not in own]
    if changed:
        raise UsageError(
            f"{root}: git has {len(changed)} uncommitted changes, such as {changed[0]} "
            "(commit them, or give --allow-dirty)"
        )


def _rendered(root: Path, migration: Migration, mode: Mode, form: MigrateFormat) -> str:
    applied = mode is Mode.apply
    if form is MigrateFormat.json:
        body = render.to_json(migration)
        return dumps(document(str(root), migration.files, migration.skipped, **body))
    if form is MigrateFormat.md:
        return render.to_markdown(migration, applied=applied)
    summary = render.to_text(migration, applied=applied)
    if mode is Mode.diff:
        diff = render.to_diff(migration.changes)
        return f"{diff}\n{summary}" if diff else summary
    return summary
