"""`python -m unified_runtime.loadtest --users 200 --json`"""

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from unified_runtime.extras import needs_extra

try:
    from unified_runtime.loadtest.bench import bundled_server
    from unified_runtime.loadtest.clients import LoadClient, Tally
    from unified_runtime.loadtest.phases import Load, Phases, percentiles
    from unified_runtime.loadtest.timeline import Timeline, histogram
except ModuleNotFoundError as error:
    raise needs_extra("the load test", "asgi", error) from None


def main() -> int:
    arguments = _parser().parse_args()
    load = Load(arguments.users, arguments.events, arguments.threads, arguments.connections)
    if arguments.url:
        report = asyncio.run(watch(arguments.url, arguments.token, load, arguments.seconds))
    else:
        report = asyncio.run(run(load, arguments.journal, arguments.shell))
    text = msgspec.json.format(msgspec.json.encode(report), indent=2).decode()
    sys.stdout.write((text if arguments.json else _readable(report)) + "\n")
    return 0 if report["ok"] else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m unified_runtime.loadtest",
        description="Load a server, misbehave as clients do, and check every connection's numbers.",
        epilog="exit code 0: nothing lost, repeated, out of order or foreign; 1: something was; "
        "2: bad usage",
    )
    parser.add_argument("--users", type=_positive, default=200)
    parser.add_argument("--events", type=_positive, default=50, help="per user and phase")
    parser.add_argument("--connections", type=_positive, help="default: users and a tenth more")
    parser.add_argument("--threads", type=_positive, default=4, help="emitting threads")
    parser.add_argument("--journal", choices=("memory", "sqlite"), default="memory")
    parser.add_argument("--shell", choices=("asgi", "standalone"), default="asgi")
    parser.add_argument(
        "--url",
        help="watch a running server that emits by itself, with drops and resumes; users are "
        "named user-0, user-1 …, which stands for `{user}` in the address",
    )
    parser.add_argument("--token", help="bearer token for --url; default: each user's name")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long to watch --url")
    parser.add_argument("--json", action="store_true")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return number


async def run(load: Load, journal: str, shell: str) -> dict[str, Any]:
    """All phases on the bundled server."""
    started = time.monotonic()
    done: dict[str, dict[str, float]] = {}
    async with bundled_server(journal, shell) as server:
        phases = Phases(server, load)
        timeline = Timeline(phases.tally)
        try:
            async with phases.connected(), recorded(timeline):
                for phase in (
                    phases.fan_out,
                    phases.streams,
                    phases.threads,
                    phases.paced,
                    phases.drops,
                    phases.away,
                    phases.stalled,
                ):
                    sys.stderr.write(f"{phase.__name__} …\n")
                    timeline.mark(phase.__name__)
                    done[phase.__name__] = await phase()
        except TimeoutError:
            sys.stderr.write("events did not arrive within 30 seconds\n")
    return _report(phases.tally, load, started, sum(phases.sent.values()), timeline) | {
        "journal": journal,
        "shell": shell,
        "deliveries_per_s": done.get("fan_out", {}).get("deliveries_per_s", 0.0),
        "phases": done,
        "server": phases.stats,
    }


async def watch(url: str, token: str | None, load: Load, seconds: float) -> dict[str, Any]:
    """Connect to a server that emits by itself; a tenth is dropped every second."""
    started = time.monotonic()
    tally = Tally()
    total = load.connections or load.users
    clients = [LoadClient(url, f"user-{n % load.users}", tally, token=token) for n in range(total)]
    for client in clients:
        client.measuring = True
    tasks = [asyncio.create_task(client.run()) for client in clients]
    timeline = Timeline(tally)
    async with recorded(timeline):
        for second in range(max(1, int(seconds))):
            await asyncio.sleep(1)
            for client in clients[second % 10 :: 10]:
                client.drop()
        await asyncio.sleep(1)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    unreached = sum(client.position is None for client in clients)
    report = _report(tally, load, started, None, timeline)
    return report | {"url": url, "never_connected": unreached, "ok": report["ok"] and not unreached}


@asynccontextmanager
async def recorded(timeline: Timeline) -> AsyncIterator[None]:
    recording = asyncio.create_task(timeline.record())
    try:
        yield
    finally:
        recording.cancel()
        await asyncio.wait((recording,))


def _report(
    tally: Tally, load: Load, started: float, sent: int | None, timeline: Timeline
) -> dict[str, Any]:
    return {
        "schema": 1,
        "ok": tally.clean,
        "users": load.users,
        "connections": load.connections or load.users + load.users // 10,
        "seconds": time.monotonic() - started,
        "sent": sent,
        "delivered": tally.delivered,
        "lost": tally.lost,
        "repeated": tally.repeated,
        "out_of_order": tally.out_of_order,
        "foreign": tally.foreign,
        "reconnects": tally.reconnects,
        **percentiles(tally.latencies),
        "latencies": histogram(tally.latencies),
        "timeline": timeline.to_dict(),
    }


def _readable(report: dict[str, Any]) -> str:
    lines = [
        f"{name:>18}  {value}"
        for name, value in report.items()
        if not isinstance(value, dict | list)
    ]
    for name, figures in report.get("phases", {}).items():
        told = "  ".join(f"{key} {value:,.1f}" for key, value in figures.items())
        lines.append(f"{name:>18}  {told}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
