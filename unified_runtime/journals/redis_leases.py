"""Which servers live, as Redis knows it: each renews a key that ends by itself."""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from typing import TYPE_CHECKING

from unified_runtime.errors import JournalError
from unified_runtime.journals.redis_failures import failures, told_as_journal_error

if TYPE_CHECKING:
    from redis.asyncio import Redis


class Leases:
    """`seconds` after the last renewal a server counts as gone."""

    def __init__(self, redis: "Redis", prefix: str, seconds: float) -> None:
        self._redis = redis
        self._prefix = prefix
        self._seconds = seconds

    async def renew(self, server: str) -> None:
        with told_as_journal_error():
            await self._redis.set(self._key(server), b"", px=int(self._seconds * 1000))

    async def renew_forever(self, server: str) -> None:
        while True:
            await asyncio.sleep(self._seconds / 4)
            with suppress(JournalError):
                await self.renew(server)

    async def gone(self, servers: Collection[str]) -> set[str]:
        with told_as_journal_error():
            return {name for name in servers if not await self._redis.exists(self._key(name))}

    async def leave(self, server: str) -> None:
        with suppress(*failures()):
            await self._redis.delete(self._key(server))

    def _key(self, server: str) -> str:
        return f"{self._prefix}:server:{server}"
