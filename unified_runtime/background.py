"""An event loop in a thread of its own, for code that has none."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from functools import partial
from threading import Thread
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar("T")


class Background(Generic[T]):
    """`with Background(thing, start, close):` awaits `start()` and then `close()` on that loop.

    Both block, and raise what these raise. No generator, as one that is thrown away is ended, and at
    the end of a process that would wait for a thread which no longer runs.
    """

    def __init__(
        self, thing: T, start: Callable[[], Awaitable[None]], close: Callable[[], Awaitable[None]]
    ) -> None:
        self._thing = thing
        self._start = start
        self._close = close
        self._started: Future[None] = Future()
        self._ended: Future[None] = Future()
        self._end: Callable[[], object] = lambda: None

    def __enter__(self) -> T:
        Thread(target=self._run, name="unified-runtime", daemon=True).start()
        self._started.result()
        return self._thing

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end()
        self._ended.result()

    def _run(self) -> None:
        try:
            self._ended.set_result(asyncio.run(self._live()))
        except BaseException as error:  # noqa: BLE001 - for who waits in the other thread
            (self._ended if self._started.done() else self._started).set_exception(error)

    async def _live(self) -> None:
        end = asyncio.Event()
        self._end = partial(asyncio.get_running_loop().call_soon_threadsafe, end.set)
        await self._start()
        self._started.set_result(None)
        await end.wait()
        await self._close()
