"""What is wrong with the events that went out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from consolidator.analysis.emissions.report import Problem
from consolidator.analysis.probe.frames import Frame, Seen, field_of, parts
from consolidator.wording import counted

_STARTED, _COMPLETED = "agent_started", "agent_completed"
_REQUIRED = {
    "agent_started": ("agent_name",),
    "agent_thinking": ("reasoning",),
    "tool_executing": ("tool_name",),
    "tool_completed": ("tool_name",),
}
"""Fields of `data` that the wire never leaves out; checked on frames that have `data` and `seq`."""
_SHOWN = 3
"""Functions on the way of a frame that a finding names, from the send outwards."""
TRANSPORTS = (
    "any ASGI application (WebSocket, server-sent events, lines of JSON)",
    "server-sent events of WSGI applications, aiohttp and Tornado",
    "websockets",
    "wsproto",
    "aiohttp",
    "Tornado",
    "Socket.IO and Engine.IO",
    "Flask-Sock",
    "gevent-websocket",
    "eventlet",
    "Autobahn",
    "Redis and NATS publish",
)
"""Where the recorder looks, in the tests' process and in Python processes below it."""


def check_seen(seen: Seen, events: Sequence[str]) -> Iterator[Problem]:
    """What the tests showed. Where the recorder saw nothing that it can read, that is said and nothing
    is called lost."""
    if not any(frame.event in events for frame in seen.frames) and (
        not seen.sent or seen.unreadable
    ):
        yield _unseen(seen)
        return
    by_event = {frame.event for frame in seen.frames}
    for event in events:
        if event not in by_event:
            message = f"no test saw {event} on a socket"
            if not seen.frames:
                message += f"; {counted(seen.sent, 'frame')} of other kinds were sent"
            yield Problem("probe-missing", event, "", "", 0, message)
    yield from _check_runs(seen, set(events))
    yield from _check_users(seen)
    yield from _check_fields(seen)


def _unseen(seen: Seen) -> Problem:
    ran = counted(len(seen.lines), "test") if seen.lines else "the command"
    what = (
        f"{seen.unreadable} of {counted(seen.sent, 'frame')} can't be read (JSON and MessagePack can), "
        "and no other names an event"
        if seen.sent
        else f"no frame was seen on any known transport; known are {', '.join(TRANSPORTS)}"
    )
    message = f"{ran} ran, and whether the events went out is not known: {what}"
    return Problem("probe-unseen", "", "", "", 0, message, "note")


def _check_runs(seen: Seen, events: set[str]) -> Iterator[Problem]:
    whole: dict[tuple[str, str], list[list[str]]] = {}
    broken: list[tuple[list[Frame], list[Problem]]] = []
    for run in _runs(seen.frames, events):
        problems = list(_check_run(seen, run, events))
        if problems:
            broken.append((run, problems))
        elif run[0].run:
            whole.setdefault((run[0].test, run[0].run), []).append([f.event for f in run])
    joined = _joined(run for run, _ in broken)
    for run, problems in broken:
        key = (run[0].test, run[0].run)
        order = [frame.event for frame in run]
        if any(_is_part(order, other) for other in whole.get(key, ())):
            continue  # this socket came late or left early, another one saw the whole run
        if key in joined and not list(_check_run(seen, joined[key], events)):
            continue
        yield from problems


def _joined(runs: Iterable[list[Frame]]) -> dict[tuple[str, str], list[Frame]]:
    """Runs that one socket began and the next one, opened after it, went on with."""
    found: dict[tuple[str, str], list[Frame]] = {}
    for run in runs:
        if run[0].run:
            found.setdefault((run[0].test, run[0].run), []).extend(run)
    return found


def _is_part(some: Sequence[str], whole: Iterable[str]) -> bool:
    rest = iter(whole)
    return all(event in rest for event in some)


def _runs(frames: Iterable[Frame], events: set[str]) -> Iterator[list[Frame]]:
    """The frames of each run on each socket. Where frames carry no run's id, one begins where the last
    has ended; where that makes no sense of them, a field that does is taken for the id."""
    sockets: dict[tuple[str, str, str], list[Frame]] = {}
    for frame in frames:
        sockets.setdefault((frame.test, frame.socket, frame.run), []).append(frame)
    for (_, _, run_id), all_frames in sockets.items():
        if run_id or _is_whole([frame.event for frame in all_frames], events):
            yield all_frames
        else:
            yield from _parted(all_frames, events)


def _parted(frames: Sequence[Frame], events: set[str]) -> list[list[Frame]]:
    for name in _shared_fields(frames):
        groups: dict[Any, list[Frame]] = {}
        for frame in frames:
            groups.setdefault(field_of(frame.content, name), []).append(frame)
        if all(_is_whole([frame.event for frame in group], events) for group in groups.values()):
            return list(groups.values())
    runs: list[list[Frame]] = []
    for frame in frames:
        has_ended = not runs or runs[-1][-1].event == _COMPLETED or runs[-1][-1].is_failure
        if not runs or (has_ended and frame.event == _STARTED):
            runs.append([])
        runs[-1].append(frame)
    return runs


def _shared_fields(frames: Sequence[Frame]) -> list[str]:
    """Fields with a plain value in every frame."""
    names = {
        name
        for part in parts(frames[0].content)
        for name, value in part.items()
        if isinstance(value, str | int)
    }
    return sorted(
        name
        for name in names
        if all(isinstance(field_of(frame.content, name), str | int) for frame in frames)
    )


def _is_whole(order: Sequence[str], events: set[str]) -> bool:
    """Whether this is one run from start to end, or a run with others inside it."""
    if not {_STARTED, _COMPLETED} <= events:
        return True
    return bool(order) and not _disorder(order) and order[-1] == _COMPLETED


def _disorder(order: Sequence[str]) -> str:
    """What is wrong with the place of start and end. A run may hold others, one after the other or
    one within the other, as agents hand on to agents."""
    if order[0] != _STARTED:
        return f"a run is seen as {' '.join(order)}"
    depth = 0
    for event in order:
        if event == _STARTED:
            depth += 1
        elif not depth:
            return f"events follow {_COMPLETED}: {' '.join(order)}"
        elif event == _COMPLETED:
            depth -= 1
    return ""


def _check_run(seen: Seen, run: Sequence[Frame], events: set[str]) -> Iterator[Problem]:
    """One run on one socket: started first, completed last, tools in pairs. What has neither start nor
    end is no run: a test of a part of the program."""
    failed = any(frame.is_failure for frame in run)
    run = [frame for frame in run if not frame.is_failure]
    order = [frame.event for frame in run]
    if not order:
        return
    if {_STARTED, _COMPLETED} <= events and {_STARTED, _COMPLETED} & set(order):
        wrong = _disorder(order)
        if wrong:
            yield _problem(seen, "probe-order", _out_of_place(run), wrong)
        elif order.count(_STARTED) > order.count(_COMPLETED) and not failed:
            yield _problem(
                seen, "probe-incomplete", run[-1], f"a run never ends: {' '.join(order)}"
            )
    opened = 0
    for frame in run:
        opened += (frame.event == "tool_executing") - (frame.event == "tool_completed")
        if opened < 0:
            yield _problem(seen, "probe-pairing", frame, "tool_completed without tool_executing")
            return
    if opened and not failed and {"tool_executing", "tool_completed"} <= events:
        last = next(frame for frame in reversed(run) if frame.event == "tool_executing")
        yield _problem(seen, "probe-pairing", last, f"{opened} tool calls are never completed")


def _out_of_place(run: Sequence[Frame]) -> Frame:
    """The first frame that stands where it can't."""
    if run[0].event != _STARTED:
        return run[0]
    after = (later for one, later in pairwise(run) if one.event == _COMPLETED)
    return next((frame for frame in after if frame.event != _STARTED), run[-1])


def _check_users(seen: Seen) -> Iterator[Problem]:
    owners: dict[tuple[str, str], str] = {}
    for frame in seen.frames:
        if not frame.user:
            continue
        owner = owners.setdefault((frame.test, frame.socket), frame.user)
        if frame.user != owner:
            message = f"a socket of {owner!r} was sent {frame.event} of {frame.user!r}"
            yield _problem(seen, "probe-foreign", frame, message)


def _check_fields(seen: Seen) -> Iterator[Problem]:
    for frame in seen.frames:
        data = frame.content.get("data")
        if "seq" not in frame.content or not isinstance(data, Mapping):
            continue
        missing = [name for name in _REQUIRED.get(frame.event, ()) if data.get(name) is None]
        if missing:
            message = f"{frame.event} lacks {', '.join(missing)}"
            yield _problem(seen, "probe-fields", frame, message)


def _problem(seen: Seen, rule: str, frame: Frame, message: str) -> Problem:
    """A finding at the test, with the place in the project that sent the frame."""
    path, _, name = frame.test.partition("::")
    said = f"{name}: {message}" if name else message
    way = [step for step in frame.way if step.path != path][:_SHOWN]
    if way:
        steps = ", called by ".join(f"{step.name} ({step.path}:{step.line})" for step in way)
        said += f"; {frame.event} was sent by {steps}"
    return Problem(rule, frame.event, frame.test, path, seen.lines.get(frame.test, 0), said)
