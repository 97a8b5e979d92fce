"""Options that every command shares, and the way from them to a plan, a tree and an output."""

from __future__ import annotations

import sys
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, RenderableType

from consolidator.adapters.apply import recover
from consolidator.adapters.files import check_root
from consolidator.adapters.load import load_tree
from consolidator.errors import ToolError, UsageError
from consolidator.plan import Plan, find_plan, read_plan
from consolidator.tree.index import Tree

PLAIN_WIDTH = 80
"""Columns of text output that goes to a pipe or a file, whatever the terminal."""


class Format(StrEnum):
    """Output formats that every report has."""

    text = "text"
    json = "json"
    md = "md"
    html = "html"


def _finished(root: Path) -> Path:
    """ROOT, after a migration that was killed half-way through is carried to its end."""
    if paths := recover(root):
        say(f"finished an interrupted migration of {len(paths)} files")
    return root


Root = Annotated[
    Path,
    typer.Argument(
        help="Directory to look at, inside or outside git.", show_default=True, callback=_finished
    ),
]
PlanFile = Annotated[
    Path | None,
    typer.Option(
        "--plan",
        help="Plan file [default: ROOT/consolidation.toml, else \\[tool.consolidator] "
        "in ROOT/pyproject.toml]",
        show_default=False,
    ),
]
FormatOption = Annotated[Format, typer.Option("--format", help="How to print the result.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Write the result to this file instead of stdout."),
]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", "-j", min=1, help="Processes to use [default: one per core]."),
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Neither read nor write the cache.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress or talk on stderr.")]


def new_app() -> typer.Typer:
    """The Typer application of one command."""
    return typer.Typer(add_completion=False, rich_markup_mode="markdown", no_args_is_help=False)


def open_plan(root: Path, plan: Path | None, *, required: bool = False) -> Plan:
    """The plan that the user named, else ROOT's own, else an empty one."""
    if plan is not None:
        return read_plan(plan)
    check_root(root)
    found = find_plan(root)
    if found is not None:
        return read_plan(found)
    if required:
        raise UsageError(
            f"{root}: there is no plan (expected {root / 'consolidation.toml'}, [tool.consolidator] "
            f"in {root / 'pyproject.toml'}, or --plan FILE; `consolidator plan {root}` drafts one)"
        )
    return Plan()


def open_tree(root: Path, plan: Plan, jobs: int | None, no_cache: bool) -> Tree:
    """The tree below ROOT, with the plan's source roots and exclusions."""
    return load_tree(
        root, source_roots=plan.source_roots, exclude=plan.exclude, jobs=jobs, cache=not no_cache
    )


def say(message: str, *, quiet: bool = False) -> None:
    """Talk, on stderr."""
    if not quiet:
        Console(stderr=True, highlight=False, soft_wrap=True).print(message, markup=False)


def write(result: str | RenderableType, output: Path | None) -> None:
    """A result to stdout or a file. Plain width and no colour unless stdout is a terminal."""
    if output is None and sys.stdout.isatty() and not isinstance(result, str):
        Console().print(result)
        return
    text = result if isinstance(result, str) else plain(result)
    data = text.encode("utf-8", "backslashreplace")
    data = data if data.endswith(b"\n") or not data else data + b"\n"
    if output is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        output.write_bytes(data)
    except OSError as error:
        raise ToolError(f"{output}: can't be written: {error.strerror}") from error


def plain(result: RenderableType) -> str:
    """A rich result as uncoloured text of fixed width."""
    buffer = StringIO()
    Console(file=buffer, width=PLAIN_WIDTH, color_system=None, legacy_windows=False).print(result)
    return "\n".join(line.rstrip() for line in buffer.getvalue().split("\n"))
