"""Who is connected, and the way of a journaled event to all connections of its user."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from unified_runtime.connection import Connection
from unified_runtime.errors import ConnectionRefusedByLimitError
from unified_runtime.journals.base import Journal
from unified_runtime.limits import Limits
from unified_runtime.names import as_text, encode_user
from unified_runtime.protocol.rates import TokenBucket
from unified_runtime.protocol.stream import Tail
from unified_runtime.relay import Relay
from unified_runtime.sinks import Sink

_SWEEP = 1.0
"""Seconds between looks for stalled and idle connections, unless a limit is shorter."""

_MANY = 64
"""Connections due, and events on their way into the journal, from which on a commit's events wait for
the next commit's, so that a user who has one in each costs one write and not two."""

_HOLD = 0.01
"""Seconds for which they wait at most."""

_SETTLE_EVERY = 5.0
"""Seconds of deliveries that a crash may make the server repeat to clients without a position."""

_ADDRESSES = 10_000
"""Addresses whose rate of connecting is remembered."""


@dataclass(slots=True)
class _User:
    tail: Tail
    rate: TokenBucket
    connections: dict[Connection, None] = field(default_factory=dict)
    immediate: bool = False
    """Whether some connection may be written to without waking its writer."""


class Hub:
    """Belongs to one event loop and is used on it only."""

    def __init__(self, journal: Journal, limits: Limits) -> None:
        self._journal = journal
        self._limits = limits
        self._users: dict[str, _User] = {}
        self._dirty: dict[str, _User] = {}
        self._flushing = False
        self._held: asyncio.TimerHandle | None = None
        self.appending = 0
        """Events that the journal was given and has not answered."""
        self._by_address: Counter[str] = Counter()
        self._connects: dict[str, TokenBucket] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self.relay = Relay()
        self._sweeper: asyncio.TimerHandle | None = None
        self._settle_at = 0.0
        self.closed_by_code: Counter[str] = Counter()
        self.delivered = 0
        self.lost = 0
        self.healed = 0

    def deliver(self, user_id: str, seq: int, frame: bytes) -> None:
        """The journal's notification; see journals.base.Deliver."""
        user = self._users.get(user_id)
        if user is None:
            return
        if seq == 0:
            user.tail.forget(0)
            for connection in user.connections:
                connection.doubt()
        elif user.tail.push(seq, frame):
            if not user.immediate:
                for connection in user.connections:
                    if not connection.due:
                        self.relay.add(connection)
                return
            if not self._flushing and self._loop is not None:
                self._flushing = True
                self._loop.call_soon(self._flush)
            self._dirty[user_id] = user

    def _flush(self) -> None:
        """Once per turn of the loop, so that all events of one turn make one write. Who was answered has
        its turn first where many were: only then is known whether more is on its way."""
        self._flushing = False
        if self._held is None and self._loop is not None and self._much_goes_on():
            self._loop.call_soon(self._hold)
        else:
            self._write()

    def _much_goes_on(self) -> bool:
        return self.appending >= _MANY and len(self._dirty) >= _MANY

    def _hold(self) -> None:
        if self._held is None and self._loop is not None and self._much_goes_on():
            self._held = self._loop.call_later(_HOLD, self._write)
        else:
            self._write()

    def _write(self) -> None:
        """Writers that are woken have their turn later anyway."""
        if self._held is not None:
            self._held.cancel()
            self._held = None
        dirty, self._dirty = self._dirty, {}
        for user in dirty.values():
            for connection in user.connections:
                if not connection.flush():
                    connection.wake()

    def connect(
        self,
        user_id: str,
        sink: Sink,
        *,
        thread_id: str | None = None,
        address: str | None = None,
    ) -> Connection:
        """The caller has to `run` the connection, or to say that it has `ended`.

        Raises ConnectionRefusedByLimitError, and EventError for an unfit `user_id`.
        """
        encode_user(user_id)
        user_id = as_text(user_id)
        user = self._users.get(user_id)
        if user is not None and len(user.connections) >= self._limits.connections_per_user:
            raise ConnectionRefusedByLimitError("this user holds as many connections as allowed")
        if (
            address is not None
            and self._by_address[address] >= self._limits.connections_per_address
        ):
            raise ConnectionRefusedByLimitError("this address holds as many connections as allowed")
        if address is not None and not self._may_connect_now(address):
            raise ConnectionRefusedByLimitError("this address connects too often")
        if user is not None:
            self._settle(user.connections)
        else:
            user = self._users[user_id] = self._new_user()
        connection = Connection(
            user_id,
            sink,
            tail=user.tail,
            journal=self._journal,
            limits=self._limits,
            user_rate=user.rate,
            on_closed=self._forget,
            thread_id=thread_id,
            address=address,
        )
        user.connections[connection] = None
        user.immediate = user.immediate or sink.immediate
        if address is not None:
            self._by_address[address] += 1
        self._sweep_later()
        return connection

    def _new_user(self) -> _User:
        limits = self._limits
        self._loop = asyncio.get_running_loop()
        now = self._loop.time()
        return _User(
            Tail(limits.outbox_events, limits.outbox_bytes),
            TokenBucket(limits.frames_per_second_per_user, now),
        )

    def _may_connect_now(self, address: str) -> bool:
        rate = self._limits.connects_per_second_per_address
        if rate is None:
            return True
        now = asyncio.get_running_loop().time()
        bucket = self._connects.pop(address, None) or TokenBucket(rate, now)
        self._connects[address] = bucket  # the latest last, so that the first may be forgotten
        if len(self._connects) > _ADDRESSES:
            del self._connects[next(iter(self._connects))]
        return bucket.take(now)

    def _forget(self, connection: Connection) -> None:
        user = self._users[connection.user_id]
        self._settle([connection])
        del user.connections[connection]
        self.delivered += connection.delivered
        self.lost += connection.lost
        if connection.close_code is not None:
            self.closed_by_code[connection.close_code.name] += 1
        if connection.address is not None:
            self._by_address[connection.address] -= 1
            if not self._by_address[connection.address]:
                del self._by_address[connection.address]
        if not user.connections:
            self.healed += user.tail.holes
            del self._users[connection.user_id]
            self._journal.unwatch(connection.user_id)

    def _settle(self, connections: Iterable[Connection]) -> None:
        for connection in connections:
            self._journal.settle(connection.user_id, connection.stream, connection.settled)

    def connections(self, user_id: str | None = None) -> list[Connection]:
        if user_id is not None:
            user = self._users.get(user_id)
            return list(user.connections) if user else []
        return [c for user in self._users.values() for c in user.connections]

    def count(self, user_id: str | None = None) -> int:
        if user_id is not None:
            user = self._users.get(user_id)
            return len(user.connections) if user else 0
        return sum(len(user.connections) for user in self._users.values())

    @property
    def user_ids(self) -> list[str]:
        """Everyone with at least one connection."""
        return list(self._users)

    def _sweep_later(self) -> None:
        if self._sweeper is None:
            limits = (
                self._limits.write_timeout,
                self._limits.heartbeat_timeout,
                self._limits.idle_timeout or _SWEEP,
            )
            delay = min(_SWEEP, *(limit / 4 for limit in limits))
            self._sweeper = asyncio.get_running_loop().call_later(delay, self._sweep)

    def _sweep(self) -> None:
        self._sweeper = None
        now = asyncio.get_running_loop().time()
        for connection in self.connections():
            code = connection.overdue(now)
            if code is not None:
                connection.close(code)
        if now > self._settle_at:
            self._settle_at = now + _SETTLE_EVERY
            self._settle(self.connections())
        if self._users:
            self._sweep_later()

    def stop(self) -> None:
        self.relay.stop()
        if self._held is not None:
            self._held.cancel()
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
