"""`kill -9` of a server under load, again and again: `python tests/benchmarks/runtime_kills.py`.

A server with a SqliteJournal emits to some of 20 users, to others in each life, and says on stdout
what was acknowledged; it is killed at a random moment and started again on the same file and port.
Behind every third kill comes a life that ends by itself, with few events. Every acknowledged event
has to reach its user's client exactly once and in order, across all lives.
"""

import argparse
import asyncio
import random
import socket
import sys
import tempfile
from pathlib import Path

from unified_runtime.loadtest.clients import LoadClient, Tally

SERVER = """
import asyncio, os, random, sys
from unified_runtime import SqliteJournal, UnifiedWebSocketManager
from unified_runtime.standalone import standalone_server

async def emit(manager, user, most):
    for _ in range(most):
        seq = await manager.emit(user, "load", {"text": "x" * 50})
        os.write(1, f"{user} {seq}\\n".encode())

async def main():
    manager = UnifiedWebSocketManager(journal=SqliteJournal(sys.argv[1]))
    async with standalone_server(
        manager, authenticate=lambda handshake: handshake.token, port=int(sys.argv[2])
    ):
        some = random.sample(range(20), random.randint(1, 20))
        await asyncio.gather(*(emit(manager, f"user-{n}", int(sys.argv[3])) for n in some))

asyncio.run(main())
"""


FOR_EVER = 10**9


async def live_and_die(path, port, acknowledged, seconds, most=FOR_EVER):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVER, path, str(port), str(most), stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(seconds):
            while line := await process.stdout.readline():
                user, seq = line.split()
                acknowledged[user.decode()] = int(seq)
    except TimeoutError:
        process.kill()
        rest = await process.stdout.read()
        for line in rest.splitlines(keepends=True):
            if line.endswith(b"\n"):
                user, seq = line.split()
                acknowledged[user.decode()] = int(seq)
    await process.wait()


async def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    arguments = parser.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    tally, acknowledged = Tally(), {}
    clients = [LoadClient(f"ws://127.0.0.1:{port}/ws", f"user-{n}", tally) for n in range(20)]
    for client in clients:
        client.position = 0
    tasks = [asyncio.create_task(client.run()) for client in clients]
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "events.db")
        for kill in range(arguments.kills):
            await live_and_die(path, port, acknowledged, random.uniform(1.0, 2.5))
            if kill % 3 == 0:
                await live_and_die(path, port, acknowledged, 60, most=5)
        last = asyncio.create_task(live_and_die(path, port, acknowledged, 10))
        async with asyncio.timeout(60):
            known = dict(acknowledged)
            await asyncio.gather(*(c.reach(known.get(c.user_id, 0)) for c in clients))
        await last
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    print(
        f"{arguments.kills} kills, {sum(known.values())} acknowledged, {tally.delivered} delivered, "
        f"lost {tally.lost}, repeated {tally.repeated}, out of order {tally.out_of_order}, "
        f"foreign {tally.foreign}, reconnects {tally.reconnects}"
    )
    return 0 if tally.clean else 1


sys.exit(asyncio.run(main()))
