"""Time as the front end expects it."""

from datetime import datetime, timezone


def timestamp() -> str:
    return datetime.now(timezone.utc).isoformat()
