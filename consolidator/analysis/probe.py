"""What really went out over the sockets while the tests ran, and whether it makes sense."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from consolidator.analysis.emissions.report import Problem
from consolidator.errors import Mistake, PlanError

SCHEMA = 1
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
        return str(_field(self.content, "run_id") or "")

    @property
    def user(self) -> str:
        return str(_field(self.content, "user_id") or "")


@dataclass(frozen=True, slots=True)
class Recording:
    """The flow of each test: for each socket the events it was sent, in order."""

    flows: Mapping[str, tuple[tuple[str, ...], ...]]


def read_frames(lines: Iterable[str], events: Sequence[str]) -> list[Frame]:
    """The guarded events among recorded frames; other frames and other JSON are left out."""
    frames: list[Frame] = []
    for line in lines:
        entry = json.loads(line)
        content = _decoded(entry["frame"])
        event = content.get("type") or content.get("event")
        if isinstance(event, str) and event in events:
            frames.append(Frame(entry["test"], entry["socket"], event, content))
    return frames


def _decoded(text: str) -> Mapping[str, Any]:
    try:
        content = json.loads(text)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


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
            yield Problem(
                "probe-differs", "", test, *_place(test), f"{_said(was)} before, {_said(now)} now"
            )


def _said(flows: Sequence[Sequence[str]]) -> str:
    return " | ".join(" ".join(flow) for flow in flows) or "no event"


def check_frames(frames: Sequence[Frame], events: Sequence[str]) -> Iterator[Problem]:
    """What is wrong with the events that went out."""
    seen = {frame.event for frame in frames}
    for event in events:
        if event not in seen:
            yield Problem("probe-missing", event, "", "", 0, f"no test saw {event} on a socket")
    runs: dict[tuple[str, str, str], list[Frame]] = {}
    for frame in frames:
        runs.setdefault((frame.test, frame.socket, frame.run), []).append(frame)
    for run in runs.values():
        yield from _check_run(run, set(events))
    yield from _check_users(frames)
    yield from _check_fields(frames)


def _check_run(run: Sequence[Frame], events: set[str]) -> Iterator[Problem]:
    """One run on one socket: started first, completed last, tools in pairs."""
    order = [frame.event for frame in run]
    if "agent_started" in order[1:] or ("agent_started" in events and order[0] != "agent_started"):
        yield _problem("probe-order", run[0], f"a run is seen as {' '.join(order)}")
    elif "agent_completed" in order[:-1]:
        yield _problem("probe-order", run[0], f"events follow agent_completed: {' '.join(order)}")
    elif "agent_completed" in events and order[-1] != "agent_completed":
        yield _problem("probe-incomplete", run[0], f"a run never ends: {' '.join(order)}")
    opened = 0
    for frame in run:
        opened += (frame.event == "tool_executing") - (frame.event == "tool_completed")
        if opened < 0:
            yield _problem("probe-pairing", frame, "tool_completed without tool_executing")
            return
    if opened and {"tool_executing", "tool_completed"} <= events:
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
    return Problem(rule, frame.event, frame.test, *_place(frame.test), message)


def _place(test: str) -> tuple[str, int]:
    return test.partition("::")[0], 0
