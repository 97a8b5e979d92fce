"""What a person is shown of a tool's parameters and result: JSON-safe and of bounded size."""

from typing import Any

from unified_runtime.errors import PayloadError
from unified_runtime.protocol.frames import encode_data

MAX_BYTES = 16 * 1024
"""Of one result in an event; a chat shows a few hundred bytes of it."""

_PREVIEW = 2_000


def presentable(value: Any, limit: int = MAX_BYTES) -> Any:
    """The value itself if JSON can carry it within `limit` bytes, else a stated stand-in.

    Too long: `{"truncated": true, "bytes": …, "preview": …}`, or for a string its beginning in
    that form. No JSON form: `{"unserializable": "<type>"}`; never the `str` of it, which says
    nothing and may hold secrets.
    """
    try:
        encoded = encode_data("value", {"": value})
    except PayloadError:
        return {"unserializable": type(value).__qualname__}
    if len(encoded) <= limit:
        return value
    text = value if isinstance(value, str) else encoded[4:-1].decode()
    return {"truncated": True, "bytes": len(encoded), "preview": text[:_PREVIEW]}
