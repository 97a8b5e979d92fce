"""Every journal, behind one fixture: the shared suite runs against each."""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from unified_runtime.journals.base import Journal, Retention
from unified_runtime.journals.memory import MemoryJournal
from unified_runtime.journals.redis import RedisJournal
from unified_runtime.journals.sqlite import SqliteJournal
from unified_runtime.protocol.frames import Draft

Opened = Callable[..., AbstractAsyncContextManager[Journal]]


def make_draft(
    user_id: str, text: str = "", *, event_id: str | None = None, at: float = 0
) -> Draft:
    return Draft(user_id, b'{"type":"note","seq":', b',"data":"%b"}' % text.encode(), at, event_id)


@pytest.fixture
def draft() -> Callable[..., Draft]:
    return make_draft


class Delivered(list[tuple[str, int, bytes]]):
    """What the journal notified of, in order."""

    def __call__(self, user_id: str, seq: int, frame: bytes) -> None:
        self.append((user_id, seq, frame))


@pytest.fixture
def delivered() -> Delivered:
    return Delivered()


class FakeClock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["memory", "sqlite", "redis"])
def make_journal(request, tmp_path, clock) -> Callable[[Retention | None], Journal]:
    """A journal on the same place each time; the memory journal is a new one."""
    url = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    prefix = secrets.token_hex(4)

    def make(retention: Retention | None = None) -> Journal:
        if request.param == "redis":
            return RedisJournal(url, prefix=prefix, retention=retention, clock=clock)
        if request.param == "memory":
            return MemoryJournal(retention=retention, clock=clock)
        return SqliteJournal(
            tmp_path / "events.db", retention=retention, clock=clock, synchronous="NORMAL"
        )

    return make


@pytest.fixture
def opened(make_journal, delivered) -> Opened:
    """`async with opened(retention) as journal:`"""

    @asynccontextmanager
    async def open_(retention: Retention | None = None) -> AsyncIterator[Journal]:
        journal = make_journal(retention)
        await journal.start(delivered)
        try:
            yield journal
        finally:
            await journal.aclose()

    return open_
