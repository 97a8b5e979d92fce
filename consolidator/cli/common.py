"""Options that commands share, and the one way from them to a plan, a tree, an output and an exit."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import Annotated, NoReturn, TextIO

import typer
from rich.console import Console, RenderableType

from consolidator.adapters.apply import recover
from consolidator.adapters.files import check_root
from consolidator.adapters.load import load_tree
from consolidator.errors import ToolError, UsageError
from consolidator.plan import Plan, find_plan, read_plan
from consolidator.tree.facts import Skipped
from consolidator.tree.index import Tree
from consolidator.wording import counted

PLAIN_WIDTH = 80
"""Columns of text output that goes to a pipe or a file, whatever the terminal."""


class Format(StrEnum):
    """Output formats that every report has."""

    text = "text"
    json = "json"
    md = "md"
    html = "html"


class CheckFormat(StrEnum):
    """Output formats of the commands that CI shows as findings."""

    text = "text"
    json = "json"
    md = "md"
    html = "html"
    sarif = "sarif"
    junit = "junit"
    github = "github"


def _finished(root: Path) -> Path:
    """ROOT, after a migration that was killed half-way through is carried to its end."""
    if paths := recover(root):
        say(f"finished an interrupted migration of {counted(len(paths), 'file')}")
    return root


def writable(output: Path) -> Path:
    """A file to write; what would make minutes of work fail at their end is told before them."""
    if output.is_dir():
        raise UsageError(f"{output}: is a directory; --output must name a file")
    if not output.parent.is_dir():
        raise UsageError(f"{output}: there is no directory {output.parent}")
    if not os.access(output if output.exists() else output.parent, os.W_OK):
        raise ToolError(f"{output}: permission to write is missing")
    return output


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
        metavar="FILE",
        help="Plan file [default: ROOT/consolidation.toml, else \\[tool.consolidator] "
        "in ROOT/pyproject.toml]",
        show_default=False,
    ),
]
FormatOption = Annotated[Format, typer.Option("--format", help="How to print the result.")]
CheckFormatOption = Annotated[
    CheckFormat,
    typer.Option("--format", metavar="NAME", help=f"One of {', '.join(CheckFormat)}."),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write the result to this file instead of stdout.",
        callback=lambda given: given and writable(given),
    ),
]
Match = Annotated[
    list[str] | None,
    typer.Option(
        "--match",
        metavar="GLOB",
        help="Only families with a member whose qualified name or class name fits (repeatable).",
    ),
]
MinScore = Annotated[
    float,
    typer.Option("--min-score", min=0.0, max=1.0, help="Leave out families below this score."),
]
Since = Annotated[
    str,
    typer.Option("--since", metavar="REV", help="Show only what is worse than at this revision."),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs", "-j", metavar="N", min=1, help="Processes to use [default: one per core]."
    ),
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
    if quiet:
        return
    try:
        print(message, file=sys.stderr)  # noqa: T201
    except BrokenPipeError:
        hush(sys.stderr)


def hush(stream: TextIO) -> None:
    """Lead a stream that nobody reads any more to nowhere, the interpreter's last flush included."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def say_skipped(skipped: Iterable[Skipped], *, quiet: bool) -> None:
    """Name the files that could not be read, where the output has no room for them."""
    for entry in skipped:
        say(f"not read: {entry.path}:{entry.line}: {entry.reason}", quiet=quiet)


def say_unmatched(globs: Sequence[str], what: str, *, quiet: bool) -> None:
    """Say that nothing was selected, and what a glob without a star would have needed."""
    tries = [f"'*{glob}*'" for glob in globs if not set(glob) & set("*?[")]
    hint = f"; a glob is for the whole name, try {' or '.join(tries)}" if tries else ""
    say(f"no {what} fits {' or '.join(map(repr, globs))}{hint}", quiet=quiet)


def conclude(result: str | RenderableType, output: Path | None, *, findings: bool) -> NoReturn:
    """Write the result, and exit with its verdict: 1 where there are findings, else 0."""
    write(result, output)
    raise typer.Exit(1 if findings else 0)


def write(result: str | RenderableType, output: Path | None) -> None:
    """A result to stdout or a file. Plain width and no colour unless stdout is a terminal.

    A reader that goes away early (`| head`) changes neither the verdict nor the exit code.
    """
    if output is None and sys.stdout.isatty() and not isinstance(result, str):
        Console(emoji=False, markup=False).print(result)
        return
    text = result if isinstance(result, str) else plain(result)
    data = text.encode("utf-8", "backslashreplace")
    data = data if data.endswith(b"\n") or not data else data + b"\n"
    try:
        if output is not None:
            output.write_bytes(data)
            return
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        hush(sys.stdout)
    except OSError as error:
        raise ToolError(f"{output or 'stdout'}: can't be written: {error.strerror}") from error


def plain(result: RenderableType) -> str:
    """A rich result as uncoloured text of fixed width."""
    buffer = StringIO()
    Console(
        file=buffer,
        width=PLAIN_WIDTH,
        color_system=None,
        legacy_windows=False,
        emoji=False,
        markup=False,
    ).print(result)
    return "\n".join(line.rstrip() for line in buffer.getvalue().split("\n"))
