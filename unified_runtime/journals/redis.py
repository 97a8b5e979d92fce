"""Events in Redis: shared by several servers; survive as long as Redis is set to keep them."""

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any

from unified_runtime.errors import JournalError
from unified_runtime.extras import needs_extra
from unified_runtime.journals.base import Claim, Deliver, Page, Retention
from unified_runtime.journals.redis_scripts import APPEND, READ, SETTLE
from unified_runtime.protocol.frames import Draft
from unified_runtime.protocol.stream import Bounds

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.asyncio.client import PubSub

_BATCH = 1000
"""Events per round trip at most."""

_CHECK_EVERY = 5.0
"""Seconds after which a lost notification is found, at the latest."""

_CONNECTIONS = 8
"""To Redis at most; readers beyond it wait for one, as many clients may resume at once."""

_Append = tuple[Sequence[Draft], "asyncio.Future[list[int]]"]


class RedisJournal:
    """One connection carries all appends in pipelines, one listens for other servers' events.

    What survives is what Redis keeps: with `appendfsync always` an acknowledged event survives a
    crash of its machine, with `everysec` the last second may be lost, and a lost key starts a new
    stream, which clients are told. `maxmemory-policy` must be `noeviction`. Drafts of one
    user are kept all or none; a failing batch over many users may be kept in part. A connection
    that breaks during an append leaves its outcome unknown: JournalError is raised, nothing is
    retried, and a repeat with the same `event_id` is safe. The same holds when Redis does not
    answer within `timeout` seconds. One Redis (with or without replicas) holds everything; a cluster
    will not do. Needs the `redis` extra.
    """

    def __init__(
        self,
        url: str = "redis://localhost:6379/0",
        *,
        prefix: str = "unified_runtime",
        retention: Retention | None = None,
        clock: Callable[[], float] = time.time,
        lease: float = 30.0,
        timeout: float = 10.0,
    ) -> None:
        """`lease` in seconds: a server that Redis does not hear from for so long has crashed, and
        the others close its runs as failed."""
        self.lease = lease
        self._timeout = timeout
        self._url = url
        self._prefix = prefix
        self._notes = f"{prefix}:notes"
        self._retention = retention or Retention()
        self._clock = clock
        self._claim = Claim()
        self._redis: Redis | None = None
        self._pubsub: PubSub | None = None
        self._deliver: Deliver | None = None
        self._waiting: list[_Append] = []
        self._has_work = asyncio.Event()
        self._closing = False
        self._tasks: list[asyncio.Task[None]] = []
        self._watched: dict[str, asyncio.Event] = {}
        self._newest: dict[str, int] = {}
        self._streams: dict[str, bytes] = {}
        self._server = ""
        self._unsettled: dict[str, tuple[str, int]] = {}
        self._settler: asyncio.Task[None] | None = None

    async def start(self, deliver: Deliver) -> None:
        try:
            from redis.asyncio import BlockingConnectionPool, Redis  # noqa: PLC0415 - an extra
            from redis.asyncio.retry import Retry  # noqa: PLC0415
            from redis.backoff import NoBackoff  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise needs_extra("RedisJournal", "redis", error) from None
        self._claim.take("this RedisJournal")
        self._deliver = deliver
        self._closing = False
        self._has_work = asyncio.Event()
        self._settler = None
        self._watched = {}
        pool = BlockingConnectionPool.from_url(
            self._url,
            max_connections=_CONNECTIONS,
            timeout=self._timeout,
            socket_timeout=self._timeout,
            socket_connect_timeout=self._timeout,
            retry=Retry(NoBackoff(), 0),
        )
        redis = Redis.from_pool(pool)
        pubsub = redis.pubsub()
        try:
            await redis.ping()
            await pubsub.subscribe(f"{self._prefix}:nobody")  # a connection to listen on
        except BaseException as error:
            self._claim.give_up()
            await redis.aclose()
            if isinstance(error, _failures()):
                raise JournalError(f"Redis: {error}") from error
            raise
        self._redis = redis
        self._append_script = redis.register_script(APPEND)
        self._read_script = redis.register_script(READ)
        self._settle_script = redis.register_script(SETTLE)
        self._pubsub = pubsub
        self._tasks = [
            asyncio.create_task(self._append_forever(redis)),
            asyncio.create_task(self._listen_forever(pubsub)),
            asyncio.create_task(self._check_forever()),
        ]

    # Appending

    async def append(self, drafts: Sequence[Draft]) -> list[int]:
        self._opened()
        future: asyncio.Future[list[int]] = asyncio.get_running_loop().create_future()
        self._waiting.append((drafts, future))
        self._has_work.set()
        return await future

    def _opened(self) -> "Redis":
        if self._redis is None or self._closing:
            raise JournalError("Redis: the journal is not open")
        return self._redis

    async def _append_forever(self, redis: "Redis") -> None:
        while not (self._closing and not self._waiting):
            await self._has_work.wait()
            self._has_work.clear()
            while self._waiting:
                batch = self._take_batch()
                try:
                    numbers = await self._append(redis, [d for drafts, _ in batch for d in drafts])
                except Exception as error:  # noqa: BLE001 - who waits must hear of it, whatever it is
                    _fail(batch, JournalError(f"Redis: {error}"))
                else:
                    _resolve(batch, numbers)

    def _take_batch(self) -> list[_Append]:
        size = count = 0
        while count < len(self._waiting) and size < _BATCH:
            size += len(self._waiting[count][0])
            count += 1
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        return batch

    async def _append(self, redis: "Redis", drafts: list[Draft]) -> list[int]:
        by_user: dict[str, list[int]] = {}
        for index, draft in enumerate(drafts):
            by_user.setdefault(draft.user_id, []).append(index)
        async with redis.pipeline(transaction=False) as pipe:
            for user_id, indexes in by_user.items():
                arguments = self._append_arguments(user_id, [drafts[i] for i in indexes])
                await self._append_script(self._keys(user_id), arguments, client=pipe)
            answers = await pipe.execute()
        numbers = [0] * len(drafts)
        for (user_id, indexes), (stream, seqs) in zip(by_user.items(), answers, strict=True):
            for index, seq in zip(indexes, seqs, strict=True):
                numbers[index] = abs(seq)
                if seq > 0:
                    self._notify(user_id, stream, seq, drafts[index].frame(seq, stream))
        return numbers

    def _append_arguments(self, user_id: str, drafts: list[Draft]) -> list[Any]:
        age = self._retention.age
        arguments: list[Any] = [
            token_urlsafe(12),
            self._retention.count or 0,
            "" if age is None else self._clock() - age,
            self._channel(user_id),
        ]
        for draft in drafts:
            arguments += (draft.event_id or "", draft.time, draft.head, draft.tail)
            arguments.append(len(draft.notes))
            for key, value in draft.notes:
                arguments += (key, value or b"")
        return arguments

    def _keys(self, user_id: str) -> list[str]:
        tag = f"{self._prefix}:{{{user_id}}}"
        return [f"{tag}:events", f"{tag}:stream", f"{tag}:ids", self._notes]

    def _channel(self, user_id: str) -> str:
        return f"{self._prefix}:{{{user_id}}}:new"

    def _notify(self, user_id: str, stream: bytes, seq: int, frame: bytes) -> None:
        self._compare(user_id, stream)
        if user_id in self._watched:
            self._newest[user_id] = max(seq, self._newest.get(user_id, 0))
        if self._deliver is not None:
            self._deliver(user_id, seq, frame)

    def _compare(self, user_id: str, stream: bytes) -> None:
        """Say so when a watched user's numbering is not the one that it was."""
        if user_id not in self._watched:
            return
        known = self._streams.get(user_id, stream)
        self._streams[user_id] = stream
        if known != stream and self._deliver is not None:
            self._newest.pop(user_id, None)
            self._deliver(user_id, 0, b"")

    # Reading

    async def bounds(self, user_id: str) -> Bounds:
        return (await self.read(user_id, 0, 0)).bounds

    async def read(self, user_id: str, after: int, count: int) -> Page:
        self._opened()
        arguments: list[Any] = [token_urlsafe(12), after, count]
        try:
            answer = await self._read_script(self._keys(user_id), arguments)
        except _failures() as error:
            raise JournalError(f"Redis: {error}") from error
        stream, first, last, frames = answer
        self._compare(user_id, stream)
        return Page(Bounds(stream.decode(), first, last), frames)

    def settle(self, user_id: str, stream: str, seq: int) -> None:
        if self._redis is None or seq <= 0:
            return
        self._unsettled[user_id] = (stream, seq)
        if self._settler is None or self._settler.done():
            self._settler = asyncio.create_task(self._settle_all(self._redis))

    async def _settle_all(self, redis: "Redis") -> None:
        while self._unsettled:
            batch, self._unsettled = self._unsettled, {}
            with suppress(*_failures()):
                async with redis.pipeline(transaction=False) as pipe:
                    for user_id, (stream, seq) in batch.items():
                        meta = self._keys(user_id)[1]
                        await self._settle_script([meta], [stream, seq], client=pipe)
                    await pipe.execute()

    async def settled(self, user_id: str) -> int:
        redis = self._opened()
        if self._settler is not None:
            await asyncio.wait([self._settler])
        try:
            return int(await redis.hget(self._keys(user_id)[1], "settled") or 0)
        except _failures() as error:
            raise JournalError(f"Redis: {error}") from error

    async def notes(self) -> list[bytes]:
        redis = self._opened()
        try:
            values: list[Any] = await redis.hvals(self._notes)
        except _failures() as error:
            raise JournalError(f"Redis: {error}") from error
        return values

    # Other servers' events

    async def watch(self, user_id: str) -> None:
        self._opened()
        subscribed = self._watched.get(user_id)
        if subscribed is None:
            subscribed = self._watched[user_id] = asyncio.Event()
            await self._subscribe([user_id])
        try:
            async with asyncio.timeout(5):
                await subscribed.wait()
        except TimeoutError:
            raise JournalError("Redis: no answer to a subscription") from None

    async def _subscribe(self, user_ids: list[str]) -> None:
        if self._pubsub is None or not user_ids:
            return
        try:
            await self._pubsub.subscribe(*map(self._channel, user_ids))
        except _failures() as error:
            raise JournalError(f"Redis: {error}") from error

    def unwatch(self, user_id: str) -> None:
        self._watched.pop(user_id, None)
        self._newest.pop(user_id, None)
        self._streams.pop(user_id, None)
        if self._pubsub is not None and not self._closing:
            self._tasks.append(asyncio.create_task(self._unsubscribe(user_id)))

    async def _unsubscribe(self, user_id: str) -> None:
        if self._pubsub is not None and user_id not in self._watched:
            with suppress(*_failures()):
                await self._pubsub.unsubscribe(self._channel(user_id))
        self._tasks = [task for task in self._tasks if not task.done()]

    async def _listen_forever(self, pubsub: "PubSub") -> None:
        """A broken connection is made again; what was missed meanwhile is looked for."""
        while True:
            try:
                await self._listen(pubsub)
            except _failures():
                await asyncio.sleep(0.5)
                with suppress(JournalError):
                    await self._subscribe(list(self._watched))
                    await self._check()

    async def _listen(self, pubsub: "PubSub") -> None:
        """Until the connection breaks or does not answer a ping, as a half-open one never will."""
        pinged = False
        while True:
            message = await pubsub.get_message(timeout=self._timeout)
            if message is not None:
                pinged = False
                self._heard(message)
            elif not pinged:
                pinged = True
                await pubsub.ping()
            else:
                if pubsub.connection is not None:
                    await pubsub.connection.disconnect()
                raise ConnectionError("Redis does not answer")

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
            self._notify(user_id, stream, int(seq), frame)

    async def _check_forever(self) -> None:
        while True:
            await asyncio.sleep(_CHECK_EVERY)
            with suppress(JournalError):
                await self._check()

    async def _check(self) -> None:
        """Announce the newest event of each watched user whose notification did not come."""
        for user_id in list(self._watched):
            bounds = await self.bounds(user_id)
            if bounds.last > self._newest.get(user_id, 0):
                page = await self.read(user_id, bounds.last - 1, 1)
                if page.frames:
                    self._notify(user_id, bounds.stream.encode(), bounds.last, page.frames[0])

    # Who lives

    async def join(self, server: str) -> None:
        await self._renew(server)
        self._server = server
        self._tasks.append(asyncio.create_task(self._renew_forever(server)))

    async def _renew(self, server: str) -> None:
        try:
            await self._opened().set(self._lease_of(server), b"", px=int(self.lease * 1000))
        except _failures() as error:
            raise JournalError(f"Redis: {error}") from error

    async def _renew_forever(self, server: str) -> None:
        while True:
            await asyncio.sleep(self.lease / 4)
            with suppress(JournalError):
                await self._renew(server)

    def _lease_of(self, server: str) -> str:
        return f"{self._prefix}:server:{server}"

    async def gone(self, servers: Collection[str]) -> set[str]:
        redis = self._opened()
        try:
            return {name for name in servers if not await redis.exists(self._lease_of(name))}
        except _failures() as error:
            raise JournalError(f"Redis: {error}") from error

    async def _leave(self, redis: "Redis") -> None:
        with suppress(*_failures()):
            await redis.delete(self._lease_of(self._server))

    async def aclose(self) -> None:
        redis, self._closing = self._redis, True
        self._claim.give_up()
        if redis is None:
            return
        if self._tasks[0].get_loop() is not asyncio.get_running_loop():
            self._redis = None  # its connections ended with the loop that they were made on
            return
        self._has_work.set()
        await asyncio.wait(self._tasks[:1] + ([self._settler] if self._settler else []))
        self._redis = None
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        await self._leave(redis)
        if self._pubsub is not None:
            await self._pubsub.aclose()  # type: ignore[no-untyped-call]
        await redis.aclose()


def _failures() -> tuple[type[Exception], ...]:
    from redis.exceptions import RedisError  # noqa: PLC0415 - an extra

    return (RedisError, OSError)


def _fail(batch: list[_Append], error: JournalError) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)


def _resolve(batch: list[_Append], numbers: list[int]) -> None:
    left = iter(numbers)
    for drafts, future in batch:
        seqs = [next(left) for _ in drafts]
        if not future.done():
            future.set_result(seqs)
