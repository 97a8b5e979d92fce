"""The runtime beside plain servers, on this machine: `python tests/benchmarks/runtime.py`.

Each server runs in its own process on one event loop (uvloop for all of Python), the load client
here in another. All servers are up at once and take turns at slices of work, so that what else the
machine does hits them alike; figures and ratios are medians over the rounds, a ratio is taken within
each. Latency is asked for in every round, in short slices: a p99 is made by the moments in which the
machine did something else, and only many rounds have a typical one. Rates are asked for in every fourth
round, in slices that are longer by as much: in a short one the caches are still the server's before,
which costs whoever keeps more per user the most (a third of every rate, and a tenth of ratios).
`fastapi-again` is a second FastAPI, whose ratios to the first tell how much of any ratio is chance.
Peers that are not installed are left out: `pip install fastapi python-socketio`, and `npm install
socket.io` in a folder whose node_modules NODE_PATH names.
"""

import argparse
import asyncio
import json
import socket
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import uvloop

PEERS = ("websockets", "fastapi", "picows", "python-socketio", "socket.io")
OURS = ("standalone", "asgi", "asgi-gathering", "standalone-sqlite", "standalone-sqlite-normal")
RATES = ("fan-out /s", "streams /s", "fan-out per CPU s", "streams per CPU s")
THREADS = ("4 threads /s", "32 threads /s", "4 threads per CPU s", "32 threads per CPU s")
FLOORS = [
    ("standalone", "websockets", 1.0, RATES),
    ("asgi", "fastapi", 1.0, RATES),
    ("asgi-bare", "fastapi", 1.0, RATES),
    ("asgi-gathering", "fastapi", 1.0, RATES),
    ("standalone-sqlite", "standalone", 0.5, RATES),
    ("standalone-sqlite-normal", "standalone", 0.5, RATES),
    ("bare-sqlite", "standalone", 0.5, ("streams /s", "streams per CPU s")),
    ("standalone", "fastapi", 5.0, THREADS),
    ("bare-threads", "fastapi", 5.0, THREADS),
]
"""Per CPU second of the server process is what to look at on a machine that does other work too."""
CEILINGS = [
    ("fastapi-again", "fastapi", 1.2, ("p99 ms at 10,000/s",)),
    ("fastapi-by-turn", "fastapi", 1.2, ("p99 ms at 10,000/s",)),
    ("asgi-bare", "fastapi", 1.2, ("p99 ms at 10,000/s",)),
    ("standalone", "fastapi", 1.2, ("p99 ms at 10,000/s",)),
    ("asgi", "fastapi", 1.2, ("p99 ms at 10,000/s", "KiB per idle connection")),
    ("asgi-gathering", "fastapi", 1.2, ("p99 ms at 10,000/s", "KiB per idle connection")),
    ("standalone", "picows", 1.2, ("KiB per idle connection",)),
]


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
        if b"\x89" in data:
            self.transport.write(PONG)
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
        self.clients = []
        self.kib = 0.0

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


def command_of(kind, folder):
    peers = Path(__file__).parent / "runtime_peers"
    if kind == "socket.io":
        return "node", "--expose-gc", str(peers / "socketio.cjs")
    return sys.executable, str(peers / "server.py"), kind, str(Path(folder) / "events.db")


REQUEST = (
    b"GET %s HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\n\r\n"
)
PONG = b"\x8a\x80\0\0\0\0"
JOIN = b"\x81\x82\0\0\0\x0040"
"""Socket.IO's request to join the namespace `/`, masked with zeros."""


async def open_sockets(kind, bench, port, connections):
    """Until each has said hello: Socket.IO twice, the others once."""
    sio = kind in ("python-socketio", "socket.io")
    path = b"/socket.io/?EIO=4&transport=websocket&" if sio else b"/ws?seq=0&"
    for n in range(connections):
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        raw.connect(("127.0.0.1", port))
        raw.setblocking(False)
        transport, protocol = await asyncio.get_running_loop().create_connection(
            lambda: Counter(bench.count), sock=raw
        )
        transport.write(REQUEST % (path + b"user=user-%03d" % n))
        bench.clients.append(protocol)
    await bench.count.reach(connections)
    if sio:
        for client in bench.clients:
            client.transport.write(JOIN)
        await bench.count.reach(2 * connections)


@asynccontextmanager
async def serving(kind, connections):
    """Raises MissingPeerError when the server can't start."""
    with tempfile.TemporaryDirectory() as folder:
        process = await asyncio.create_subprocess_exec(
            *command_of(kind, folder),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        bench = Bench(process, Count())
        try:
            line = await process.stdout.readline()
            if not line:
                errors = (await process.stderr.read()).decode().strip().splitlines()
                raise MissingPeerError(next((e for e in errors if "rror" in e), "it said nothing"))
            started = json.loads(line)
            await open_sockets(kind, bench, started["port"], connections)
            bench.kib = ((await bench.do("memory"))["kib"] - started["kib"]) / connections
            yield bench
        finally:
            process.stdin.close()
            if process.returncode is None:
                process.kill()
            await process.wait()


class MissingPeerError(Exception):
    pass


_RATES_EVERY = 4
"""Rounds of which one asks for rates."""


async def rates(kind, bench, scale):
    figures = {}
    count = max(1, int(200 * scale))
    every = count * len(bench.clients)
    figures["fan-out /s"], figures["fan-out per CPU s"] = await bench.timed(every, "fan_out", count)
    figures["streams /s"], figures["streams per CPU s"] = await bench.timed(every, "streams", count)
    for threads in (4, 32) if kind != "socket.io" else ():
        each = int(40_000 * scale) // threads
        (
            figures[f"{threads} threads /s"],
            figures[f"{threads} threads per CPU s"],
        ) = await bench.timed(each * threads, "threads", each, threads)
    return figures


async def latency(bench, scale):
    await bench.timed(2 * len(bench.clients), "fan_out", 2)
    bench.count.latencies.clear()
    bench.count.sampling = True
    paced = int(40_000 * scale)
    await bench.timed(paced, "paced", paced, 10_000)
    bench.count.sampling = False
    ordered = sorted(bench.count.latencies)
    return {"p99 ms at 10,000/s": ordered[int(len(ordered) * 0.99)] * 1000}


async def measure(kinds, connections, scale, rounds):
    """Figures of each round by kind; what is asked once is in the last."""
    results = defaultdict(list)
    async with AsyncExitStack() as stack:
        benches = {}
        for kind in kinds:
            try:
                benches[kind] = await stack.enter_async_context(serving(kind, connections))
            except (MissingPeerError, FileNotFoundError) as missing:
                print(f"{kind} left out: {missing}", flush=True)
        for number in range(rounds):
            order = list(benches) if number % 2 == 0 else list(benches)[::-1]
            for kind in order:
                results[kind].append(await latency(benches[kind], scale / rounds))
            for kind in order if number % _RATES_EVERY == 0 else ():
                share = scale / -(-rounds // _RATES_EVERY)
                results[kind][-1] |= await rates(kind, benches[kind], share)
        for kind, bench in benches.items():
            results[kind][-1]["KiB per idle connection"] = bench.kib
            left = await beside_stalled(bench, max(1, int(200 * scale)))
            results[kind][-1]["left beside stalled"] = left
    return results


async def beside_stalled(bench, rounds):
    """Fan-out to the other nine tenths once a tenth has stopped reading, as a share of before."""
    slow = bench.clients[::10]
    left = len(bench.clients) - len(slow)
    free, _ = await bench.timed(rounds * len(bench.clients), "fan_out", rounds)
    apart = Count()
    for client in slow:
        client.transport.pause_reading()
        client.count = apart
    users = [f"user-{n:03d}" for n in range(0, len(bench.clients), 10)]
    await bench.do("fill", users, 128)
    await asyncio.sleep(1)
    before, started = bench.count.frames, time.monotonic()
    command = asyncio.create_task(bench.timed(rounds * left, "fan_out", rounds))
    await asyncio.wait((command,), timeout=10)
    seconds = time.monotonic() - started
    command.cancel()
    await asyncio.wait((command,))
    free *= left / len(bench.clients)
    return (bench.count.frames - before) / seconds / free


async def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", default=[*PEERS, *OURS])
    parser.add_argument("--connections", type=int, default=500)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=24)
    arguments = parser.parse_args()
    results = await measure(
        arguments.kinds, arguments.connections, arguments.scale, arguments.rounds
    )
    tell_figures(results)
    print(f"\n{'ratio within a round':60} median  middle half   all            target")
    compare(results, FLOORS, "at least")
    compare(results, CEILINGS, "at most")


def tell_figures(results):
    """A table of medians, a line for each question and a column for each server."""
    names = dict.fromkeys(n for rounds in results.values() for figures in rounds for n in figures)
    width = max(map(len, results))
    print(" " * 22, *(f"{kind:>{width}}" for kind in results))
    for name in names:
        told = (median_of(rounds, name) for rounds in results.values())
        cells = ("-" if figure is None else f"{figure:,.1f}" for figure in told)
        print(f"{name:22}", *(f"{cell:>{width}}" for cell in cells))


def median_of(rounds, name):
    asked = [figures[name] for figures in rounds if name in figures]
    return statistics.median(asked) if asked else None


def compare(results, targets, word):
    for ours, peer, target, names in targets:
        for name in names if ours in results and peer in results else ():
            ratios = sorted(
                our[name] / their[name]
                for our, their in zip(results[ours], results[peer], strict=True)
                if name in our and name in their
            )
            quarter = len(ratios) // 4
            median = statistics.median(ratios)
            half = f"{ratios[quarter]:.2f} to {ratios[-1 - quarter]:.2f}"
            every = f"{ratios[0]:.2f} to {ratios[-1]:.2f}"
            what = f"{ours} / {peer}, {name}"
            print(f"{what:60} {median:6.2f}  {half:13} {every:14} {word} {target}")


uvloop.run(main())
