"""What really went out over the sockets while the tests ran, and whether it makes sense."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from consolidator.analysis.emissions.report import Problem
from consolidator.errors import Mistake, PlanError

SCHEMA = 1
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
)
"""Keys that name what a frame is, the usual one first."""
_FAILURE = re.compile(r"(^|[_.:])(error|failed|failure|cancelled|canceled|aborted|stopped)$", re.I)
_REQUIRED = {
    "agent_started": ("agent_name",),
    "agent_thinking": ("reasoning",),
    "tool_executing": ("tool_name",),
    "tool_completed": ("tool_name",),
}
"""Fields of `data` that the wire never leaves out; checked on frames that have `data` and `seq`."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One guarded event on one socket. `test` is pytest's node id."""

    test: str
    socket: str
    event: str
    content: Mapping[str, Any]

    @property
    def run(self) -> str:
        return _text(self.content, "run_id", "run")

    @property
    def user(self) -> str:
        return _text(self.content, "user_id", "user")

    @property
    def is_failure(self) -> bool:
        """Whether it ends a run without being one of the guarded events."""
        return bool(_FAILURE.search(self.event))


@dataclass(frozen=True, slots=True)
class Recording:
    """The flow of each test: for each socket the events it was sent, in order."""

    flows: Mapping[str, tuple[tuple[str, ...], ...]]


def read_frames(lines: Iterable[str], events: Sequence[str]) -> list[Frame]:
    """The guarded events among recorded frames, and what ends a run that failed; other frames and
    other JSON are left out."""
    frames: list[Frame] = []
    for line in lines:
        entry = json.loads(line)
        content = _decoded(entry["frame"])
        event = _event_of(content, events)
        if event:
            frames.append(Frame(entry["test"], entry["socket"], event, content))
    return frames


def _decoded(text: str) -> Mapping[str, Any]:
    try:
        content = json.loads(text)
    except ValueError:
        return {}
    if isinstance(content, list) and len(content) > 1 and isinstance(content[1], dict):
        return {**content[1], "type": content[0]}  # `["agent_started", {…}]`
    return content if isinstance(content, dict) else {}


def _event_of(content: Mapping[str, Any], events: Sequence[str]) -> str:
    """A frame's guarded event or failure, whatever the key is called that names it."""
    known = [content[key] for key in _KEYS if isinstance(content.get(key), str)]
    named = [*known, *(value for value in content.values() if isinstance(value, str))]
    failures = (name for name in known if _FAILURE.search(name))
    return next((name for name in named if name in events), "") or next(failures, "")


def _text(content: Mapping[str, Any], *names: str) -> str:
    """The first of some fields that the frame has."""
    found = (_field(content, name) for name in names)
    return next((str(value) for value in found if isinstance(value, str | int)), "")


def _field(content: Mapping[str, Any], name: str) -> Any:
    """A field of the frame, or of its `data` or `payload`."""
    for part in (content, content.get("data"), content.get("payload")):
        if isinstance(part, Mapping) and name in part:
            return part[name]
    return None


def recording_of(frames: Iterable[Frame]) -> Recording:
    """Sockets have no names that last, so a test's sequences are sorted."""
    sequences: dict[str, dict[str, list[str]]] = {}
    for frame in frames:
        if frame.is_failure:
            continue
        sequences.setdefault(frame.test, {}).setdefault(frame.socket, []).append(frame.event)
    return Recording(
        {
            test: tuple(sorted(tuple(sequence) for sequence in sockets.values()))
            for test, sockets in sorted(sequences.items())
        }
    )


def dump(recording: Recording) -> str:
    return json.dumps({"schema": SCHEMA, "flows": recording.flows}, indent=1) + "\n"


def load(text: str, path: str) -> Recording:
    """A recording as `dump` writes it. Raises PlanError where it is none."""
    try:
        data = json.loads(text)
        assert data["schema"] == SCHEMA, f"schema {data['schema']!r}"
        flows = {
            str(test): tuple(tuple(str(event) for event in sequence) for sequence in sequences)
            for test, sequences in data["flows"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError, AssertionError) as error:
        mistake = Mistake(path, 0, "", f"is no recording: {error}", "a file that --record wrote")
        raise PlanError([mistake]) from None
    return Recording(flows)


def differences(before: Recording, after: Recording) -> Iterator[Problem]:
    """Tests whose flow is not what it was. A test that was not run before is no difference."""
    for test, was in before.flows.items():
        now = after.flows.get(test, ())
        if was != now:
            message = f"{test.partition('::')[2]}: {_said(was)} before, {_said(now)} now"
            yield Problem("probe-differs", "", test, *_place(test), message)


def _said(flows: Sequence[Sequence[str]]) -> str:
    return " | ".join(" ".join(flow) for flow in flows) or "no event"


def check_frames(frames: Sequence[Frame], events: Sequence[str]) -> Iterator[Problem]:
    """What is wrong with the events that went out."""
    seen = {frame.event for frame in frames}
    what = (
        ""
        if seen
        else "; no frame of any of these was seen, `--explain probe-missing` says where it looks"
    )
    for event in events:
        if event not in seen:
            message = f"no test saw {event} on a socket{what}"
            yield Problem("probe-missing", event, "", "", 0, message)
    for run in _runs(frames):
        yield from _check_run(run, set(events))
    yield from _check_users(frames)
    yield from _check_fields(frames)


def _runs(frames: Iterable[Frame]) -> Iterator[list[Frame]]:
    """The frames of each run on each socket. Where frames carry no run's id, one begins where the last
    has ended."""
    runs: dict[tuple[str, str, str], list[Frame]] = {}
    for frame in frames:
        key = (frame.test, frame.socket, frame.run)
        known = runs.get(key, [])
        has_ended = bool(known) and (known[-1].event == "agent_completed" or known[-1].is_failure)
        if has_ended and frame.event == "agent_started" and not frame.run:
            yield runs.pop(key)
        runs.setdefault(key, []).append(frame)
    yield from runs.values()


def _check_run(run: Sequence[Frame], events: set[str]) -> Iterator[Problem]:
    """One run on one socket: started first, completed last, tools in pairs."""
    failed = any(frame.is_failure for frame in run)
    run = [frame for frame in run if not frame.is_failure]
    order = [frame.event for frame in run]
    if not order:
        return
    if "agent_started" in order[1:] or ("agent_started" in events and order[0] != "agent_started"):
        yield _problem("probe-order", run[0], f"a run is seen as {' '.join(order)}")
    elif "agent_completed" in order[:-1]:
        yield _problem("probe-order", run[0], f"events follow agent_completed: {' '.join(order)}")
    elif "agent_completed" in events and order[-1] != "agent_completed" and not failed:
        yield _problem("probe-incomplete", run[0], f"a run never ends: {' '.join(order)}")
    opened = 0
    for frame in run:
        opened += (frame.event == "tool_executing") - (frame.event == "tool_completed")
        if opened < 0:
            yield _problem("probe-pairing", frame, "tool_completed without tool_executing")
            return
    if opened and not failed and {"tool_executing", "tool_completed"} <= events:
        yield _problem("probe-pairing", run[0], f"{opened} tool calls are never completed")


def _check_users(frames: Iterable[Frame]) -> Iterator[Problem]:
    owners: dict[tuple[str, str], str] = {}
    for frame in frames:
        key = (frame.test, frame.socket)
        owner = owners.setdefault(key, frame.user)
        if frame.user != owner:
            yield _problem(
                "probe-foreign",
                frame,
                f"a socket of {owner!r} was sent {frame.event} of {frame.user!r}",
            )


def _check_fields(frames: Iterable[Frame]) -> Iterator[Problem]:
    for frame in frames:
        data = frame.content.get("data")
        if "seq" not in frame.content or not isinstance(data, Mapping):
            continue
        missing = [name for name in _REQUIRED.get(frame.event, ()) if data.get(name) is None]
        if missing:
            yield _problem("probe-fields", frame, f"{frame.event} lacks {', '.join(missing)}")


def _problem(rule: str, frame: Frame, message: str) -> Problem:
    where = frame.test.partition("::")[2]
    said = f"{where}: {message}" if where else message
    return Problem(rule, frame.event, frame.test, *_place(frame.test), said)


def _place(test: str) -> tuple[str, int]:
    return test.partition("::")[0], 0
