"""Run the project's tests with a recorder on the sockets, and judge what went out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from consolidator.analysis.emissions.report import Problem
from consolidator.analysis.probe.check import check_seen
from consolidator.analysis.probe.frames import Seen, read_frames
from consolidator.analysis.probe.recording import Recording, differences, recording_of
from consolidator.errors import ToolError
from consolidator.model import Finished

Recorder = Callable[[], tuple[Finished, Iterable[str]]]
"""Runs the tests; how they ended, and the recorded lines."""

_NO_TESTS = 5  # pytest's exit code where it collected none


@dataclass(frozen=True, slots=True)
class Probe:
    seen: Seen
    recording: Recording
    problems: tuple[Problem, ...]


def probe(record: Recorder, events: Sequence[str], before: Recording | None) -> Probe:
    """What the tests saw. Raises ToolError where they could not be run at all."""
    finished, lines = record()
    if finished.code in (124, 127):
        raise ToolError(f"the test command did not run: {finished.errors.strip()}")
    seen = read_frames(lines, events)
    recording = recording_of(seen.frames)
    problems = [*_of_command(finished), *check_seen(seen, events)]
    if before is not None:
        problems += differences(before, recording, seen.lines)
    return Probe(seen, recording, tuple(problems))


def _of_command(finished: Finished) -> Iterable[Problem]:
    if finished.code:
        lines = finished.output.strip().splitlines()
        what = "collected no test" if finished.code == _NO_TESTS else f"failed ({finished.code})"
        last = f": {lines[-1]}" if lines else ""
        yield Problem("probe-tests", "", "", "", 0, f"the test command {what}{last}")
