"""The flow of each test as a file: the before of a migration, to hold the after against."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from consolidator.analysis.emissions.report import Problem
from consolidator.analysis.probe.frames import Frame
from consolidator.errors import Mistake, PlanError

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Recording:
    """The flow of each test: for each run on each socket its events, in order."""

    flows: Mapping[str, tuple[tuple[str, ...], ...]]


def recording_of(frames: Iterable[Frame]) -> Recording:
    """Sockets and runs have no names that last, so a test's sequences are sorted."""
    sequences: dict[str, dict[tuple[str, str], list[str]]] = {}
    for frame in frames:
        if not frame.is_failure:
            of_test = sequences.setdefault(frame.test, {})
            of_test.setdefault((frame.socket, frame.run), []).append(frame.event)
    return Recording(
        {
            test: tuple(sorted(tuple(sequence) for sequence in of_test.values()))
            for test, of_test in sorted(sequences.items())
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


def differences(before: Recording, after: Recording, lines: Mapping[str, int]) -> Iterator[Problem]:
    """Tests whose flow is not what it was. A test that was not run before is no difference."""
    for test, was in before.flows.items():
        now = after.flows.get(test, ())
        if was != now:
            message = f"{test.partition('::')[2]}: {_said(was)} before, {_said(now)} now"
            path = test.partition("::")[0]
            yield Problem("probe-differs", "", test, path, lines.get(test, 0), message)


def _said(flows: Sequence[Sequence[str]]) -> str:
    return " | ".join(" ".join(flow) for flow in flows) or "no event"
