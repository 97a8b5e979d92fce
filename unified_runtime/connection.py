"""One client's connection: a reader of its user's stream at a position, and its writer."""

import asyncio
from collections.abc import Awaitable, Callable

from unified_runtime.close_codes import CloseCode
from unified_runtime.errors import JournalError, ProtocolError
from unified_runtime.journals.base import Journal
from unified_runtime.limits import Limits
from unified_runtime.protocol.frames import (
    PONG,
    Ack,
    Ping,
    Resume,
    gap_frame,
    parse_client_frame,
    ready_frame,
)
from unified_runtime.protocol.rates import TokenBucket
from unified_runtime.protocol.states import State, Step, advance
from unified_runtime.protocol.stream import Bounds, Gap, Tail, start_of, trimmed
from unified_runtime.sinks import Sink

_CLOSE_TIMEOUT = 1.0
"""Seconds for the closing handshake; a stalled peer will not answer it."""


class Connection:
    """Made by the manager. Frames are written in order, with no lock held, by `run` or, while that
    waits for events, for it: at once by `flush`, or by the hub's relay with `begin_send`.

    Everything not yet written is in the journal, so a connection may be closed at any moment
    without losing an event: the client resumes behind the last one that it saw.
    """

    __slots__ = (
        "__weakref__",
        "_acks",
        "_bounds",
        "_finishing",
        "_has_orders",
        "_heard",
        "_helper",
        "_in_doubt",
        "_journal",
        "_lent",
        "_limits",
        "_loop",
        "_on_closed",
        "_pings",
        "_pongs_due",
        "_rate",
        "_resume",
        "_settled",
        "_sink",
        "_spoke",
        "_tail",
        "_unsent",
        "_user_rate",
        "_waiter",
        "_writer",
        "acked",
        "address",
        "close_code",
        "delivered",
        "due",
        "lost",
        "position",
        "state",
        "stream",
        "thread_id",
        "user_id",
    )

    def __init__(
        self,
        user_id: str,
        sink: Sink,
        *,
        tail: Tail,
        journal: Journal,
        limits: Limits,
        user_rate: TokenBucket,
        on_closed: Callable[["Connection"], None],
        thread_id: str | None = None,
        address: str | None = None,
    ) -> None:
        self.user_id = user_id
        self.thread_id = thread_id
        self.address = address
        self.state = State.POSITIONING
        self.stream = ""
        self.position = 0
        """Number of the last event handed to the transport."""
        self.acked = 0
        self.close_code: CloseCode | None = None
        """Why it is closed, unless the client left or everything was written."""
        self.delivered = 0
        self.due = False
        self.lost = 0
        """Events that were trimmed before this connection, once live, could be sent them."""
        self._sink = sink
        self._tail = tail
        self._journal = journal
        self._limits = limits
        self._on_closed = on_closed
        self._acks = False
        self._bounds: Bounds | None = None
        self._settled = 0
        self._unsent = 0
        self._resume: Resume | None = None
        self._spoke = False
        self._loop = asyncio.get_running_loop()
        self._heard = self._loop.time()
        self._rate = TokenBucket(limits.frames_per_second, self._heard)
        self._user_rate = user_rate
        self._pings = 0
        self._pongs_due = 0
        self._in_doubt = False
        self._has_orders = False
        self._finishing = False
        self._waiter: asyncio.Future[None] | None = None
        self._lent: asyncio.Future[None] | None = None
        self._writer: asyncio.Task[None] | None = None
        self._helper: asyncio.Task[None] | None = None

    # What others tell it

    def flush(self) -> bool:
        """Write new events at once if nothing stands in the way; else leave it to the writer.

        Saves the switch to the writer's task, which costs as much as the write itself.
        """
        if self.state is State.POSITIONING:
            return True  # nothing may be written before the client's position is known
        if self.state is not State.LIVE or self._in_doubt:
            return False
        if self._tail.next <= self.position + 1:
            return True  # the writer was quicker
        if not self._sink.immediate or self._waiter is None:
            return False
        frames = self._tail.after(self.position, self._limits.write_events)
        if not frames or sum(map(len, frames)) > self._limits.write_bytes:
            return False
        if not self._sink.write(frames):
            return False
        self.position += len(frames)
        self.delivered += len(frames)
        return len(frames) < self._limits.write_events

    def begin_send(self, task: asyncio.Task[None]) -> Awaitable[None] | None:
        """Send new events in `task`, which awaits what this returns, if the writer waits for some; else
        leave them to the writer.

        Who holds the writer's waiter may write. It is taken away until `end_send`, so nobody can wake
        the writer meanwhile, and it ends as the sending ended.
        """
        waiter = self._waiter
        if waiter is None or waiter.done() or self.state is State.POSITIONING:
            return None
        limits = self._limits
        frames = self._tail.after(self.position, limits.write_events)
        if (
            not frames
            or self._has_orders
            or self.state is not State.LIVE
            or (len(frames) > 1 and sum(map(len, frames)) > limits.write_bytes)
        ):
            self.wake()
            return None
        self._waiter, self._lent, self._helper = None, waiter, task
        self._unsent = len(frames)
        self.position += self._unsent
        return self._sink.send(frames)

    def end_send(self, error: BaseException | None) -> None:
        """What `begin_send` gave was awaited, and raised `error` unless it is None."""
        waiter, self._lent, self._helper = self._lent, None, None
        if waiter is None:
            return
        if error is None:
            self.delivered += self._unsent
            self._unsent = 0
            self._waiter = waiter
            if self._has_orders or self._finishing or self._tail.next > self.position + 1:
                self.wake()
        elif isinstance(error, asyncio.CancelledError):
            waiter.cancel()
        elif not waiter.done():
            waiter.set_exception(error)

    def doubt(self) -> None:
        """The numbering may have begun anew: ask the journal before anything else is written."""
        self._in_doubt = self._has_orders = True
        self.wake()

    def wake(self) -> None:
        """There may be something to write. Cheap, and never blocks; nobody asks for the waiter of a
        writer that was cancelled."""
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            if not waiter.done():
                waiter.set_result(None)

    def receive(self, text: str | bytes) -> None:
        """Take one frame of the client; a wrong one closes the connection with the right code."""
        self._heard = self._loop.time()
        if not (self._rate.take(self._heard) and self._user_rate.take(self._heard)):
            self.close(CloseCode.TOO_FAST)
            return
        try:
            frame = parse_client_frame(text, self._limits.frame_bytes)
        except ProtocolError as error:
            self.close(CloseCode(error.code))
            return
        self._spoke = self._has_orders = True
        match frame:
            case Resume():
                self._resume = frame
            case Ack(seq=seq):
                self._acks = True
                self.acked = max(self.acked, min(seq, self.position))
            case Ping():
                self._pings += 1
                self._pongs_due += 1
        self.wake()

    def close(self, code: CloseCode) -> None:
        """Stop writing at once, mid-write if need be, and say `code`. Later calls do nothing."""
        if self.close_code is None:
            self.close_code = code
            if self._writer is not None and not self.closed:
                self._writer.cancel()

    def finish(self) -> None:
        """Write what is journaled, then say GOING_AWAY."""
        self._finishing = True
        self.wake()

    def overdue(self, now: float) -> CloseCode | None:
        """Why the connection has to be closed at loop time `now`, if it has to."""
        since = self._sink.writing_since
        if since is not None and now - since > self._limits.write_timeout:
            return CloseCode.SLOW_CONSUMER
        idle = self._limits.idle_timeout
        if idle is None and self._pings > 1:  # the first only says that no `resume` will come
            idle = self._limits.heartbeat_timeout
        if idle is not None and now - self._heard > idle:
            return CloseCode.IDLE
        return None

    @property
    def settled(self) -> int:
        """What its user need not be given again: the last acknowledged event if the client ever
        acknowledges, else the last that the transport took."""
        return self.acked if self._acks else self.position - self._unsent

    @property
    def closed(self) -> bool:
        return self.state is State.CLOSED

    def ended(self) -> None:
        """Nothing more will be written; also called when the writer was cancelled unstarted."""
        if not self.closed:
            self.state = advance(self.state, Step.CLOSE)
            self._on_closed(self)

    # The writer

    async def open(self) -> None:
        """Fix where a client without a position begins: behind what its user has been given."""
        await self._journal.watch(self.user_id)
        self._settled = await self._journal.settled(self.user_id)
        self._bounds = await self._journal.bounds(self.user_id)

    async def run(self, resume: Resume | None, *, wait_for_frame: bool) -> None:
        """Write until the connection ends; nobody else touches the sink unless this waits for events.

        `open` must have returned before.
        With `wait_for_frame` the first frame of the client, which may be its `resume`, is awaited
        for `Limits.resume_wait` before `ready` and again behind it. Returns once the close frame is
        out, and raises what the transport raised when the peer is gone.
        """
        self._writer = asyncio.current_task()
        self._resume = self._resume or resume
        try:
            if wait_for_frame:
                await self._wait_for_first_frame()
            await self._begin()
            if wait_for_frame:
                await self._wait_for_first_frame()
                if self._resume is not None:
                    await self._begin()
            self.state = advance(self.state, Step.POSITION)
            await self._write_until_finished()
        except asyncio.CancelledError:
            if self.close_code is None:
                raise
        except JournalError:
            self.close_code = CloseCode.JOURNAL_UNAVAILABLE
        finally:
            if self._helper is not None:
                self._helper.cancel()
                await asyncio.wait((self._helper,))
            self.ended()
        self.close_code = self.close_code or CloseCode.GOING_AWAY
        await self._say_goodbye(self.close_code)

    async def _say_goodbye(self, code: CloseCode) -> None:
        try:
            async with asyncio.timeout(_CLOSE_TIMEOUT):
                await self._sink.close(int(code), code.reason)
        except TimeoutError:
            return

    async def _wait_for_first_frame(self) -> None:
        """No event is written meanwhile, so that a `resume` which follows `ready` repeats none."""
        if not self._spoke and self.close_code is None:
            await self._wait(self._limits.resume_wait)

    async def _write_until_finished(self) -> None:
        tail, most = self._tail, self._limits.write_events
        while self.close_code is None:
            if self._has_orders:
                await self._obey()
            if self.state is State.REPLAYING:
                await self._replay()
                continue
            frames = tail.after(self.position, most)
            if frames:
                await self._send_events(frames)
            elif frames is None:
                self.state = advance(self.state, Step.FALL_BEHIND)
            elif self._finishing:
                return
            elif not self._has_orders:
                self._waiter = self._loop.create_future()
                await self._waiter

    async def _obey(self) -> None:
        """Do what the client or the journal asked for meanwhile."""
        self._has_orders = False
        if self._resume is not None:
            self.state = advance(self.state, Step.REWIND)
            await self._begin()
        if self._in_doubt:
            self._in_doubt = False
            if self.state is State.LIVE:
                self.state = advance(self.state, Step.FALL_BEHIND)
        if self._pongs_due:
            pongs, self._pongs_due = [PONG] * self._pongs_due, 0
            await self._sink.send(pongs)

    async def _begin(self) -> None:
        """Say `ready`, and the gap if there is one; then everything behind it is replayed."""
        bounds = self._bounds
        if self._resume is not None or bounds is None:
            bounds = await self._journal.bounds(self.user_id)
        resume, self._resume = self._resume, None
        start = start_of(bounds, resume, self._settled)
        self._enter(bounds.stream)
        self.position = start.after
        frames = [ready_frame(bounds.stream, start.position, resumed=start.resumed)]
        if start.gap is not None:
            frames.append(gap_frame(*start.gap))
        await self._sink.send(frames)

    def _enter(self, stream: str) -> None:
        """What was acknowledged of another numbering says nothing of this one."""
        if stream != self.stream:
            self.stream, self.acked = stream, 0

    async def _replay(self) -> None:
        """Write one page of the journal; an empty one means that the newest event is written."""
        page = await self._journal.read(self.user_id, self.position, self._limits.write_events)
        if page.bounds.stream != self.stream or self.position > page.bounds.last:
            self._enter(page.bounds.stream)
            gap = Gap(1, page.bounds.first - 1, "new_stream")
            self.position = gap.last
            anew = ready_frame(self.stream, 0, resumed=False)
            await self._sink.send([anew, gap_frame(*gap)])
            return
        lost = trimmed(page.bounds, self.position)
        if lost is not None:
            self.lost += lost.last - lost.first + 1
            self.position = lost.last
            await self._sink.send([gap_frame(*lost)])
        if page.frames:
            await self._send_events(page.frames)
            await asyncio.sleep(0)
        else:
            self.state = advance(self.state, Step.CATCH_UP)

    async def _send_events(self, frames: list[bytes]) -> None:
        """In parts of `Limits.write_bytes`, so that a slow but living client is seen to live."""
        for part in parts_of(frames, self._limits.write_bytes):
            self.position += len(part)
            self._unsent = len(part)
            await self._sink.send(part)
            self._unsent = 0
            self.delivered += len(part)

    async def _wait(self, seconds: float) -> None:
        """Until `wake`, at most so long."""
        self._waiter = self._loop.create_future()
        timer = self._loop.call_later(seconds, self.wake)
        try:
            await self._waiter
        finally:
            timer.cancel()


def parts_of(frames: list[bytes], most: int) -> list[list[bytes]]:
    """Cut behind each frame with which a part reaches `most` bytes."""
    if len(frames) == 1 or sum(map(len, frames)) <= most:
        return [frames]
    parts: list[list[bytes]] = [[]]
    size = 0
    for frame in frames:
        if size >= most:
            parts.append([])
            size = 0
        parts[-1].append(frame)
        size += len(frame)
    return parts
