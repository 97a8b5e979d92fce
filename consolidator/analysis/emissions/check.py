"""The guard's question asked of one program, from its sites to the state of each event."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from consolidator.analysis.emissions.calls import CallGraph
from consolidator.analysis.emissions.code import Group
from consolidator.analysis.emissions.context import Context
from consolidator.analysis.emissions.entries import Entries
from consolidator.analysis.emissions.flow import Flow
from consolidator.analysis.emissions.liveness import Liveness
from consolidator.analysis.emissions.passed import Passed
from consolidator.analysis.emissions.program import LIBRARY, Program
from consolidator.analysis.emissions.report import Answer, EventReport, EventStatus, SiteReport
from consolidator.analysis.emissions.rules import CHECKS, way_broken
from consolidator.analysis.emissions.sites import Site, Sites
from consolidator.analysis.emissions.step_changes import StepChanges
from consolidator.analysis.emissions.steps import StepReader, Steps
from consolidator.analysis.emissions.values import Inference
from consolidator.analysis.emissions.ways import Ways


def check_program(
    program: Program,
    events: Sequence[str],
    emitters: Sequence[str],
    entries: Entries,
    before: Sequence[Steps] = (),
) -> Answer:
    """State of each event, the problems, and what is no longer done of what was done before."""
    inference = Inference(program)
    graph = CallGraph(inference, Passed(CallGraph(inference)))
    liveness = Liveness(graph, entries)
    finder = Sites(events, graph, liveness, Flow(graph, liveness))
    sites = tuple(finder.find())
    names = (*events, *finder.aliases)
    reader = StepReader(inference, liveness, names, finder.constant_names)
    reports = tuple(
        _report(event, [s for s in sites if s.event == event], finder, reader) for event in events
    )
    context = Context(program, graph, liveness, finder, sites, reports, tuple(emitters))
    problems = [problem for module in CHECKS for problem in module.check(context)]
    problems += way_broken.problems(StepChanges(before, reader).find())
    skipped = tuple(s for s in program.tree.skipped() if not s.path.startswith(LIBRARY))
    return Answer(reports, tuple(problems), skipped, Ways(reader).find())


def _report(event: str, sites: list[Site], finder: Sites, reader: StepReader) -> EventReport:
    found = tuple(
        SiteReport(
            site.function.path,
            site.line,
            site.form,
            site.function.dotted,
            site.verdict.certainty,
            site.verdict.why,
        )
        for site in sites
    )
    if not found:
        found = tuple(_named(event, finder, reader))
    return EventReport(event, found, _status(found))


def _named(event: str, finder: Sites, reader: StepReader) -> Iterator[SiteReport]:
    """Tables that have the event's name for something, where nothing that is understood sends it."""
    for function in reader.own:
        if not reader.liveness.of(function) or not any(
            step.startswith(f"say {event}") for step in reader.of(function)
        ):
            continue
        for assigned in function.body.assignments:
            table = assigned.value
            if isinstance(table, Group) and table.keys and finder.names_event(table, event):
                why = "a table has its name; what is done with that is not understood"
                path, line, where = function.path, assigned.line, function.dotted
                yield SiteReport(path, line, "table", where, "unknown", why)


def _status(sites: Sequence[SiteReport]) -> EventStatus:
    certainties = {site.reachable for site in sites}
    if "true" in certainties:
        return "ok"
    return "weakened" if "unknown" in certainties else "lost"
