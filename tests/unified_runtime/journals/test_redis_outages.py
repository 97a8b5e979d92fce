"""A real Redis that is stopped and killed under a running server, and comes back."""

import asyncio
import shutil
import signal
import subprocess
from contextlib import suppress

import pytest

from unified_runtime import RedisJournal, UnifiedWebSocketManager
from unified_runtime.errors import JournalError

pytestmark = pytest.mark.skipif(
    shutil.which("redis-server") is None, reason="redis-server is not installed"
)


class Server:
    """Keeps every acknowledged write on disk, so that being killed loses none."""

    def __init__(self, folder, port):
        keep = ["--save", "", "--appendonly", "yes", "--appendfsync", "always"]
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
