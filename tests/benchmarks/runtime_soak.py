"""Thousands of connections for minutes, with churn: `python tests/benchmarks/runtime_soak.py`.

Nine tenths of the connections are users of their own, the rest second tabs. Every second a
hundredth of them loses its connection and resumes; every tenth second a hundredth stays away for
three. Every connection's numbers are checked. One line per minute: what the server process holds
in memory, the latency of that minute, and what was lost.
"""

import argparse
import asyncio
import random
import sys
import time
from contextlib import suppress
from pathlib import Path

from unified_runtime.loadtest.bench import bundled_server
from unified_runtime.loadtest.clients import LoadClient, Tally
from unified_runtime.loadtest.phases import percentiles

KEEP = 30
"""Events that the journal keeps per user, so that its size is level after the first minutes."""


def resident_mib(pid):
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4 / 1024


async def connect(clients, tasks):
    """In waves, as a server's backlog of handshakes is bounded."""
    for start in range(0, len(clients), 200):
        wave = clients[start : start + 200]
        tasks.extend(asyncio.create_task(client.run()) for client in wave)
        async with asyncio.timeout(60):
            await asyncio.gather(*(client.ready() for client in wave))


async def churn(clients, some):
    second = 0
    while True:
        second += 1
        for client in random.sample(clients, some):
            client.drop()
        if second % 10 == 0:
            gone = random.sample(clients, some)
            for client in gone:
                client.leave()
            await asyncio.sleep(3)
            for client in gone:
                client.come_back()
        await asyncio.sleep(1)


async def load(server, tally, pid, users, minutes, rate):
    sent, seen, latencies = {}, [], []
    for minute in range(1, minutes + 1):
        ends = time.monotonic() + 60
        while time.monotonic() < ends:
            sent = (await server.do("paced", events=rate * 2, rate=rate, users=users))["sent"]
        of_minute = percentiles(tally.latencies)
        latencies += tally.latencies
        tally.latencies.clear()
        seen.append(resident_mib(pid))
        print(
            f"minute {minute:2}: {seen[-1]:6.1f} MiB  p50 {of_minute['p50_ms']:.1f} ms  "
            f"p99 {of_minute['p99_ms']:.1f} ms  delivered {tally.delivered}  "
            f"reconnects {tally.reconnects}  lost {tally.lost}  repeated {tally.repeated}  "
            f"out of order {tally.out_of_order}  foreign {tally.foreign}",
            flush=True,
        )
    return sent, seen, latencies


async def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=5000)
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--rate", type=int, default=2000, help="events per second")
    parser.add_argument("--shell", choices=("asgi", "standalone"), default="standalone")
    arguments = parser.parse_args()
    users = [f"user-{n}" for n in range(max(1, arguments.connections * 9 // 10))]
    tally, tasks = Tally(), []
    async with bundled_server("memory", arguments.shell, KEEP) as server:
        clients = [
            LoadClient(server.url, users[n % len(users)], tally)
            for n in range(arguments.connections)
        ]
        empty = resident_mib(server.pid)
        await connect(clients, tasks)
        print(f"{len(clients)} connected: {empty:.1f} -> {resident_mib(server.pid):.1f} MiB")
        for client in clients:
            client.measuring = True
        churning = asyncio.create_task(churn(clients, max(1, len(clients) // 100)))
        sent, seen, latencies = await load(
            server, tally, server.pid, users, arguments.minutes, arguments.rate
        )
        churning.cancel()
        for client in clients:
            client.come_back()
        with suppress(TimeoutError):
            async with asyncio.timeout(60):
                await asyncio.gather(*(c.reach(sent.get(c.user_id, 0)) for c in clients))
        never = sum(max(0, sent.get(c.user_id, 0) - (c.position or 0)) for c in clients)
        stats = (await server.do("stats"))["stats"]
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    half = seen[len(seen) // 2 :]
    total = percentiles(latencies)
    print(
        f"{sum(sent.values())} events, {tally.delivered} deliveries, {tally.reconnects} reconnects; "
        f"lost {tally.lost + never}, repeated {tally.repeated}, out of order "
        f"{tally.out_of_order}, foreign {tally.foreign}; server's own count of lost "
        f"{stats['lost']}; p50 {total['p50_ms']:.1f} ms, p99 {total['p99_ms']:.1f} ms; memory of "
        f"the second half {min(half):.1f} to {max(half):.1f} MiB"
    )
    return 0 if tally.clean and not never and not stats["lost"] else 1


sys.exit(asyncio.run(main()))
