"""Rings the bell of one user: `python scripts/bell.py ada`."""

import asyncio
import sys

try:
    from chat_backend.core.connection_manager import get_connection_manager
except ImportError:
    get_connection_manager = None


def ring(manager, user_id):
    """The manager is whatever the caller has."""
    return manager.send_personal({"type": "bell", "data": {}}, user_id)


if __name__ == "__main__":
    asyncio.run(ring(get_connection_manager(), sys.argv[1]))
