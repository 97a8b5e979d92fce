"""What every journal promises; one shared test suite holds all of them to it."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from unified_runtime.errors import JournalInUseError
from unified_runtime.protocol.frames import Draft
from unified_runtime.protocol.stream import Bounds

Deliver = Callable[[str, int, bytes], None]
"""Called on the loop with (user_id, seq, frame) for each event once it is kept.

Number 0 says that the user's numbering began anew, so that what is known of it is void.
"""


@dataclass(frozen=True, slots=True)
class Retention:
    """What trimming keeps, per user: the newest `count` events that are at most `age` seconds old.

    None means without bound. Trimming may lag behind, never run ahead: what the bounds promise is
    there. An `event_id` is remembered as long as its event.
    """

    count: int | None = 10_000
    age: float | None = None

    def __post_init__(self) -> None:
        if self.count is not None and self.count < 1:
            raise ValueError(f"Retention.count must be at least 1, not {self.count}")
        if self.age is not None and self.age <= 0:
            raise ValueError(f"Retention.age must be positive seconds, not {self.age}")


class Page(NamedTuple):
    """Frames of consecutive numbers from `max(after + 1, bounds.first)` on."""

    bounds: Bounds
    frames: list[bytes]


class Claim:
    """One manager at a time listens to a journal: a second would take the first one's events."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    def take(self, name: str) -> None:
        """For the running loop; a loop that no longer runs has given its claim up."""
        if self._loop is not None and self._loop.is_running():
            raise JournalInUseError(f"{name} already serves another manager")
        self._loop = asyncio.get_running_loop()

    def give_up(self) -> None:
        self._loop = None


class Journal(Protocol):
    """Numbers a user's events 1, 2, 3 … and keeps them.

    All methods run on the loop that `start` ran on; `start` on a new loop moves the journal there.
    On a loop that runs, a second `start` without `aclose` in between raises JournalInUseError.
    Every method raises JournalError when the backend fails.
    """

    @property
    def lease(self) -> float | None:
        """Seconds after which a server that shares the journal and is silent counts as gone; None
        when one server at a time has it, so that every other is gone."""
        ...

    async def start(self, deliver: Deliver) -> None: ...

    def append(self, drafts: Sequence[Draft]) -> Awaitable[list[int]]:
        """Keep all drafts of a user or none, in this order, and return their numbers.

        `deliver` is called for each before this returns, in the order of the numbers. A draft
        whose `event_id` its user already has gets the number of the first, and neither it nor its
        notes are kept again.
        Once this has suspended, cancelling the caller does not withdraw the drafts.
        """
        ...

    async def bounds(self, user_id: str) -> Bounds: ...

    async def read(self, user_id: str, after: int, count: int) -> Page:
        """At most `count` events behind `after`, oldest first."""
        ...

    def settle(self, user_id: str, stream: str, seq: int) -> None:
        """The user was given everything up to `seq` of `stream`: later readers need not begin before.

        A lower number than before changes nothing, nor does one of another stream. Kept soon
        after, not at once; never raises, as a number that is too low only repeats events.
        """
        ...

    async def settled(self, user_id: str) -> int:
        """The number last given to `settle`; 0 before the first."""
        ...

    async def notes(self) -> list[bytes]:
        """The values of all notes that came with events and were not taken back, in no order.

        Kept as long as they are open, whatever `Retention` says of events.
        """
        ...

    async def watch(self, user_id: str) -> None:
        """`deliver` is wanted for this user's events from other processes too."""
        ...

    def unwatch(self, user_id: str) -> None: ...

    async def join(self, server: str) -> None:
        """`server` lives, until `aclose` or until nothing is heard of it for `lease`."""
        ...

    async def gone(self, servers: Collection[str]) -> set[str]:
        """Those that no longer live and will not come back under their name."""
        ...

    async def aclose(self) -> None:
        """Finish what was appended, then let go of the backend. Safe to call twice."""
        ...
