"""Events in Redis: shared by several servers; survive as long as Redis is set to keep them."""

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any, NamedTuple

from unified_runtime.errors import JournalError
from unified_runtime.extras import needs_extra
from unified_runtime.journals.base import Claim, Deliver, Page, Retention
from unified_runtime.journals.redis_failures import failures, told_as_journal_error
from unified_runtime.journals.redis_leases import Leases
from unified_runtime.journals.redis_news import News
from unified_runtime.journals.redis_scripts import APPEND, READ, SETTLE
from unified_runtime.protocol.frames import Draft
from unified_runtime.protocol.stream import Bounds

if TYPE_CHECKING:
    from redis.asyncio import Redis

_BATCH = 1000
"""Events per round trip at most."""

_CONNECTIONS = 8
"""To Redis at most; readers beyond it wait for one, as many clients may resume at once."""


class _Open(NamedTuple):
    redis: "Redis"
    news: News
    leases: Leases


_Append = tuple[Sequence[Draft], "asyncio.Future[list[int]]"]


class RedisJournal:
    """One connection carries all appends in pipelines, one listens for other servers' events.

    What survives is what Redis keeps: with `appendonly yes` and `appendfsync always`, as `CONFIG GET`
    tells when the journal starts, an acknowledged event survives a crash of its machine. With
    anything else, or where `CONFIG` is forbidden, the last events may be gone when Redis was started
    again, so the numbering then gets a new name, and clients a `gap` and all that is kept; the same
    when a replica took over, with every setting. Scripts must be allowed `INFO`. A lost key starts a new stream, which clients are
    told too. `maxmemory-policy` must be `noeviction`. Drafts of one
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
        self._open: _Open | None = None
        self._waiting: list[_Append] = []
        self._synced = b"0"
        self._has_work = asyncio.Event()
        self._closing = False
        self._tasks: list[asyncio.Task[None]] = []
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
        self._closing = False
        self._waiting = []  # of a loop that ended, and with it everyone who waited
        self._has_work = asyncio.Event()
        self._settler = None
        pool = BlockingConnectionPool.from_url(
            self._url,
            max_connections=_CONNECTIONS,
            timeout=self._timeout,
            socket_timeout=self._timeout,
            socket_connect_timeout=self._timeout,
            retry=Retry(NoBackoff(), 0),
        )
        redis = Redis.from_pool(pool)
        news = News(redis.pubsub(), self._prefix, self._timeout, self.read, deliver)
        try:
            self._synced = b"1" if await _syncs_each_write(redis) else b"0"
            await news.open()
        except BaseException as error:
            self._claim.give_up()
            await redis.aclose()
            if isinstance(error, failures()):
                raise JournalError(f"Redis: {error}") from error
            raise
        self._open = _Open(redis, news, Leases(redis, self._prefix, self.lease))
        self._append_script = redis.register_script(APPEND)
        self._read_script = redis.register_script(READ)
        self._settle_script = redis.register_script(SETTLE)
        self._tasks = [
            asyncio.create_task(self._append_forever(redis, news)),
            asyncio.create_task(news.listen_forever()),
            asyncio.create_task(news.check_forever()),
        ]

    # Appending

    async def append(self, drafts: Sequence[Draft]) -> list[int]:
        self._opened()
        future: asyncio.Future[list[int]] = asyncio.get_running_loop().create_future()
        self._waiting.append((drafts, future))
        self._has_work.set()
        return await future

    def _opened(self) -> _Open:
        if self._open is None or self._closing:
            raise JournalError("Redis: the journal is not open")
        return self._open

    async def _append_forever(self, redis: "Redis", news: News) -> None:
        while not (self._closing and not self._waiting):
            await self._has_work.wait()
            self._has_work.clear()
            while self._waiting:
                batch = self._take_batch()
                try:
                    drafts = [draft for some, _ in batch for draft in some]
                    numbers = await self._append(redis, news, drafts)
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

    async def _append(self, redis: "Redis", news: News, drafts: list[Draft]) -> list[int]:
        by_user: dict[str, list[int]] = {}
        for index, draft in enumerate(drafts):
            by_user.setdefault(draft.user_id, []).append(index)
        async with redis.pipeline(transaction=False) as pipe:
            for user_id, indexes in by_user.items():
                arguments = self._append_arguments(
                    news.channel(user_id), [drafts[i] for i in indexes]
                )
                await self._append_script(self._keys(user_id), arguments, client=pipe)
            answers = await pipe.execute()
        numbers = [0] * len(drafts)
        for (user_id, indexes), (stream, seqs) in zip(by_user.items(), answers, strict=True):
            for index, seq in zip(indexes, seqs, strict=True):
                numbers[index] = abs(seq)
                if seq > 0:
                    news.tell(user_id, stream, seq, drafts[index].frame(seq, stream))
        return numbers

    def _append_arguments(self, channel: str, drafts: list[Draft]) -> list[Any]:
        age = self._retention.age
        arguments: list[Any] = [
            token_urlsafe(12),
            self._synced,
            self._retention.count or 0,
            "" if age is None else self._clock() - age,
            channel,
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

    # Reading

    async def bounds(self, user_id: str) -> Bounds:
        return (await self.read(user_id, 0, 0)).bounds

    async def read(self, user_id: str, after: int, count: int) -> Page:
        news = self._opened().news
        arguments: list[Any] = [token_urlsafe(12), self._synced, after, count]
        with told_as_journal_error():
            answer = await self._read_script(self._keys(user_id), arguments)
        stream, first, last, frames = answer
        news.compare(user_id, stream)
        return Page(Bounds(stream.decode(), first, last), frames)

    def settle(self, user_id: str, stream: str, seq: int) -> None:
        if self._open is None or seq <= 0:
            return
        self._unsettled[user_id] = (stream, seq)
        if self._settler is None or self._settler.done():
            self._settler = asyncio.create_task(self._settle_all(self._open.redis))

    async def _settle_all(self, redis: "Redis") -> None:
        while self._unsettled:
            batch, self._unsettled = self._unsettled, {}
            with suppress(*failures()):
                async with redis.pipeline(transaction=False) as pipe:
                    for user_id, (stream, seq) in batch.items():
                        meta = self._keys(user_id)[1]
                        await self._settle_script([meta], [stream, seq], client=pipe)
                    await pipe.execute()

    async def settled(self, user_id: str) -> int:
        redis = self._opened().redis
        if self._settler is not None:
            await asyncio.wait([self._settler])
        with told_as_journal_error():
            return int(await redis.hget(self._keys(user_id)[1], "settled") or 0)

    async def notes(self) -> list[bytes]:
        redis = self._opened().redis
        with told_as_journal_error():
            values: list[Any] = await redis.hvals(self._notes)
        return values

    # Other servers

    async def watch(self, user_id: str) -> None:
        await self._opened().news.watch(user_id)

    def unwatch(self, user_id: str) -> None:
        if self._open is not None and not self._closing:
            self._open.news.unwatch(user_id)

    async def join(self, server: str) -> None:
        leases = self._opened().leases
        await leases.renew(server)
        self._server = server
        self._tasks.append(asyncio.create_task(leases.renew_forever(server)))

    async def gone(self, servers: Collection[str]) -> set[str]:
        return await self._opened().leases.gone(servers)

    async def aclose(self) -> None:
        opened, self._closing = self._open, True
        self._claim.give_up()
        if opened is None:
            return
        if self._tasks[0].get_loop() is not asyncio.get_running_loop():
            self._open = None  # its connections ended with the loop that they were made on
            return
        self._has_work.set()
        await asyncio.wait(self._tasks[:1] + ([self._settler] if self._settler else []))
        self._open = None
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        await opened.leases.leave(self._server)
        try:
            with told_as_journal_error():
                await opened.news.aclose()
        finally:
            await opened.redis.aclose()


async def _syncs_each_write(redis: "Redis") -> bool:
    """Whether Redis itself, when it is started again, has everything that it acknowledged."""
    from redis.exceptions import ResponseError  # noqa: PLC0415 - an extra

    try:
        settings = await redis.config_get("append*")
    except ResponseError:  # it answers, but does not tell
        return False
    return settings.get("appendonly") == "yes" and settings.get("appendfsync") == "always"


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
