"""Thousands of random reconnects: `python tests/benchmarks/runtime_reconnects.py`.

40 clients of 20 users come back again and again to a server that emits, trims and restarts: with
their position in the URL or the first frame, without having seen an event yet, after a long absence,
many times in a row without reading, at a position that never was, of a stream that never was. The
server's journal is a SQLite file. `resumed: true` has to be followed by the very next event, every
event carries the number it must have, and what is missing must have been said in a `gap`.
"""

import argparse
import asyncio
import json
import random
import socket
import sys
import tempfile
from collections import Counter
from pathlib import Path

from websockets.asyncio.client import connect as open_socket
from websockets.exceptions import WebSocketException

from unified_runtime import Limits, SqliteJournal, UnifiedWebSocketManager
from unified_runtime.journals.base import Retention
from unified_runtime.standalone import standalone_server

USERS = [f"user-{n}" for n in range(20)]
LIMITS = Limits(resume_wait=0.02, frames_per_second=10_000, outbox_events=16)
WAYS = ("position", "position", "first frame", "nothing seen", "live", "future", "other stream")


class Server:
    """Emits, and restarts on the same file now and then."""

    def __init__(self, path, port):
        self.path, self.port = path, port
        self.emitted = Counter()
        self.restarts = 0
        self.lost = 0

    async def run(self, seconds):
        while True:
            manager = UnifiedWebSocketManager(
                journal=SqliteJournal(
                    self.path, retention=Retention(count=40), synchronous="NORMAL"
                ),
                limits=LIMITS,
            )
            async with standalone_server(
                manager, authenticate=lambda handshake: handshake.token, port=self.port
            ):
                await self.emit(manager, random.uniform(0.5, 1.5) * seconds)
                self.lost += manager.stats()["lost"]
            self.restarts += 1

    async def emit(self, manager, seconds):
        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds
        while loop.time() < ends:
            for user in random.choices(USERS, k=random.choice((1, 1, 5, 200))):
                number = self.emitted[user] + 1
                if await manager.emit(user, "note", {"n": number}) != number:
                    raise AssertionError("the server counts otherwise")
                self.emitted[user] = number
            await asyncio.sleep(random.choice((0, 0.005, 0.05)))


class Walker:
    def __init__(self, server, user, seen):
        self.server, self.user, self.seen = server, user, seen
        self.stream, self.position = "", 0

    async def walk(self, times):
        while times > 0:
            way = random.choice(WAYS) if self.stream else "nothing seen"
            try:
                async with asyncio.timeout(30):
                    await self.visit(way)
            except TimeoutError:
                self.seen["WRONG: what was emitted did not come"] += 1
            except (OSError, WebSocketException):
                await asyncio.sleep(0.01)  # the server restarts
                continue
            times -= 1
            self.seen["reconnects"] += 1
            if random.random() < 0.02:
                await asyncio.sleep(random.uniform(0.5, 3))  # long enough to be trimmed

    def claim(self, way):
        """The position that is told to the server; None to tell none."""
        match way:
            case "nothing seen":
                return "", 0
            case "live":
                return None
            case "future":
                return self.stream, self.position + 1_000_000
            case "other stream":
                return "never-was", self.position
        return self.stream, self.position

    async def visit(self, way):
        claim = self.claim(way)
        url = f"ws://127.0.0.1:{self.server.port}/ws"
        if claim is not None and way != "first frame":
            url += f"?stream={claim[0]}&seq={claim[1]}"
        headers = {"Authorization": f"Bearer {self.user}"}
        async with open_socket(
            url, additional_headers=headers, compression=None, ping_interval=None
        ) as connection:
            if way == "first frame":
                resume = {"type": "resume", "stream": claim[0], "seq": claim[1]}
                await connection.send(json.dumps(resume))
            await self.read(connection, claim, way)
            if random.random() < 0.5:
                connection.transport.abort()

    async def read(self, connection, claim, way):
        resumed = self.begin(json.loads(await connection.recv()), claim)
        goal = self.server.emitted[self.user]
        if random.random() < 0.3:
            goal = self.position + random.randrange(0, 20)  # leave in the middle
            goal = min(goal, self.server.emitted[self.user])
        while self.position < goal:
            frame = json.loads(await connection.recv())
            if frame["type"] == "ready":  # on a busy machine the first frame may come late
                if way != "first frame":
                    self.seen["WRONG: ready out of turn"] += 1
                resumed = self.begin(frame, claim)
                continue
            self.take(frame, resumed=resumed)
            resumed = False

    def begin(self, ready, claim):
        """Whether the next frame has to be the very next event."""
        resumed = ready["resumed"]
        self.seen["resumed" if resumed else "not resumed"] += 1
        if resumed and (claim is None or ready["seq"] != claim[1]):
            self.seen["WRONG: resumed elsewhere"] += 1
        if resumed and claim[0] and ready["stream"] != claim[0]:
            self.seen["WRONG: resumed in another stream"] += 1
        self.stream, self.position = ready["stream"], ready["seq"]
        return resumed

    def take(self, frame, *, resumed):
        if frame["type"] == "gap":
            self.seen["gaps"] += 1
            if resumed:
                self.seen["WRONG: a gap right behind resumed"] += 1
            self.position = frame["to"]
            return
        self.seen["events"] += 1
        if frame["seq"] != self.position + 1:
            self.seen["WRONG: a hole or a repeat"] += 1
        if frame["data"]["n"] != frame["seq"] or frame["user_id"] != self.user:
            self.seen["WRONG: another event"] += 1
        self.position = frame["seq"]


async def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reconnects", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    seen = Counter()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "events.db", port)
        serving = asyncio.create_task(server.run(2.0))
        walkers = [Walker(server, user, seen) for user in USERS * 2]
        walking = asyncio.gather(*(w.walk(arguments.reconnects // len(walkers)) for w in walkers))
        await asyncio.wait((serving, walking), return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()
        walking.result()
        serving.cancel()
        await asyncio.wait((serving,))
    print(f"{server.restarts} restarts, {sum(server.emitted.values())} events emitted")
    print(", ".join(f"{name} {count}" for name, count in sorted(seen.items())))
    return 1 if any(name.startswith("WRONG") for name in seen) else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
