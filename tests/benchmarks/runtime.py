"""The runtime beside plain servers, on this machine: `python tests/benchmarks/runtime.py`.

Each server runs in its own process on one event loop (uvloop for all), the load client here in
another; compare within one run only. Figures drift with the machine, ratios hold better.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from pathlib import Path

import uvloop

PEERS = ("websockets", "fastapi", "picows")
OURS = ("standalone", "asgi", "asgi-gathering", "standalone-sqlite", "asgi-sqlite")
RATES = ("fan-out /s", "streams /s", "fan-out per CPU s", "streams per CPU s")
THREADS = ("4 threads /s", "32 threads /s", "4 threads per CPU s", "32 threads per CPU s")
FLOORS = [
    ("standalone", "websockets", 1.0, RATES),
    ("asgi", "fastapi", 1.0, RATES),
    ("asgi-gathering", "fastapi", 1.0, RATES),
    ("standalone-sqlite", "standalone", 0.5, RATES),
    ("asgi-sqlite", "asgi", 0.5, RATES),
    ("standalone", "fastapi", 5.0, THREADS),
]
"""Per CPU second of the server process is what to look at on a machine that does other work too."""


class Counter(asyncio.Protocol):
    """Counts frames by their first byte, which JSON in ASCII never holds."""

    def __init__(self, count):
        self.count = count
        self.open = False
        self.latency = None

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        if not self.open:
            _, end, data = data.partition(b"\r\n\r\n")
            self.open = bool(end)
        self.count.frames += data.count(b"\x81")
        if self.count.sampling and (at := data.rfind(b'"t":')) >= 0:
            text = data[at + 4 : data.index(b",", at)]
            self.count.latencies.append(time.monotonic() - float(text))
        self.count.check()


class Count:
    def __init__(self):
        self.frames = 0
        self.wanted = 0
        self.reached = None
        self.sampling = False
        self.latencies = []

    def check(self):
        if self.reached is not None and self.frames >= self.wanted:
            self.reached.set()

    async def reach(self, wanted):
        self.wanted, self.reached = wanted, asyncio.Event()
        self.check()
        async with asyncio.timeout(120):
            await self.reached.wait()


class Bench:
    def __init__(self, process, count):
        self.process = process
        self.count = count

    async def answer(self):
        return json.loads(await self.process.stdout.readline())

    async def do(self, *command):
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        return await self.answer()

    async def timed(self, events, *command):
        wanted = self.count.frames + events
        started = time.monotonic()
        answer = await self.do(*command)
        await self.count.reach(wanted)
        return events / (time.monotonic() - started), events / answer["cpu"]


@asynccontextmanager
async def serving(kind, connections):
    with tempfile.TemporaryDirectory() as folder:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(Path(__file__).parent / "runtime_peers" / "server.py"),
            kind,
            str(Path(folder) / "events.db"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        bench = Bench(process, Count())
        started = await bench.answer()
        loop = asyncio.get_running_loop()
        for n in range(connections):
            transport, _ = await loop.create_connection(
                lambda: Counter(bench.count), "127.0.0.1", started["port"]
            )
            transport.write(
                b"GET /ws?seq=0&user=user-%03d HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                b"Sec-WebSocket-Version: 13\r\n\r\n" % n
            )
        await bench.count.reach(connections)
        bench.kib = ((await bench.do("memory"))["kib"] - started["kib"]) / connections
        try:
            yield bench
        finally:
            process.stdin.close()
            process.kill()
            await process.wait()


async def measure(kind, connections, scale):
    figures = {}
    async with serving(kind, connections) as bench:
        figures["KiB per idle connection"] = bench.kib
        rounds = int(200 * scale)
        await bench.timed(20 * connections, "fan_out", 20)
        every = rounds * connections
        figures["fan-out /s"], figures["fan-out per CPU s"] = await bench.timed(
            every, "fan_out", rounds
        )
        figures["streams /s"], figures["streams per CPU s"] = await bench.timed(
            every, "streams", rounds
        )
        for threads in (4, 32):
            each = int(40_000 * scale) // threads
            (
                figures[f"{threads} threads /s"],
                figures[f"{threads} threads per CPU s"],
            ) = await bench.timed(each * threads, "threads", each, threads)
        bench.count.sampling = True
        await bench.timed(20_000, "paced", 20_000, 10_000)
        ordered = sorted(bench.count.latencies)
        figures["p99 ms at 10,000/s"] = ordered[int(len(ordered) * 0.99)] * 1000
    return figures


async def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", default=[*PEERS, *OURS])
    parser.add_argument("--connections", type=int, default=500)
    parser.add_argument("--scale", type=float, default=1.0)
    arguments = parser.parse_args()
    results = {}
    for kind in arguments.kinds:
        results[kind] = await measure(kind, arguments.connections, arguments.scale)
        told = "  ".join(f"{name} {value:,.1f}" for name, value in results[kind].items())
        print(f"{kind:18} {told}", flush=True)
    for ours, peer, floor, names in FLOORS:
        if ours in results and peer in results:
            for name in names:
                ratio = results[ours][name] / results[peer][name]
                print(f"{ours} / {peer}, {name}: {ratio:.2f} (floor {floor})")


uvloop.run(main())
