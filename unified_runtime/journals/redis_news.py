"""What any server appends for the users that are watched here: heard by subscription, and looked for,
because a notification may be lost."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from unified_runtime.errors import JournalError
from unified_runtime.journals.base import Deliver, Page
from unified_runtime.journals.redis_failures import failures, told_as_journal_error

if TYPE_CHECKING:
    from redis.asyncio.client import PubSub

_CHECK_EVERY = 5.0
"""Seconds after which a lost notification is found, at the latest."""

_ANSWER_WITHIN = 5.0
"""Seconds for Redis to confirm a subscription."""

Read = Callable[[str, int, int], Awaitable[Page]]
"""(user_id, after, count), as a journal reads."""


class News:
    """Made when the journal starts. `timeout` in seconds finds a connection that is half open."""

    def __init__(
        self, pubsub: "PubSub", prefix: str, timeout: float, read: Read, deliver: Deliver
    ) -> None:
        self._pubsub = pubsub
        self._prefix = prefix
        self._timeout = timeout
        self._read = read
        self._deliver = deliver
        self._watched: dict[str, asyncio.Event] = {}
        self._newest: dict[str, int] = {}
        self._streams: dict[str, bytes] = {}
        self._leaving: set[asyncio.Task[None]] = set()

    def channel(self, user_id: str) -> str:
        return f"{self._prefix}:{{{user_id}}}:new"

    async def open(self) -> None:
        """Take the connection to listen on."""
        await self._pubsub.subscribe(f"{self._prefix}:nobody")

    # What is watched

    async def watch(self, user_id: str) -> None:
        subscribed = self._watched.get(user_id)
        if subscribed is None:
            subscribed = self._watched[user_id] = asyncio.Event()
            with suppress(JournalError):  # the listener subscribes to all when it is back
                await self._subscribe([user_id])
        try:
            async with asyncio.timeout(_ANSWER_WITHIN):
                await subscribed.wait()
        except TimeoutError:
            raise JournalError("Redis: no answer to a subscription") from None

    async def _subscribe(self, user_ids: list[str]) -> None:
        if user_ids:
            with told_as_journal_error():
                await self._pubsub.subscribe(*map(self.channel, user_ids))

    def unwatch(self, user_id: str) -> None:
        self._watched.pop(user_id, None)
        self._newest.pop(user_id, None)
        self._streams.pop(user_id, None)
        task = asyncio.create_task(self._unsubscribe(user_id))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _unsubscribe(self, user_id: str) -> None:
        if user_id not in self._watched:
            with suppress(*failures()):
                await self._pubsub.unsubscribe(self.channel(user_id))

    # What is new

    def tell(self, user_id: str, stream: bytes, seq: int, frame: bytes) -> None:
        """Of an event that is in the journal, appended here or elsewhere."""
        self.compare(user_id, stream)
        if user_id in self._watched:
            self._newest[user_id] = max(seq, self._newest.get(user_id, 0))
        self._deliver(user_id, seq, frame)

    def compare(self, user_id: str, stream: bytes) -> None:
        """Say so when a watched user's numbering is not the one that it was."""
        if user_id not in self._watched:
            return
        known = self._streams.get(user_id, stream)
        self._streams[user_id] = stream
        if known != stream:
            self._newest.pop(user_id, None)
            self._deliver(user_id, 0, b"")

    async def listen_forever(self) -> None:
        """A broken connection is made again; what was missed meanwhile is looked for."""
        while True:
            try:
                await self._listen()
            except failures():
                await self._disconnect()
                await asyncio.sleep(0.5)
                with suppress(JournalError):
                    await self._subscribe(list(self._watched))
                    await self._check()

    async def _listen(self) -> None:
        """Until the connection breaks or does not answer a ping, as a half-open one never will."""
        pubsub, pinged = self._pubsub, False
        while True:
            message = await pubsub.get_message(timeout=self._timeout)
            if message is not None:
                pinged = False
                self._heard(message)
            elif not pinged:
                pinged = True
                await pubsub.ping()
            else:
                raise ConnectionError("Redis does not answer")

    async def _disconnect(self) -> None:
        if self._pubsub.connection is not None:
            with suppress(*failures()):
                await self._pubsub.connection.disconnect()

    def _heard(self, message: dict[str, Any]) -> None:
        if message["type"] not in ("subscribe", "message"):
            return
        channel = message["channel"].decode()
        user_id = channel.removeprefix(f"{self._prefix}:{{").removesuffix("}:new")
        if user_id not in self._watched:
            return
        if message["type"] == "subscribe":
            self._watched[user_id].set()
            return
        for line in message["data"].split(b"\n"):
            stream, seq, frame = line.split(b" ", 2)
            self.tell(user_id, stream, int(seq), frame)

    async def check_forever(self) -> None:
        while True:
            await asyncio.sleep(_CHECK_EVERY)
            with suppress(JournalError):
                await self._check()

    async def _check(self) -> None:
        """Announce the newest event of each watched user whose notification did not come."""
        for user_id in list(self._watched):
            bounds = (await self._read(user_id, 0, 0)).bounds
            if bounds.last > self._newest.get(user_id, 0):
                page = await self._read(user_id, bounds.last - 1, 1)
                if page.frames:
                    self.tell(user_id, bounds.stream.encode(), bounds.last, page.frames[0])

    async def aclose(self) -> None:
        for task in self._leaving:
            task.cancel()
        if self._leaving:
            await asyncio.wait(self._leaving)
        await self._pubsub.aclose()  # type: ignore[no-untyped-call]
