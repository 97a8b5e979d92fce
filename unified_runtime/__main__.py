"""`python -m unified_runtime --journal events.db --port 8000`: the standalone server."""

import argparse
import asyncio
import importlib.util
import os
import signal
import sys
from hmac import compare_digest
from importlib import import_module

from unified_runtime.errors import JournalError
from unified_runtime.handshake import Authenticate, Handshake
from unified_runtime.journals.base import Journal
from unified_runtime.journals.memory import MemoryJournal
from unified_runtime.journals.redis import RedisJournal
from unified_runtime.journals.sqlite import SqliteJournal
from unified_runtime.manager import UnifiedWebSocketManager


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m unified_runtime", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000, help="0 takes a free one")
    parser.add_argument(
        "--journal",
        default="memory",
        help="`memory`, the path of a SQLite file, or the `redis://` address of a Redis server",
    )
    parser.add_argument(
        "--authenticate",
        help="`package.module:function` that gets the Handshake and returns the user's id or "
        "None; without it the token in the variable UNIFIED_RUNTIME_TOKEN lets in, as the user "
        "named by `?user=`",
    )
    parser.add_argument("--origin", action="append", help="allowed Origin; repeatable")
    parser.add_argument(
        "--metrics", action="store_true", help="serve /metrics for Prometheus (extra `metrics`)"
    )
    return parser


def journal_of(name: str) -> Journal:
    if name.startswith(("redis://", "rediss://", "unix://")):
        return RedisJournal(name)
    return MemoryJournal() if name == "memory" else SqliteJournal(name)


def authenticate_of(name: str | None) -> Authenticate:
    """Raises ValueError when there is nothing to authenticate with, or what there is fails."""
    if name is None:
        return _with_shared_token(os.environ.get("UNIFIED_RUNTIME_TOKEN", ""))
    module, _, function = name.partition(":")
    if not function:
        raise ValueError(f"--authenticate {name!r} is not `package.module:function`")
    try:
        found: Authenticate = getattr(import_module(module), function)
    except Exception as error:  # the module's own code runs here
        raise ValueError(f"--authenticate {name!r}: {type(error).__name__}: {error}") from error
    if not callable(found):
        raise ValueError(f"--authenticate {name!r} is {found!r}, which cannot be called")  # noqa: TRY004 - as above
    return found


def _with_shared_token(token: str) -> Authenticate:
    if not token:
        raise ValueError("give --authenticate, or set UNIFIED_RUNTIME_TOKEN")

    def authenticate(handshake: Handshake) -> str | None:
        given = (handshake.token or "").encode()
        return handshake.query.get("user") if compare_digest(given, token.encode()) else None

    return authenticate


async def serve(arguments: argparse.Namespace, authenticate: Authenticate) -> None:
    """Until SIGINT or SIGTERM; then clients are told to reconnect."""
    from unified_runtime.standalone import standalone_server  # noqa: PLC0415 - needs an extra

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    manager = UnifiedWebSocketManager(journal=journal_of(arguments.journal))
    async with standalone_server(
        manager,
        authenticate=authenticate,
        host=arguments.host,
        port=arguments.port,
        origins=arguments.origin,
        metrics=arguments.metrics,
    ) as port:
        sys.stderr.write(f"listening on ws://{arguments.host}:{port}/ws\n")
        await stop.wait()


def main() -> int:
    arguments = _parser().parse_args()
    try:
        authenticate = authenticate_of(arguments.authenticate)
        with asyncio.Runner(loop_factory=fastest_loop) as runner:
            runner.run(serve(arguments, authenticate))
    except (ValueError, ImportError, AttributeError, OverflowError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    except (JournalError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 3
    return 0


def fastest_loop() -> asyncio.AbstractEventLoop:
    """uvloop's where it is installed."""
    if importlib.util.find_spec("uvloop") is None:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = import_module("uvloop").new_event_loop()
    return loop


if __name__ == "__main__":
    sys.exit(main())
