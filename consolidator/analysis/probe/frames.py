"""The guarded events in what the recorder wrote."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

_KEYS = (
    "type",
    "event",
    "kind",
    "event_type",
    "name",
    "message_type",
    "event_name",
    "topic",
    "action",
    "method",
    "target",
)
"""Keys that name what a frame is, the usual one first."""
_FAILURE = re.compile(r"(^|[_.:])(error|failed|failure|cancelled|canceled|aborted|stopped)$", re.I)
_ENGINE_IO = re.compile(r"\d+(?:-|/[^,]*,)?\d*[\[{]")
_DEEPEST = 4
"""Objects within objects in which an event's name is looked for."""


@dataclass(frozen=True, slots=True)
class Step:
    """A function of the project on the way to a send, and the line that it had come to."""

    path: str
    line: int
    name: str


@dataclass(frozen=True, slots=True)
class Frame:
    """One guarded event on one socket. `test` is pytest's node id."""

    test: str
    socket: str
    event: str
    content: Mapping[str, Any]
    way: tuple[Step, ...] = ()
    """The functions that led to the send, the last one first."""

    @property
    def run(self) -> str:
        return _text(self.content, "run_id", "run", "runId")

    @property
    def user(self) -> str:
        return _text(self.content, "user_id", "user", "userId")

    @property
    def is_failure(self) -> bool:
        """Whether it ends a run without being one of the guarded events."""
        return bool(_FAILURE.search(self.event))


@dataclass(frozen=True, slots=True)
class Seen:
    """What the recorder saw. `frames` are the guarded events and what ends a run that failed."""

    frames: tuple[Frame, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict[str, int])
    """The tests that ran, by pytest's node id, and the line of each."""
    sent: int = 0
    """How many frames of any kind were sent."""
    unreadable: int = 0
    """How many of them are neither JSON nor MessagePack nor name an event in their text."""


def read_frames(lines: Iterable[str], events: Sequence[str]) -> Seen:
    """What recorded lines say. What went to a broker counts only where no client was sent anything: where
    a gateway ran in the tests, what counts is what it put on sockets."""
    frames: dict[bool, list[Frame]] = {False: [], True: []}
    tests: dict[str, int] = {}
    sent = unreadable = to_clients = 0
    for line in lines:
        entry = json.loads(line)
        if "socket" not in entry:
            tests[entry["test"]] = entry["line"]
            continue
        sent += 1
        to_clients += not entry.get("broker", False)
        contents = list(_contents(entry, events))
        unreadable += not contents
        for content in contents:
            event = _event_of(content, events)
            if event:
                way = tuple(Step(*step) for step in entry.get("way", ()))
                frame = Frame(entry["test"], entry["socket"], event, content, way)
                frames[entry.get("broker", False)].append(frame)
    return Seen(tuple(frames[not to_clients]), tests, sent, unreadable)


def _contents(entry: Mapping[str, Any], events: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """The messages in a frame, several where it is a batch; none where it can't be read."""
    try:
        if "bytes" in entry:
            packed = base64.b64decode(entry["bytes"])
            content = msgspec.msgpack.decode(packed, type=dict[str, Any] | list[Any])
        else:
            content = json.loads(entry["frame"])
    except (ValueError, RecursionError, msgspec.DecodeError):
        yield from _of_text(entry.get("frame", ""), events)
        return
    if isinstance(content, list) and content and all(isinstance(part, dict) for part in content):
        yield from content
    else:
        yield _message(content)


def _message(content: Any) -> Mapping[str, Any]:
    """`["agent_started", {…}]` is an event with its name beside its data."""
    if isinstance(content, list):
        data = next((part for part in content if isinstance(part, dict)), {})
        names = [part for part in content if isinstance(part, str)]
        return {**data, **{f"name {number}": name for number, name in enumerate(names)}}
    return content if isinstance(content, dict) else {"name": content}


def _of_text(text: str, events: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """A line of text that names one event; what Engine.IO sends is recorded before it becomes text."""
    if _ENGINE_IO.match(text) or text.isdigit():
        yield {}
        return
    named = [event for event in events if re.search(rf"(?<!\w){re.escape(event)}(?!\w)", text)]
    if len(named) == 1:
        yield {"name": named[0], "text": text}


def _event_of(content: Mapping[str, Any], events: Sequence[str]) -> str:
    """A frame's guarded event or failure, whatever the key is called that names it."""
    known = [content[key] for key in _KEYS if isinstance(content.get(key), str)]
    named = [*known, *_names(content, _DEEPEST)]
    failures = (name for name in known if _FAILURE.search(name))
    return next((name for name in named if name in events), "") or next(failures, "")


def _names(content: Mapping[str, Any], depth: int) -> Iterator[str]:
    """What may name an event: values of a frame, then keys that hold an object, then what lies deeper."""
    yield from (value for value in content.values() if isinstance(value, str))
    inner = {key: value for key, value in content.items() if isinstance(value, Mapping)}
    yield from inner
    for part in inner.values() if depth else ():
        yield from _names(part, depth - 1)


def _text(content: Mapping[str, Any], *names: str) -> str:
    """The first of some fields that the frame has."""
    found = (field_of(content, name) for name in names)
    return next((str(value) for value in found if isinstance(value, str | int)), "")


def field_of(content: Mapping[str, Any], name: str) -> Any:
    """A field of the frame, or of its `data` or `payload`."""
    for part in parts(content):
        if name in part:
            return part[name]
    return None


def parts(content: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The frame, and its `data` and `payload` where these are objects."""
    for part in (content, content.get("data"), content.get("payload")):
        if isinstance(part, Mapping):
            yield part
