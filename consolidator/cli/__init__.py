"""The command line: one file per command, loaded only when it is called."""

from __future__ import annotations

import gc
import sys
import traceback
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from consolidator import __version__
from consolidator.errors import ConsolidatorError

COMMANDS = {
    "mro-report": "mro_report",
    "duplicates": "duplicates",
    "extract": "extract",
    "plan": "plan",
    "audit": "audit",
    "migrate": "migrate",
    "guard": "guard",
    "run": "run",
    "load-test": "load_test",
    "demo": "demo",
}
"""Command and the module of this package that holds its `app`, in the order of a consolidation."""


class _InternalError(Exception):
    """A failure that Typer would turn into exit 1, which means findings."""


class _LazyGroup(TyperGroup):
    """Imports a command's module when it is asked for, so that one command pays only for itself."""

    def invoke(self, ctx: Any) -> Any:
        if not set(ctx.help_option_names).isdisjoint(ctx.args):
            return self._help(ctx)
        try:
            return super().invoke(ctx)
        except (EOFError, OSError) as error:
            raise _InternalError from error

    def _help(self, ctx: Any) -> Any:
        """A command's help page, of which the reader may want no more than the `head`."""
        try:
            return super().invoke(ctx)
        except (BrokenPipeError, SystemExit) as gone:
            from consolidator.cli.common import hush  # noqa: PLC0415 - slow to import

            hush(sys.stdout)
            raise typer.Exit from gone

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"consolidator.cli.{COMMANDS[cmd_name]}")
        command = typer.main.get_command(module.app)
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=_LazyGroup,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def consolidator(
    _version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Print the version and exit.",
            callback=_print_version,
            is_eager=True,
        ),
    ] = False,
) -> None:
    """Merge the copies of one class into one, move every caller, and prove that nothing was lost.

    ROOT is data: no command imports or runs its code, except `run` and the test command you give.

    **Exit codes:** 0 nothing to report, or done · 1 findings, or it would change something ·
    2 bad usage, plan or configuration · 3 the tool could not do its work.
    """


def main() -> None:
    """Run the command line; every failure leaves as one clear message and its own exit code."""
    # A command makes many small records and hardly a cycle; by default a tenth of its time goes into
    # walking them again and again.
    gc.set_threshold(100_000, 50, 100)
    try:
        app()
    except ConsolidatorError as error:
        _fail(f"error: {error}", error.exit_code)
    except Exception:  # noqa: BLE001 - the outermost edge: an internal error must never exit with 1
        traceback.print_exc()
        _fail("error: this is a bug in consolidator", 3)


def _fail(message: str, code: int) -> None:
    print(message, file=sys.stderr)  # noqa: T201
    sys.exit(code)
