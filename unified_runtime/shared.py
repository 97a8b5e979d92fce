"""The manager of this process, for code that has nobody to be given one by."""

import threading

from unified_runtime.manager import UnifiedWebSocketManager

_lock = threading.Lock()
_manager: UnifiedWebSocketManager | None = None


def get_manager() -> UnifiedWebSocketManager:
    """The manager of this process, made on the first call with a MemoryJournal.

    May be called before any loop runs and from any thread; it starts when first awaited. A
    finished loop does not spoil it (see UnifiedWebSocketManager). After its `aclose`, or in a
    forked child, the next call makes a new one.
    """
    global _manager  # noqa: PLW0603 - the process-wide instance is the purpose
    with _lock:
        if _manager is None or _manager.closed or _manager.forked:
            _manager = UnifiedWebSocketManager()
        return _manager


def set_manager(manager: UnifiedWebSocketManager) -> None:
    """Make `manager` what `get_manager` returns, for a durable journal or other limits."""
    global _manager  # noqa: PLW0603 - see get_manager
    with _lock:
        _manager = manager
