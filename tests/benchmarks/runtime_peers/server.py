"""One server kind under load: `server.py KIND`. Commands on stdin, JSON answers on stdout.

Every kind sends the same number of bytes per event: what peers send is the text that
`unified_runtime` would, encoded afresh for each event as their documentation shows.
"""

import asyncio
import gc
import json
import queue
import sqlite3
import sys
import threading
import time
from collections import deque

import msgspec
import uvloop

PADDING = "x" * 30
SAMPLE = {
    "type": "load", "seq": 1000, "stream": "abcdefghijklmnop",
    "timestamp": "2026-11-22T20:00:00.123456+00:00", "user_id": "user-100",
    "thread_id": None, "run_id": None, "data": {"t": 123456.123456, "text": PADDING},
}  # fmt: skip


def event(user_id):
    return json.dumps(
        SAMPLE | {"user_id": user_id, "data": {"t": time.monotonic(), "text": PADDING}},
        separators=(",", ":"),
    )


def event_by_msgspec(user_id):
    data = {"t": time.monotonic(), "text": PADDING}
    return msgspec.json.encode(SAMPLE | {"user_id": user_id, "data": data}).decode()


class Peer:
    """Connections by user, as a peer's documentation keeps them."""

    event = staticmethod(event)

    def __init__(self):
        self.connections = {}

    async def fan_out(self, events):
        for _ in range(events):
            await self.broadcast(self.event("everybody"))
            await asyncio.sleep(0)

    async def streams(self, events):
        for _ in range(events):
            for user_id in list(self.connections):
                await self.send(user_id, self.event(user_id))
            await asyncio.sleep(0)

    async def paced(self, events, rate):
        users = list(self.connections)

        async def one(n):
            await self.send(users[n % len(users)], self.event(users[n % len(users)]))

        await pace(one, events, rate)

    async def fill(self, users, events):
        """More than the sockets' buffers of these users swallow; none waits for another."""
        text = json.dumps("x" * 65_536)

        async def one(user_id):
            for _ in range(events):
                await self.send(user_id, text)

        self.filling = [asyncio.create_task(one(user_id)) for user_id in users]
        await asyncio.wait(self.filling, timeout=2)

    async def threads(self, events, count):
        loop = asyncio.get_running_loop()
        users = list(self.connections)

        def emit(offset):
            futures = [
                asyncio.run_coroutine_threadsafe(
                    self.send(users[(offset + n) % len(users)], self.event("u")), loop
                )
                for n in range(events)
            ]
            for future in futures:
                future.result()

        await run_threads(emit, count)


async def one_by_one(one, numbers):
    for n in numbers:
        await one(n)


async def at_once(one, numbers):
    """As independent agents would, so that a durable journal can commit them together."""
    await asyncio.gather(*map(one, numbers))


async def pace(one, events, rate, burst=one_by_one):
    started = time.monotonic()
    done = 0
    while done < events:
        due = min(events, int((time.monotonic() - started) * rate) + 1)
        await burst(one, range(done, due))
        done = due
        await asyncio.sleep(0.001)


async def run_threads(emit, count):
    done = asyncio.Event()
    loop = asyncio.get_running_loop()

    def work():
        threads = [threading.Thread(target=emit, args=(n * 7,)) for n in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        loop.call_soon_threadsafe(done.set)

    threading.Thread(target=work).start()
    await done.wait()


class Websockets(Peer):
    async def start(self):
        import websockets.asyncio.server as ws

        self.ws = ws

        async def handler(connection):
            user_id = connection.request.path.rpartition("=")[2]
            self.connections[user_id] = connection
            await connection.send("ready")
            await connection.wait_closed()

        server = await ws.serve(handler, "127.0.0.1", 0, compression=None, ping_interval=None)
        return server.sockets[0].getsockname()[1]

    async def broadcast(self, text):
        self.ws.broadcast(self.connections.values(), text)

    async def send(self, user_id, text):
        await self.connections[user_id].send(text)


class FastApi(Peer):
    """The ConnectionManager of FastAPI's documentation, with a dictionary to find a user in."""

    async def start(self):
        from fastapi import FastAPI, WebSocket

        app = FastAPI()

        @app.websocket("/ws")
        async def endpoint(websocket: WebSocket, user: str):
            await websocket.accept()
            self.connections[user] = websocket
            await websocket.send_text("ready")
            while True:
                await websocket.receive_text()

        return await start_uvicorn(app)

    async def broadcast(self, text):
        for connection in list(self.connections.values()):
            await connection.send_text(text)

    async def send(self, user_id, text):
        await self.connections[user_id].send_text(text)


class FastApiByTurn(FastApi):
    """The same, but what is emitted in one turn of the loop is sent at its end, as a server has to that
    writes a connection's events of one turn at once: the floor of what that costs in latency."""

    async def paced(self, events, rate):
        users = list(self.connections)

        async def burst(_, numbers):
            chosen = [users[n % len(users)] for n in numbers]
            texts = [self.event(user_id) for user_id in chosen]
            await asyncio.sleep(0)
            for user_id, text in zip(chosen, texts, strict=True):
                await self.send(user_id, text)

        await pace(None, events, rate, burst)


class AsgiBare(Peer):
    """An ASGI application that does nothing but encode, with what we encode with, and send to each: the
    floor of every ASGI shell."""

    event = staticmethod(event_by_msgspec)

    async def start(self):
        async def app(scope, receive, send):
            await receive()
            await send({"type": "websocket.accept"})
            self.connections[scope["query_string"].decode().rpartition("=")[2]] = send
            await send({"type": "websocket.send", "text": "ready"})
            while (await receive())["type"] != "websocket.disconnect":
                pass

        return await start_uvicorn(app)

    async def broadcast(self, text):
        for send in list(self.connections.values()):
            await send({"type": "websocket.send", "text": text})

    async def send(self, user_id, text):
        await self.connections[user_id]({"type": "websocket.send", "text": text})


class Picows(Peer):
    async def start(self):
        import picows

        peer = self

        class Listener(picows.WSListener):
            def on_ws_connected(self, transport):
                peer.connections[transport.request.path.decode().rpartition("=")[2]] = transport
                transport.send(picows.WSMsgType.TEXT, b"ready")

        self.text = picows.WSMsgType.TEXT
        server = await picows.ws_create_server(
            lambda request: Listener(), "127.0.0.1", 0, backlog=1024
        )
        return server.sockets[0].getsockname()[1]

    async def broadcast(self, text):
        message = text.encode()
        for transport in self.connections.values():
            transport.send(self.text, message)

    async def send(self, user_id, text):
        self.connections[user_id].send(self.text, text.encode())


class BareThreads(Picows):
    """From threads, a queue and one wake-up per batch with nothing behind it: no journal, no number, no
    future per event. Each thread waits once, for its last event."""

    async def threads(self, events, count):
        loop, users = asyncio.get_running_loop(), list(self.connections)
        queue, woken = deque(), threading.Event()

        def drain():
            woken.clear()
            while queue:
                user_id, text, sent = queue.popleft()
                self.connections[user_id].send(self.text, text)
                if sent is not None:
                    sent.set()

        def emit(offset):
            sent = threading.Event()
            for n in range(events):
                user_id = users[(offset + n) % len(users)]
                data = {"t": time.monotonic(), "text": PADDING}
                text = msgspec.json.encode(SAMPLE | {"user_id": user_id, "data": data})
                queue.append((user_id, text, sent if n == events - 1 else None))
                if not woken.is_set():
                    woken.set()
                    loop.call_soon_threadsafe(drain)
            sent.wait()

        await run_threads(emit, count)


class BareSqlite(Picows):
    """In turn by one agent per user, who waits for the group commit of a bare table: no history that
    can be read by user, no event ids, no connection's state behind it."""

    async def start(self):
        self.db = sqlite3.connect(sys.argv[2], isolation_level=None, check_same_thread=False)
        for pragma in ("page_size=16384", "journal_mode=WAL", "synchronous=FULL"):
            self.db.execute(f"PRAGMA {pragma}")
        self.db.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, user TEXT, seq, frame BLOB)")
        self.loop, self.gathered, self.last = asyncio.get_running_loop(), [], {}
        self.batches = queue.SimpleQueue()
        threading.Thread(target=self.write_forever, daemon=True).start()
        return await super().start()

    def write_forever(self):
        while True:
            batch, values = self.batches.get(), []
            for user_id, text, _ in batch:
                self.last[user_id] = self.last.get(user_id, 0) + 1
                values += (user_id, self.last[user_id], text)
            places = ",".join(["(?,?,?)"] * len(batch))
            self.db.execute(f"INSERT INTO events (user, seq, frame) VALUES {places}", values)
            self.loop.call_soon_threadsafe(self.committed, batch)

    def committed(self, batch):
        for user_id, text, kept in batch:
            self.connections[user_id].send(self.text, text)
            kept.set_result(None)

    def hand_over(self):
        batch, self.gathered = self.gathered, []
        self.batches.put(batch)

    async def streams(self, events):
        async def agent(user_id):
            for _ in range(events):
                data = {"t": time.monotonic(), "text": PADDING}
                text = msgspec.json.encode(SAMPLE | {"user_id": user_id, "data": data})
                kept = self.loop.create_future()
                if not self.gathered:
                    self.loop.call_soon(self.hand_over)
                self.gathered.append((user_id, text, kept))
                await kept

        await asyncio.gather(*map(agent, self.connections))


class SocketIo(Peer):
    """python-socketio as its documentation serves it; a room per user is what `to` names."""

    async def start(self):
        import socketio

        self.sio = socketio.AsyncServer(async_mode="asgi", ping_interval=600)

        @self.sio.event
        async def connect(sid, environ):
            self.connections[environ["QUERY_STRING"].rpartition("=")[2]] = sid

        return await start_uvicorn(socketio.ASGIApp(self.sio))

    async def broadcast(self, text):
        await self.sio.emit("load", json.loads(text))

    async def send(self, user_id, text):
        await self.sio.emit("load", json.loads(text), to=self.connections[user_id])


class Ours:
    """`journal` is memory, or how a SQLite journal syncs: full or normal."""

    def __init__(self, shell, journal):
        from unified_runtime import Limits, MemoryJournal, SqliteJournal, UnifiedWebSocketManager

        if journal == "memory":
            kept = MemoryJournal()
        else:
            kept = SqliteJournal(sys.argv[2], synchronous="FULL" if journal == "full" else "NORMAL")
        limits = Limits(connections_per_address=100_000)
        self.manager = UnifiedWebSocketManager(journal=kept, limits=limits)
        self.shell = shell
        self.journal = journal
        self.users = {}

    async def start(self):
        from unified_runtime import create_app

        def who(handshake):
            user_id = handshake.query["user"]
            self.users[user_id] = None
            return user_id

        if self.shell == "asgi":
            return await start_uvicorn(create_app(self.manager, authenticate=who))
        if self.shell == "asgi-gathering":
            from unified_runtime.uvicorn_protocol import GatheringProtocol

            app = create_app(self.manager, authenticate=who)
            return await start_uvicorn(app, ws=GatheringProtocol)
        from unified_runtime.standalone import standalone_server

        self.server = standalone_server(self.manager, authenticate=who)
        return await self.server.__aenter__()

    def data(self):
        return {"t": time.monotonic(), "text": PADDING}

    async def fan_out(self, events):
        """One after the other; with a durable journal by eight who each wait until it is kept."""

        async def some(count):
            for _ in range(count):
                await self.manager.broadcast("load", self.data())

        emitters = 1 if self.journal == "memory" else 8
        await asyncio.gather(*(some(len(range(n, events, emitters))) for n in range(emitters)))

    async def streams(self, events):
        """In turn, as the peers do; with a durable journal by one agent per user, which waits until
        each event is kept."""
        users = self.manager.connected_users()

        async def some(share):
            for _ in range(events):
                for user_id in share:
                    await self.manager.emit(user_id, "load", self.data())

        agents = 1 if self.journal == "memory" else len(users)
        await asyncio.gather(*(some(users[n::agents]) for n in range(agents)))

    async def fill(self, users, events):
        for user_id in users:
            for _ in range(events):
                await self.manager.emit(user_id, "load", {"text": "x" * 65_536})

    async def paced(self, events, rate):
        users = self.manager.connected_users()

        async def one(n):
            await self.manager.emit(users[n % len(users)], "load", self.data())

        await pace(one, events, rate, one_by_one if self.journal == "memory" else at_once)

    async def threads(self, events, count):
        users = self.manager.connected_users()

        def emit(offset):
            futures = [
                self.manager.emit_threadsafe(users[(offset + n) % len(users)], "load", self.data())
                for n in range(events)
            ]
            for future in futures:
                future.result()

        await run_threads(emit, count)


async def start_uvicorn(app, **options):
    import uvicorn

    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_level="error", ws_per_message_deflate=False,
        lifespan="off", ws_ping_interval=None, backlog=1024, **options,
    )  # fmt: skip
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    return server.servers[0].sockets[0].getsockname()[1]


KINDS = {
    "websockets": Websockets,
    "fastapi": FastApi,
    "fastapi-again": FastApi,
    "fastapi-by-turn": FastApiByTurn,
    "asgi-bare": AsgiBare,
    "picows": Picows,
    "bare-threads": BareThreads,
    "bare-sqlite": BareSqlite,
    "python-socketio": SocketIo,
    "standalone": lambda: Ours("standalone", "memory"),
    "standalone-sqlite": lambda: Ours("standalone", "full"),
    "standalone-sqlite-normal": lambda: Ours("standalone", "normal"),
    "asgi": lambda: Ours("asgi", "memory"),
    "asgi-gathering": lambda: Ours("asgi-gathering", "memory"),
    "asgi-sqlite": lambda: Ours("asgi", "full"),
}


def memory_kib():
    gc.collect()
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * 4


async def main():
    kind = KINDS[sys.argv[1]]()
    print(json.dumps({"port": await kind.start(), "kib": memory_kib()}), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        what, *arguments = json.loads(line)
        cpu = time.process_time()
        if what == "memory":
            answer = {"kib": memory_kib()}
        else:
            await getattr(kind, what)(*arguments)
            answer = {"cpu": time.process_time() - cpu}
        print(json.dumps(answer), flush=True)


uvloop.run(main())
