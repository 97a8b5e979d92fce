"""Every bound of the runtime in one place."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in seconds, sizes in bytes; all above zero, but `resume_wait` and `drain_timeout` may be 0."""

    event_bytes: int = 1024 * 1024
    """An event whose frame could be longer, whatever its number, is refused at `emit`. 1 MiB is what
    `websockets` takes by default."""

    frame_bytes: int = 16 * 1024
    """A client's frame; the wire's own are under 1 KiB, a token may be longer."""

    frames_per_second: int = 50
    """What one client may send on average; twice as many at once."""

    frames_per_second_per_user: int = 500
    """What all clients of one user may send together on average; twice as many at once."""

    connects_per_second_per_address: float | None = None
    """Connections that one address may open on average, twice as many at once; None for no bound,
    as behind a proxy all clients have one address."""

    outbox_events: int = 1024
    """Newest events held per connected user, shared by all its connections; older ones are read
    from the journal."""

    outbox_bytes: int = 1024 * 1024

    write_events: int = 256
    """Events handed to a connection in one go."""

    write_bytes: int = 128 * 1024
    """Bytes handed to a connection in one go; the write of so many must end in `write_timeout`."""

    write_timeout: float = 10.0
    """A client that takes nothing for this long is closed with SLOW_CONSUMER."""

    resume_wait: float = 0.25
    """How long `ready` waits for a first frame when the URL has no position, and the events behind
    `ready` once more: some clients send their `resume` at once, others when they are told `ready`."""

    authentication_timeout: float = 10.0
    idle_timeout: float | None = None
    """Close every client that sent nothing for this long; only if all of them send `ping`."""

    heartbeat_timeout: float = 150.0
    """Close a client that has sent `ping` more than once and then nothing for this long: its
    connection is half-open. The clients here send one every 20 s, but a browser lets a hidden page do
    so only once a minute; others are left to the pings of
    the server below, and to `write_timeout` as soon as there is something to write."""

    emitters: int = 10_000
    """Runs that may hold an emitter of the pool at once; further ones wait."""

    connections_per_user: int = 1000
    connections_per_address: int = 10_000
    drain_timeout: float = 5.0
    """How long `aclose` waits until every connection has been written what is journaled."""

    backlog_events: int = 10_000
    """Events from other threads that wait for the loop; `emit_threadsafe` blocks beyond it."""

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if value is None and each.default is None:
                continue
            least_allowed = each.name in ("resume_wait", "drain_timeout") and value == 0
            if not isinstance(value, int | float) or not (value > 0 or least_allowed):
                raise ValueError(f"Limits.{each.name} must be above zero, not {value!r}")
