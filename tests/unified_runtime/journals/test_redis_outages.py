"""A real Redis that is stopped and killed under a running server, and comes back."""

import asyncio
import shutil
import signal
import subprocess
from contextlib import suppress

import pytest
from redis.asyncio import Redis

from unified_runtime import RedisJournal, UnifiedWebSocketManager
from unified_runtime.errors import JournalError
from unified_runtime.protocol.frames import Resume

pytestmark = pytest.mark.skipif(
    shutil.which("redis-server") is None, reason="redis-server is not installed"
)


SYNCED = ["--appendonly", "yes", "--appendfsync", "always"]
"""Keeps every acknowledged write on disk, so that being killed loses none."""


class Server:
    def __init__(self, folder, port, keep=SYNCED):
        keep = ["--save", "", *keep]
        self._command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1"]
        self._command += ["--dir", str(folder), *keep]
        self.start()

    def start(self):
        self.process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if "Ready to accept connections" in line:
                return

    def end(self):
        self.process.kill()
        self.process.communicate()


@pytest.fixture
async def forgetful(tmp_path, unused_tcp_port):
    """Keeps what it is told to save."""
    server = await asyncio.to_thread(Server, tmp_path, unused_tcp_port, [])
    yield server
    server.end()


@pytest.fixture
async def server(tmp_path, unused_tcp_port):
    server = await asyncio.to_thread(Server, tmp_path, unused_tcp_port)
    yield server
    server.process.send_signal(signal.SIGCONT)
    server.end()


async def test_each_event_that_is_repeated_until_acknowledged_arrives_once(
    server, unused_tcp_port, make_recorder
):
    journal = RedisJournal(f"redis://127.0.0.1:{unused_tcp_port}/0", timeout=0.2)
    async with UnifiedWebSocketManager(journal=journal) as manager:
        tab = make_recorder()
        await manager.connect_user("u1", tab)
        failed = asyncio.Event()
        numbers = []

        async def emit(n):
            while True:
                with suppress(JournalError):
                    return await manager.emit("u1", "note", {"n": n}, event_id=str(n))
                failed.set()
                await asyncio.sleep(0.01)

        async def emit_until(reached):
            while not reached():
                numbers.append(await emit(len(numbers)))

        async def emit_beside(outage, recovery):
            failed.clear()
            end = len(numbers) + 50
            await emit_until(lambda: len(numbers) == end)
            await asyncio.to_thread(outage)
            emitting = asyncio.create_task(emit_until(failed.is_set))
            await failed.wait()
            await asyncio.to_thread(recovery)
            await emitting

        await emit_beside(
            lambda: server.process.send_signal(signal.SIGSTOP),
            lambda: server.process.send_signal(signal.SIGCONT),
        )
        await emit_beside(server.end, server.start)
        assert numbers == list(range(1, len(numbers) + 1))
        events = await tab.wait_for(len(numbers))
        assert [e["data"]["n"] for e in events] == list(range(len(numbers)))


async def test_a_redis_that_came_back_with_less_begins_a_new_stream_and_no_event_is_passed_by(
    forgetful, unused_tcp_port, make_recorder
):
    """Its numbers are given out twice: a tab that knows the old ones must not take them for its own."""
    url = f"redis://127.0.0.1:{unused_tcp_port}/0"
    async with UnifiedWebSocketManager(journal=RedisJournal(url, timeout=0.5)) as manager:
        live, gone, back = make_recorder(), make_recorder(), make_recorder()
        for tab in (live, gone):
            await manager.connect_user("u1", tab)

        async def emit(n):
            while True:
                with suppress(JournalError):
                    return await manager.emit("u1", "note", {"n": n}, event_id=str(n))
                await asyncio.sleep(0.01)

        assert [await emit(n) for n in range(3)] == [1, 2, 3]
        async with Redis.from_url(url) as redis:
            await redis.save()
        assert [await emit(n) for n in range(3, 6)] == [4, 5, 6]
        await gone.wait_for(6)
        await manager.disconnect_user("u1", gone)
        await asyncio.to_thread(forgetful.end)
        await asyncio.to_thread(forgetful.start)
        assert [await emit(n) for n in range(10, 16)] == [4, 5, 6, 7, 8, 9]

        kept = [0, 1, 2, 10, 11, 12, 13, 14, 15]
        position = Resume(stream=gone.sent[0]["stream"], seq=6)
        await manager.connect_user("u1", back, resume=position)
        assert [e["data"]["n"] for e in await back.wait_for(9)] == kept
        assert back.sent[0]["resumed"] is False
        assert back.sent[1]["reason"] == "new_stream"
        assert [e["data"]["n"] for e in await live.wait_for(15)] == [*range(6), *kept]


async def test_a_replica_that_took_over_begins_a_new_stream_although_each_write_is_synced(
    server, tmp_path, unused_tcp_port, unused_tcp_port_factory, make_recorder
):
    """What did not reach it is missing, and its numbers are given out twice."""
    port = unused_tcp_port_factory()
    (tmp_path / "replica").mkdir()
    replica = await asyncio.to_thread(Server, tmp_path / "replica", port)
    here, there = (f"redis://127.0.0.1:{p}/0" for p in (unused_tcp_port, port))
    tab, back, later = make_recorder(), make_recorder(), make_recorder()
    try:
        async with (
            Redis.from_url(here) as master,
            Redis.from_url(there) as second,
            UnifiedWebSocketManager(journal=RedisJournal(here)) as manager,
        ):
            await master.config_set("repl-diskless-sync-delay", 0)
            await second.replicaof("127.0.0.1", unused_tcp_port)
            await manager.connect_user("u1", tab)
            await manager.emit("u1", "note", {"n": 0})
            while not await second.exists("unified_runtime:{u1}:events"):
                pass
            await second.replicaof("NO", "ONE")
            for n in range(1, 5):
                await manager.emit("u1", "note", {"n": n})
            await tab.wait_for(5)
        async with UnifiedWebSocketManager(journal=RedisJournal(there)) as manager:
            for n in range(10, 15):
                await manager.emit("u1", "note", {"n": n})
            position = Resume(stream=tab.sent[0]["stream"], seq=5)
            await manager.connect_user("u1", back, resume=position)
            events = await back.wait_for(6)
            assert [e["data"]["n"] for e in events] == [0, 10, 11, 12, 13, 14]
            assert back.sent[0]["resumed"] is False
            position = Resume(stream=back.sent[0]["stream"], seq=6)
        async with Redis.from_url(there) as second:
            while await _writes_its_first_file(second):
                pass
        await asyncio.to_thread(replica.end)
        await asyncio.to_thread(replica.start)
        async with UnifiedWebSocketManager(journal=RedisJournal(there)) as manager:
            await manager.emit("u1", "note", {"n": 15})
            await manager.connect_user("u1", later, resume=position)
            assert [e["seq"] for e in await later.wait_for(1)] == [7]
            assert later.sent[0]["resumed"] is True
    finally:
        replica.end()


async def _writes_its_first_file(redis):
    """A replica that was given everything keeps none of it before."""
    state = await redis.info("persistence")
    return state["aof_rewrite_in_progress"] or state["aof_rewrite_scheduled"]
