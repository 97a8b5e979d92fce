"""The guard's baseline: what was there when it was written, keyed by what it is, never by lines.

It holds the findings that are frozen, by event, function and rule; the emissions that must not get
fewer or weaker, by event and function; and the steps of the functions on the events' ways.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from consolidator.analysis.emissions.report import EventReport, GuardReport, Problem, SiteReport
from consolidator.analysis.emissions.steps.acts import Act
from consolidator.analysis.emissions.steps.steps import Steps
from consolidator.errors import Mistake, PlanError

BASELINE_NAME = ".consolidator-baseline.json"
SCHEMA = 1

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Emission:
    """How often a function builds an event, and in how many of these places it surely gets out."""

    event: str
    function: str
    sites: int
    reaching: int


@dataclass(frozen=True, slots=True)
class Baseline:
    emissions: tuple[Emission, ...] = ()
    findings: tuple[Key, ...] = ()
    steps: tuple[Steps, ...] = ()


def baseline_of(report: GuardReport) -> Baseline:
    """The baseline that makes the present state the accepted one."""
    emissions = [
        Emission(event.event, function, *counts)
        for event in report.events
        for function, counts in sorted(_counts(event.sites).items())
        if counts[0]
    ]
    keys = sorted({p.key for p in report.findings if _is_frozen(p)})
    return Baseline(tuple(emissions), tuple(keys), report.steps)


def _is_frozen(problem: Problem) -> bool:
    return problem.rule not in _ABOUT_THE_BASELINE and problem.severity != "note"


_ABOUT_THE_BASELINE = frozenset({"baseline-stale", "emission-gone", "way-broken"})


def _counts(sites: Iterable[SiteReport]) -> dict[str, tuple[int, int]]:
    """By function: the sites that may reach a transport, and those that surely do."""
    alive: Counter[str] = Counter()
    sure: Counter[str] = Counter()
    for site in sites:
        alive[site.function] += site.reachable != "false"
        sure[site.function] += site.reachable == "true"
    return {function: (alive[function], sure[function]) for function in alive}


def dump(baseline: Baseline) -> str:
    """JSON text, one entry a line, so that changes read well in a diff."""
    emissions = [
        {"event": e.event, "function": e.function, "sites": e.sites, "reaching": e.reaching}
        for e in baseline.emissions
    ]
    findings = [{"event": e, "function": f, "rule": r} for e, f, r in baseline.findings]
    steps = [_written(steps) for steps in baseline.steps]
    parts = [
        f'  "schema": {SCHEMA}',
        _listed("emissions", emissions),
        _listed("findings", findings),
        _listed("steps", steps),
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _written(steps: Steps) -> dict[str, Any]:
    row: dict[str, Any] = {"function": steps.function, "does": steps.does}
    if steps.acts:
        acts = msgspec.to_builtins(steps.acts)
        row |= {"takes": steps.takes, "has": steps.has, "acts": acts}
    return row


def _read(row: dict[str, Any]) -> Steps:
    fields = {name: tuple(map(str, row.get(name, ()))) for name in ("does", "takes", "has")}
    acts = msgspec.convert(row.get("acts", ()), tuple[Act, ...])
    return Steps(str(row["function"]), acts=acts, **fields)


def _listed(name: str, entries: list[dict[str, Any]]) -> str:
    if not entries:
        return f'  "{name}": []'
    lines = ",\n".join(f"    {json.dumps(entry, ensure_ascii=False)}" for entry in entries)
    return f'  "{name}": [\n{lines}\n  ]'


def load(text: str, path: str) -> Baseline:
    """The baseline in a text. Raises `PlanError` with what is wrong and what was expected."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise _refused(
            path, error.lineno, "", error.msg, "JSON, as --update-baseline writes it"
        ) from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise _refused(path, 0, "schema", "is missing or of another version", f"{SCHEMA}")
    try:
        emissions = tuple(
            Emission(str(e["event"]), str(e["function"]), int(e["sites"]), int(e["reaching"]))
            for e in data["emissions"]
        )
        findings = tuple(
            (str(f["event"]), str(f["function"]), str(f["rule"])) for f in data["findings"]
        )
        steps = tuple(map(_read, data.get("steps", ())))
    except (KeyError, TypeError, ValueError, msgspec.ValidationError) as error:
        raise _refused(
            path,
            0,
            "",
            f"an entry can't be read: {error!r}",
            "entries as --update-baseline writes them",
        ) from None
    return Baseline(emissions, findings, steps)


def _refused(path: str, line: int, key: str, problem: str, expected: str) -> PlanError:
    return PlanError([Mistake(path, line, key, problem, expected)])


def compare(
    baseline: Baseline,
    path: str,
    events: Iterable[EventReport],
    problems: Iterable[Problem],
    *,
    is_file: bool = True,
) -> list[Problem]:
    """The problems, the frozen ones marked, with those that only the baseline shows.

    A frozen finding that is gone is only wrong in a file that somebody has to keep up to date.
    """
    found = list(problems)
    frozen = set(baseline.findings)
    marked = [replace(p, baseline=p.key in frozen) for p in found]
    gone = sorted(frozen - {p.key for p in found}) if is_file else []
    stale = [
        Problem(
            "baseline-stale",
            event,
            function,
            path,
            0,
            f"{rule} of {_subject(event, function)} is fixed: remove it with --update-baseline",
        )
        for event, function, rule in gone
    ]
    return [*marked, *_losses(baseline, path, events), *stale]


def _subject(event: str, function: str) -> str:
    return f"{event} in {function}" if event and function else event or function or "the project"


def _losses(baseline: Baseline, path: str, events: Iterable[EventReport]) -> list[Problem]:
    """Emissions that got fewer or weaker, unless an equal one moved elsewhere under its own name."""
    problems: list[Problem] = []
    by_event = {report.event: _counts(report.sites) for report in events}
    places = {(report.event, site.function): site for report in events for site in report.sites}
    for event in sorted({emission.event for emission in baseline.emissions} & set(by_event)):
        now = dict(by_event[event])
        expected = {e.function: e for e in baseline.emissions if e.event == event}
        spare = {f: counts for f, counts in now.items() if f not in expected}
        for function, emission in sorted(expected.items()):
            counts = now.get(function, (0, 0))
            moved = None if counts[0] else _moved_to(function, emission, spare)
            if moved is not None:
                spare.pop(moved)
                continue
            if counts[0] < emission.sites or counts[1] < emission.reaching:
                site = places.get((event, function))
                problems.append(_loss(emission, counts, site, path))
    return problems


def _moved_to(function: str, emission: Emission, spare: dict[str, tuple[int, int]]) -> str | None:
    name = function.rpartition(".")[2]
    for other, (alive, sure) in sorted(spare.items()):
        if (
            other.rpartition(".")[2] == name
            and alive >= emission.sites
            and sure >= emission.reaching
        ):
            return other
    return None


def _loss(
    emission: Emission, counts: tuple[int, int], site: SiteReport | None, path: str
) -> Problem:
    if counts[0] < emission.sites:
        left = f"{counts[0]} of {emission.sites} left" if counts[0] else "none left"
        message = f"{emission.function} no longer sends {emission.event} ({left})"
    else:
        message = f"whether {emission.function} still sends {emission.event} is no longer certain"
    if site is not None and site.reachable != "true":
        message += f": {site.why}"
    return Problem(
        "emission-gone",
        emission.event,
        emission.function,
        site.path if site else path,
        site.line if site else 0,
        message,
    )
