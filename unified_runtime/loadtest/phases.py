"""What is done to the server, and what each phase measures."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from unified_runtime.loadtest.bench import BundledServer
from unified_runtime.loadtest.clients import LoadClient, Tally

_STALL_BYTES = 8 * 1024 * 1024
"""Per stalled client: beyond what the sockets' own buffers swallow."""


@dataclass(frozen=True, slots=True)
class Load:
    """`users` with one connection each; every tenth has a second tab."""

    users: int
    events: int
    threads: int
    connections: int | None = None
    """How many in all; more than `users` open further tabs."""


class Phases:
    """Runs on the bundled server, phase by phase; clients stay connected throughout."""

    def __init__(self, server: BundledServer, load: Load) -> None:
        self._server = server
        self._load = load
        self.tally = Tally()
        self.users = [f"user-{n}" for n in range(load.users)]
        total = load.connections or load.users + load.users // 10
        self.clients = [
            LoadClient(server.url, self.users[n % load.users], self.tally) for n in range(total)
        ]
        self._tenth = max(1, load.users // 10)
        self.sent: dict[str, int] = {}
        self.stats: dict[str, Any] = {}

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(client.run()) for client in self.clients]
        try:
            await asyncio.gather(*(client.ready() for client in self.clients))
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def fan_out(self) -> dict[str, float]:
        """Each event to everyone."""
        return await self._measured("broadcast", events=self._load.events, users=self.users)

    async def streams(self) -> dict[str, float]:
        """Each user's own events, by many agents at once."""
        return await self._measured("streams", events=self._load.events, users=self.users)

    async def threads(self) -> dict[str, float]:
        """Events from threads."""
        share = self._load.events * self._load.users // self._load.threads
        done = await self._measured(
            "threads", events=share, users=self.users, threads=self._load.threads
        )
        return done | {"emits_per_s": share * self._load.threads / done["emit_seconds"]}

    async def paced(self) -> dict[str, float]:
        """Latency when the server is not at its limit."""
        for client in self.clients:
            client.measuring = True
        done = await self._measured(
            "paced", events=min(10_000, self._load.users * 20), rate=2000, users=self.users
        )
        for client in self.clients:
            client.measuring = False
        return done | percentiles(self.tally.latencies)

    async def drops(self) -> dict[str, float]:
        """A tenth loses the connection again and again while events flow."""

        async def drop_some() -> None:
            for round_ in range(10):
                for client in self.clients[round_::10][: self._tenth]:
                    client.drop()
                await asyncio.sleep(0.02)

        before = self.tally.reconnects
        dropping = asyncio.create_task(drop_some())
        done = await self._measured(
            "paced", events=self._load.users * 20, rate=self._load.users * 50, users=self.users
        )
        await dropping
        return done | {"reconnects": self.tally.reconnects - before}

    async def away(self) -> dict[str, float]:
        """A tenth of the users is gone during 600 events of each, then comes back."""
        gone = set(self.users[: self._tenth])
        absent = [client for client in self.clients if client.user_id in gone]
        for client in absent:
            client.leave()
        emitted = await self._server.do("streams", events=600, users=sorted(gone))
        self.sent = emitted["sent"]
        started = time.monotonic()
        for client in absent:
            client.come_back()
        await self._all_reached()
        return {"missed": 600 * len(gone), "catch_up_seconds": time.monotonic() - started}

    async def stalled(self) -> dict[str, float]:
        """A tenth stops reading: it is cut and made whole, and nobody else waits for it."""
        slow = self.clients[:: max(1, len(self.clients) // self._tenth)][: self._tenth]
        others = [client for client in self.clients if client not in slow]
        free = await self._broadcast_to(others)
        for client in slow:
            client.stall()
        names = sorted({client.user_id for client in slow})
        await self._server.do("streams", events=_STALL_BYTES // 16_384, users=names, size=16_384)
        beside = await self._broadcast_to(others)
        await asyncio.sleep(2.5)  # longer than the server's limit for one write
        for client in slow:
            client.go_on()
        await self._all_reached()
        self.stats = (await self._server.do("stats"))["stats"]
        cut = self.stats["closed"].get("SLOW_CONSUMER", 0)
        return {
            "others_seconds_before": free,
            "others_seconds": beside,
            "stalled": len(slow),
            "cut": cut,
        }

    async def _broadcast_to(self, clients: list[LoadClient]) -> float:
        """Seconds until these have seen `events` more that went to everyone."""
        await self._reached(clients)
        started = time.monotonic()
        emitted = await self._server.do("broadcast", events=self._load.events, users=self.users)
        self.sent = emitted["sent"]
        await self._reached(clients)
        return time.monotonic() - started

    async def _measured(self, what: str, **options: Any) -> dict[str, float]:
        before = self.tally.delivered
        started = time.monotonic()
        answer = await self._server.do(what, **options)
        self.sent = answer["sent"]
        await self._all_reached()
        seconds = time.monotonic() - started
        delivered = self.tally.delivered - before
        return {
            "delivered": delivered,
            "seconds": seconds,
            "emit_seconds": answer["seconds"],
            "deliveries_per_s": delivered / seconds,
        }

    async def _all_reached(self) -> None:
        await self._reached(self.clients)

    async def _reached(self, clients: list[LoadClient]) -> None:
        """Wait until each has seen its user's newest event; what never comes counts as lost."""
        waiting = [client.reach(self.sent.get(client.user_id, 0)) for client in clients]
        try:
            async with asyncio.timeout(30):
                await asyncio.gather(*waiting)
        except TimeoutError:
            for client in clients:
                missing = self.sent.get(client.user_id, 0) - (client.position or 0)
                self.tally.lost += max(0, missing)
            raise


def percentiles(seconds: list[float]) -> dict[str, float]:
    """p50 and p99 in milliseconds; nothing without samples."""
    if not seconds:
        return {}
    ordered = sorted(seconds)

    def at(share: float) -> float:
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000

    return {"p50_ms": at(0.5), "p99_ms": at(0.99)}
