"""The pool of emitters: one per run in use, bounded, with leaks found and named."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from unified_runtime.context import UserExecutionContext
from unified_runtime.emitter import Emits, UnifiedWebSocketEmitter


@dataclass(slots=True)
class _Lease:
    emitter: UnifiedWebSocketEmitter
    holders: int
    since: float


class EmitterFactory:
    """Makes emitters and pools them by context, so that two runs never share one.

    At most `max_runs` runs hold an emitter at once; further ones wait until one is given back.
    Belongs to one event loop.
    """

    def __init__(self, manager: Emits, *, max_runs: int) -> None:
        self._manager = manager
        self._slots = asyncio.Semaphore(max_runs)
        self._leases: dict[UserExecutionContext, _Lease] = {}
        self._made = 0
        self._shared = 0

    @asynccontextmanager
    async def emitter(
        self, context: UserExecutionContext
    ) -> AsyncIterator[UnifiedWebSocketEmitter]:
        """The context's emitter; nested and concurrent blocks of one run share it."""
        lease = await self._acquire(context)
        try:
            yield lease.emitter
        finally:
            self._release(context, lease)

    async def _acquire(self, context: UserExecutionContext) -> _Lease:
        lease = self._leases.get(context)
        if lease is None:
            await self._slots.acquire()
            lease = self._leases.get(context)
            if lease is not None:  # another task of the same run was faster
                self._slots.release()
        if lease is None:
            emitter = UnifiedWebSocketEmitter(self._manager, context)
            lease = self._leases[context] = _Lease(emitter, 0, time.monotonic())
            self._made += 1
        else:
            self._shared += 1
        lease.holders += 1
        return lease

    def _release(self, context: UserExecutionContext, lease: _Lease) -> None:
        lease.holders -= 1
        if lease.holders == 0:
            del self._leases[context]
            self._slots.release()

    def held_longer_than(self, seconds: float) -> list[UserExecutionContext]:
        """Runs whose block has been open for so long: likely leaks, oldest first."""
        before = time.monotonic() - seconds
        return [context for context, lease in self._leases.items() if lease.since < before]

    def stats(self) -> dict[str, Any]:
        return {"in_use": len(self._leases), "made": self._made, "shared": self._shared}
