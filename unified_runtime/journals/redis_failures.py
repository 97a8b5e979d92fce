"""What can go wrong with Redis, and how it is told."""

from collections.abc import Iterator
from contextlib import contextmanager

from unified_runtime.errors import JournalError


def failures() -> tuple[type[Exception], ...]:
    """RuntimeError is what a second task gets that finds a lost connection while a first is making it
    again."""
    from redis.exceptions import RedisError  # noqa: PLC0415 - an extra

    return (RedisError, OSError, RuntimeError)


@contextmanager
def told_as_journal_error() -> Iterator[None]:
    try:
        yield
    except failures() as error:
        raise JournalError(f"Redis: {error}") from error
