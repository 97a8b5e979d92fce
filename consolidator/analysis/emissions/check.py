"""The guard's question asked of one program, from its sites to the state of each event."""

from __future__ import annotations

from collections.abc import Sequence

from consolidator.analysis.emissions.callers.calls import CallGraph
from consolidator.analysis.emissions.callers.entries import Entries
from consolidator.analysis.emissions.callers.liveness import Liveness
from consolidator.analysis.emissions.callers.passed import Passed
from consolidator.analysis.emissions.context import Context
from consolidator.analysis.emissions.flow.flow import Flow
from consolidator.analysis.emissions.named import Named
from consolidator.analysis.emissions.program.function import LIBRARY
from consolidator.analysis.emissions.program.program import Program
from consolidator.analysis.emissions.report import Answer, EventReport, EventStatus, SiteReport
from consolidator.analysis.emissions.rules import CHECKS, way_broken
from consolidator.analysis.emissions.sites import Site, Sites
from consolidator.analysis.emissions.spelling import Spelling
from consolidator.analysis.emissions.steps.step_changes import StepChanges
from consolidator.analysis.emissions.steps.steps import StepReader, Steps
from consolidator.analysis.emissions.steps.ways import Ways
from consolidator.analysis.emissions.values.values import Inference


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
    spelling = Spelling(events, inference)
    finder = Sites(spelling, graph, liveness, Flow(graph, liveness))
    sites = tuple(finder.find())
    names = (*events, *spelling.aliases)
    reader = StepReader(inference, liveness, names, spelling.constant_names)
    places = Named(spelling, finder, reader)
    reports = tuple(
        _report(event, [s for s in sites if s.event == event], places) for event in events
    )
    context = Context(program, graph, liveness, finder, sites, reports, tuple(emitters))
    problems = [problem for module in CHECKS for problem in module.check(context)]
    problems += way_broken.problems(StepChanges(before, reader).find())
    skipped = tuple(s for s in program.tree.skipped() if not s.path.startswith(LIBRARY))
    return Answer(reports, tuple(problems), skipped, Ways(reader).find())


def _report(event: str, sites: list[Site], places: Named) -> EventReport:
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
        found = tuple(places.of(event))
    return EventReport(event, found, _status(found))


def _status(sites: Sequence[SiteReport]) -> EventStatus:
    certainties = {site.reachable for site in sites}
    if "true" in certainties:
        return "ok"
    return "weakened" if "unknown" in certainties else "lost"
