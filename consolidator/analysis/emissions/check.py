"""The guard's question asked of one program, from its sites to the state of each event."""

from __future__ import annotations

from collections.abc import Sequence

from consolidator.analysis.emissions.calls import CallGraph
from consolidator.analysis.emissions.context import Context
from consolidator.analysis.emissions.entries import Entries
from consolidator.analysis.emissions.flow import Flow
from consolidator.analysis.emissions.liveness import Liveness
from consolidator.analysis.emissions.passed import Passed
from consolidator.analysis.emissions.program import Program
from consolidator.analysis.emissions.report import EventReport, EventStatus, Problem, SiteReport
from consolidator.analysis.emissions.rules import CHECKS
from consolidator.analysis.emissions.sites import Site, Sites
from consolidator.analysis.emissions.values import Inference


def check_program(
    program: Program, events: Sequence[str], emitters: Sequence[str], entries: Entries
) -> tuple[tuple[EventReport, ...], list[Problem]]:
    """State of each event and the problems, without a baseline."""
    inference = Inference(program)
    graph = CallGraph(inference, Passed(CallGraph(inference)))
    liveness = Liveness(graph, entries)
    finder = Sites(events, graph, liveness, Flow(graph, liveness))
    sites = tuple(finder.find())
    reports = tuple(_report(event, [s for s in sites if s.event == event]) for event in events)
    context = Context(program, graph, liveness, finder, sites, reports, tuple(emitters))
    return reports, [problem for module in CHECKS for problem in module.check(context)]


def _report(event: str, sites: list[Site]) -> EventReport:
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
    return EventReport(event, found, _status(found))


def _status(sites: Sequence[SiteReport]) -> EventStatus:
    certainties = {site.reachable for site in sites}
    if "true" in certainties:
        return "ok"
    return "weakened" if "unknown" in certainties else "lost"
