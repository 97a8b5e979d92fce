"""Every error the runtime raises at its callers; each type says whose fault it is."""


class UnifiedRuntimeError(Exception):
    """Base of all errors below. Catch it to let an agent go on without its browser."""


class EventError(UnifiedRuntimeError, ValueError):
    """The caller's event is wrong: nothing of it was journaled or sent."""


class PayloadError(EventError):
    """`data` is not what the event type requires, or holds a value that JSON cannot carry."""

    def __init__(self, event_type: str, problem: str) -> None:
        super().__init__(f"{event_type}: {problem}")
        self.event_type = event_type
        self.problem = problem


class EventTooLargeError(EventError):
    """The encoded event is over `Limits.event_bytes`."""

    def __init__(self, event_type: str, size: int, limit: int) -> None:
        super().__init__(f"{event_type}: {size} bytes encoded, the limit is {limit}")
        self.event_type = event_type
        self.size = size
        self.limit = limit


class NotCriticalError(EventError):
    """`emit_critical_event` was given a type that is not one of CRITICAL_EVENTS."""

    def __init__(self, event_type: str, critical: tuple[str, ...]) -> None:
        super().__init__(f"{event_type!r} is not a critical event; those are {', '.join(critical)}")
        self.event_type = event_type


class JournalError(UnifiedRuntimeError):
    """The journal could not take or give events. An emit that raises it acknowledged nothing."""


class JournalInUseError(JournalError):
    """Another process or object already has this journal open for writing."""


class ManagerStateError(UnifiedRuntimeError):
    """The manager cannot be used here: it is closed, or belongs to another loop or process."""


class ManagerClosedError(ManagerStateError):
    """`aclose` has begun; no further event is accepted."""


class WrongLoopError(ManagerStateError):
    """Awaited from a second running event loop; `emit_threadsafe` is the way from there."""


class ForkedError(ManagerStateError):
    """Used in a forked child; sockets and journals belong to the parent. Make a manager here."""


class WouldDeadlockError(UnifiedRuntimeError):
    """`.result()` was called on the loop's own thread, which alone could finish the future."""


class ConnectionRefusedByLimitError(UnifiedRuntimeError):
    """`connect_user` would exceed the connections that one user or one address may hold."""


class SocketInUseError(UnifiedRuntimeError):
    """`connect_user` was given a websocket that another user's events are sent to."""


class RunStateError(UnifiedRuntimeError):
    """A run's events were asked for in an order that no run can have."""


class NotWiredError(UnifiedRuntimeError):
    """A component was used before its manager or bridge was given to it."""


class ProtocolError(UnifiedRuntimeError):
    """The peer sent what the wire does not allow; `code` is the close code that answers it."""

    def __init__(self, code: int, problem: str) -> None:
        super().__init__(problem)
        self.code = code
        self.problem = problem
