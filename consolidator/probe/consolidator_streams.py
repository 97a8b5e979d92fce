"""Events in the bodies of HTTP answers: server-sent events and lines of JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

EVENTS = "text/event-stream"
LINES = (
    "application/x-ndjson",
    "application/jsonl",
    "application/json-lines",
    "application/stream+json",
)


class Stream:
    """One body, fed in parts of any size."""

    def __init__(self, content_type: str) -> None:
        kind = content_type.partition(";")[0].strip().lower()
        self._separator = "\n\n" if kind == EVENTS else "\n" if kind in LINES else ""
        self._rest = ""

    def __bool__(self) -> bool:
        return bool(self._separator)

    def feed(self, part: Any) -> Iterator[Any]:
        """The events that are whole with this part."""
        if not self:
            return
        text = part if isinstance(part, str) else bytes(part).decode("utf-8", "replace")
        *whole, self._rest = (self._rest + text).replace("\r\n", "\n").split(self._separator)
        for block in whole:
            event = _event(block) if self._separator == "\n\n" else block.strip()
            if event:
                yield event


def _event(block: str) -> Any:
    """One server-sent event as `[name, data]`, or its data alone where it has no name."""
    fields: dict[str, list[str]] = {}
    for line in block.split("\n"):
        name, colon, value = line.partition(":")
        if name and colon:
            fields.setdefault(name, []).append(value[1:] if value.startswith(" ") else value)
    data = "\n".join(fields.get("data", ()))
    if "event" not in fields:
        return data
    try:
        content = json.loads(data)
    except ValueError:
        content = data
    return [fields["event"][-1], content if isinstance(content, dict) else {"data": content}]
