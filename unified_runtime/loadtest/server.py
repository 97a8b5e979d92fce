"""The server under load, in its own process: told on stdin what to emit, answers on stdout.

One JSON object per line each way. The first answer is `{"port": …}`.
"""

import argparse
import asyncio
import logging
import resource
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Any

import msgspec
import uvicorn

from unified_runtime.asgi import create_app
from unified_runtime.handshake import Handshake
from unified_runtime.journals.base import Journal, Retention
from unified_runtime.journals.memory import MemoryJournal
from unified_runtime.journals.sqlite import SqliteJournal
from unified_runtime.limits import Limits
from unified_runtime.manager import UnifiedWebSocketManager

LIMITS = Limits(write_timeout=1.0, connections_per_address=100_000)


class Command(msgspec.Struct):
    """`size` pads an event to about so many bytes; `rate` is events per second, 0 at once."""

    do: str
    users: list[str] = []
    events: int = 0
    size: int = 200
    rate: float = 0
    threads: int = 0


def token_is_user(handshake: Handshake) -> str | None:
    """For the load test only: whoever comes is who he says."""
    return handshake.token


class Emitter:
    """Carries out commands and counts what was acknowledged per user."""

    def __init__(self, manager: UnifiedWebSocketManager) -> None:
        self._manager = manager
        self.sent: Counter[str] = Counter()
        self._lock = threading.Lock()

    def _data(self, size: int) -> dict[str, Any]:
        return {"sent_at": time.monotonic(), "text": "x" * max(0, size - 190)}

    async def broadcast(self, command: Command) -> None:
        for _ in range(command.events):
            await self._manager.broadcast("load", self._data(command.size), users=command.users)
        self.sent.update(dict.fromkeys(command.users, command.events))

    async def streams(self, command: Command) -> None:
        """`events` to each user in turn, by 50 tasks at once as 50 agents would."""
        await asyncio.gather(
            *(
                self._stream(command.users[n::50], command)
                for n in range(min(50, len(command.users)))
            )
        )

    async def _stream(self, users: list[str], command: Command) -> None:
        for _ in range(command.events):
            for user_id in users:
                await self._one(user_id, command)

    async def _one(self, user_id: str, command: Command) -> None:
        await self._manager.emit(user_id, "load", self._data(command.size))
        self.sent[user_id] += 1

    async def paced(self, command: Command) -> None:
        """`events` in all, at `rate` per second, in bursts of 5 ms."""
        started = time.monotonic()
        done = 0
        while done < command.events:
            due = min(command.events, int((time.monotonic() - started) * command.rate) + 1)
            await asyncio.gather(
                *(
                    self._one(command.users[n % len(command.users)], command)
                    for n in range(done, due)
                )
            )
            done = due
            await asyncio.sleep(0.005)

    async def threads(self, command: Command) -> None:
        """`events` from each of so many threads, each over its own share of the users."""
        await asyncio.gather(
            *(
                asyncio.to_thread(self._from_thread, command.users[n :: command.threads], command)
                for n in range(command.threads)
            )
        )

    def _from_thread(self, users: list[str], command: Command) -> None:
        if not users:
            return
        chosen = [users[n % len(users)] for n in range(command.events)]
        futures = [
            self._manager.emit_threadsafe(user_id, "load", self._data(command.size))
            for user_id in chosen
        ]
        for future in futures:
            future.result(60)
        with self._lock:
            self.sent.update(chosen)


async def obey(manager: UnifiedWebSocketManager) -> None:
    """Until stdin ends."""
    emitter = Emitter(manager)
    actions: dict[str, Callable[[Command], Awaitable[None]]] = {
        "broadcast": emitter.broadcast,
        "streams": emitter.streams,
        "paced": emitter.paced,
        "threads": emitter.threads,
    }
    decoder = msgspec.json.Decoder(Command)
    while line := await asyncio.to_thread(sys.stdin.readline):
        command = decoder.decode(line)
        started = time.monotonic()
        if command.do in actions:
            await actions[command.do](command)
        answer(
            seconds=time.monotonic() - started,
            sent=dict(emitter.sent),
            stats=manager.stats(),
            peak_kib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        )


def answer(**facts: Any) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(facts) + b"\n")
    sys.stdout.buffer.flush()


def journal_named(name: str, path: str, keep: int) -> Journal:
    retention = Retention(count=keep)
    if name == "sqlite":
        return SqliteJournal(path, retention=retention)
    return MemoryJournal(retention=retention)


@asynccontextmanager
async def asgi_server(manager: UnifiedWebSocketManager) -> AsyncIterator[int]:
    """uvicorn on a free port, without its own loop and signals."""
    config = uvicorn.Config(
        create_app(manager, authenticate=token_is_user),
        host="127.0.0.1",
        port=0,
        log_level="error",
        lifespan="off",
        ws_per_message_deflate=False,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        await server.shutdown()


def shell_named(name: str, manager: UnifiedWebSocketManager) -> AbstractAsyncContextManager[int]:
    if name == "asgi":
        return asgi_server(manager)
    from unified_runtime.standalone import standalone_server  # noqa: PLC0415 - needs an extra

    return standalone_server(manager, authenticate=token_is_user)


async def serve(arguments: argparse.Namespace) -> None:
    journal = journal_named(arguments.journal, arguments.path, arguments.keep)
    limits = replace(LIMITS, outbox_events=min(LIMITS.outbox_events, arguments.keep))
    async with (
        UnifiedWebSocketManager(journal=journal, limits=limits) as manager,
        shell_named(arguments.shell, manager) as port,
    ):
        answer(port=port)
        await obey(manager)


def main() -> None:
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # it warns of each write to a lost socket
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--journal", choices=("memory", "sqlite"), default="memory")
    parser.add_argument("--shell", choices=("asgi", "standalone"), default="asgi")
    parser.add_argument("--path", default="")
    parser.add_argument("--keep", type=int, default=100_000, help="events per user")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
