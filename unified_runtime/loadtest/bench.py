"""The bundled server as a child process, and the questions asked of it."""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

_LINE = 16 * 1024 * 1024
"""An answer names every user; asyncio's default of 64 KiB would be too little."""


class BundledServer:
    """A server process that emits what it is told to."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.url = ""
        self.pid = process.pid

    async def do(self, what: str, **options: Any) -> dict[str, Any]:
        """Returns `seconds`, `sent` per user so far, `stats` and `peak_kib`, once all is kept."""
        stdin = self._process.stdin
        if stdin is None:
            raise RuntimeError("the server was started without a pipe")
        stdin.write(msgspec.json.encode({"do": what, **options}) + b"\n")
        return await self.answer()

    async def answer(self) -> dict[str, Any]:
        stdout = self._process.stdout
        line = await stdout.readline() if stdout is not None else b""
        if not line:
            raise RuntimeError(f"the server under load ended with {await self._process.wait()}")
        answer: dict[str, Any] = msgspec.json.decode(line)
        return answer


@asynccontextmanager
async def bundled_server(
    journal: str, shell: str, keep: int = 100_000
) -> AsyncIterator[BundledServer]:
    """Stopped, and its files removed, when the block ends."""
    with tempfile.TemporaryDirectory(prefix="loadtest-") as folder:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "unified_runtime.loadtest.server",
            f"--journal={journal}",
            f"--shell={shell}",
            f"--path={Path(folder) / 'events.db'}",
            f"--keep={keep}",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LINE,
        )
        server = BundledServer(process)
        try:
            server.url = f"ws://127.0.0.1:{(await server.answer())['port']}/ws"
            yield server
        finally:
            if process.stdin is not None:
                process.stdin.close()
            await process.wait()
