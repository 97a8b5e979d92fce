"""`consolidator load-test`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from consolidator.adapters.process import run
from consolidator.cli.common import Format, FormatOption, Output, Quiet, conclude, new_app, say
from consolidator.errors import ToolError
from consolidator.render import load_test as render
from consolidator.render.document import dumps

app = new_app()

RENDERERS: dict[Format, Callable[[dict[str, Any]], str | RenderableType]] = {
    Format.text: render.to_text,
    Format.json: lambda figures: dumps({"root": "", "files": 0, "skipped": [], **figures}),
    Format.md: render.to_markdown,
    Format.html: render.to_html,
}


class JournalName(StrEnum):
    memory = "memory"
    sqlite = "sqlite"


LONGEST = 1800.0
"""Seconds after which the load test is ended, server and clients with it."""


@app.command()
def load_test(
    users: Annotated[int, typer.Option("--users", min=1, max=5000, help="Users at once.")] = 200,
    events: Annotated[int, typer.Option("--events", min=1, help="Events per user and phase.")] = 50,
    threads: Annotated[int, typer.Option("--threads", min=1, help="Threads that emit.")] = 4,
    journal: Annotated[
        JournalName, typer.Option("--journal", help="Journal of the bundled server.")
    ] = JournalName.memory,
    url: Annotated[
        str,
        typer.Option(
            "--url",
            help="Watch this running server, which has to emit by itself, instead of the bundled "
            "one. The users are named user-0, user-1 …, which stands for {user} in the address.",
        ),
    ] = "",
    token: Annotated[
        str, typer.Option("--token", help="Bearer token for --url; else each user's name.")
    ] = "",
    pictures: Annotated[
        Path | None,
        typer.Option("--pictures", file_okay=False, help="Also draw SVG files into this folder."),
    ] = None,
    form: FormatOption = Format.text,
    output: Output = None,
    quiet: Quiet = False,
) -> None:
    """Can the runtime hold N users with nothing lost?

    Starts the bundled server in a process of its own on 127.0.0.1, connects real WebSocket clients,
    and misbehaves as clients do: drops a tenth of them mid-stream, sends users away, opens second
    tabs, stops reading. Every connection's numbers are checked.

    **Example:** `consolidator load-test --users 200 --pictures load --format md --output load.md`

    **Exit codes:** 0 nothing lost, repeated, out of order or sent to another user · 1 something was ·
    2 bad usage · 3 the server or the clients could not run.
    """
    options = ["--users", str(users), "--events", str(events), "--threads", str(threads)]
    options += ["--journal", journal, "--json"]
    options += [*(["--url", url] if url else []), *(["--token", token] if token else [])]
    say(f"{users} users, {events} events each and phase …", quiet=quiet)
    line = [sys.executable, "-P", "-m", "unified_runtime.loadtest", *options]
    finished = run(line, Path.cwd(), LONGEST, merge_errors=False)
    try:
        figures: dict[str, Any] = json.loads(finished.output)
    except ValueError:
        words = finished.errors.strip().splitlines() or ["it said nothing"]
        raise ToolError(f"the load test ended with exit {finished.code}: {words[-1]}") from None
    if figures.get("never_connected") == figures["connections"]:
        raise ToolError(f"{url}: none of {figures['connections']} clients could connect")
    if url and not figures["delivered"]:
        say(f"{url} emitted nothing to user-0, user-1 …: nothing was proven", quiet=quiet)
    if pictures is not None:
        _draw(figures, pictures, quiet=quiet)
    conclude(RENDERERS[form](figures), output, findings=bool(finished.code))


def _draw(figures: dict[str, Any], folder: Path, *, quiet: bool) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, svg in render.pictures(figures).items():
            (folder / name).write_text(svg, encoding="utf-8")
            say(f"drew {folder / name}", quiet=quiet)
    except OSError as error:
        raise ToolError(f"{folder}: {error.strerror}") from None
