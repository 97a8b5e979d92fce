"""The connections of one event loop and the tasks that write to them, from opening to drain."""

import asyncio
from typing import Any

from unified_runtime.close_codes import CloseCode
from unified_runtime.connection import Connection
from unified_runtime.endpoint import Read, read_all
from unified_runtime.errors import SocketInUseError
from unified_runtime.hub import Hub
from unified_runtime.journals.base import Journal
from unified_runtime.limits import Limits
from unified_runtime.protocol.frames import Resume
from unified_runtime.sinks import Sink, TextSink, Transport


class Sessions:
    """Every connection has one writer task; whoever ends it ends the connection."""

    def __init__(self, journal: Journal, limits: Limits) -> None:
        self.hub = Hub(journal, limits)
        self._limits = limits
        self._writers: dict[Connection, asyncio.Task[None]] = {}
        self._sockets: dict[int, Connection] = {}

    async def connect(
        self, user_id: str, websocket: Transport, thread_id: str | None, resume: Resume | None
    ) -> Connection:
        """For a websocket that somebody else reads. A connected one keeps its connection."""
        known = self._known(user_id, websocket)
        if known is not None:
            return known
        connection = await self.open(user_id, TextSink(websocket), thread_id=thread_id)
        try:
            known = self._known(user_id, websocket)
        except SocketInUseError:
            connection.ended()
            raise
        if known is not None:  # another task was faster
            connection.ended()
            return known
        key = id(websocket)
        self._sockets[key] = connection
        writer = self.start_writer(connection, resume, wait_for_frame=False)
        writer.add_done_callback(lambda _: self._sockets.pop(key, None))
        return connection

    def _known(self, user_id: str, websocket: Transport) -> Connection | None:
        connection = self._sockets.get(id(websocket))
        if connection is not None and connection.user_id != user_id:
            raise SocketInUseError("this websocket is another user's; `disconnect_user` it first")
        return connection

    async def disconnect(self, user_id: str, websocket: Transport) -> None:
        connection = self._sockets.get(id(websocket))
        writer = self._writers.get(connection) if connection else None
        if connection is not None and connection.user_id == user_id and writer is not None:
            writer.cancel()
            await asyncio.wait([writer])

    async def open(
        self,
        user_id: str,
        sink: Sink,
        *,
        thread_id: str | None = None,
        address: str | None = None,
    ) -> Connection:
        connection = self.hub.connect(user_id, sink, thread_id=thread_id, address=address)
        try:
            await connection.open()
        except BaseException:
            connection.ended()
            raise
        return connection

    async def serve(self, connection: Connection, read: Read, resume: Resume | None) -> None:
        writer = self.start_writer(connection, resume, wait_for_frame=resume is None)
        reader = asyncio.create_task(read_all(read, connection))
        try:
            await asyncio.wait((reader, writer), return_when=asyncio.FIRST_COMPLETED)
        finally:
            reader.cancel()
            writer.cancel()
            await asyncio.wait((reader, writer))
        if not reader.cancelled():
            reader.result()

    def start_writer(
        self, connection: Connection, resume: Resume | None, *, wait_for_frame: bool
    ) -> asyncio.Task[None]:
        writer = asyncio.create_task(connection.run(resume, wait_for_frame=wait_for_frame))
        self._writers[connection] = writer

        def ended(task: asyncio.Task[None]) -> None:
            connection.ended()
            self._writers.pop(connection, None)
            if not task.cancelled():
                task.exception()  # a socket that went away is no error of ours

        writer.add_done_callback(ended)
        return writer

    async def drain(self) -> None:
        """Let every connection be written what is journaled, then close it with GOING_AWAY."""
        writers = set(self._writers.values())
        if writers:
            for connection in self.hub.connections():
                connection.finish()
            _, late = await asyncio.wait(writers, timeout=self._limits.drain_timeout)
            for connection in self.hub.connections():
                connection.close(CloseCode.GOING_AWAY)
            if late:
                await asyncio.wait(late, timeout=2.0)
        self.hub.stop()

    def stats(self) -> dict[str, Any]:
        hub, live = self.hub, self.hub.connections()
        return {
            "connections": len(live),
            "users": len(hub.user_ids),
            "delivered": hub.delivered + sum(c.delivered for c in live),
            "lost": hub.lost + sum(c.lost for c in live),
            "healed": hub.healed,
            "closed": dict(hub.closed_by_code),
        }
