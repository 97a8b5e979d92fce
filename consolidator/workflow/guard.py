"""Read a tree as a program, follow the critical events through it, compare with the baseline."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Protocol

from consolidator.analysis.baseline import Baseline, compare
from consolidator.analysis.emissions.callers.entries import Entries
from consolidator.analysis.emissions.check import check_program
from consolidator.analysis.emissions.program.function import LIBRARY
from consolidator.analysis.emissions.program.library import Find, with_libraries
from consolidator.analysis.emissions.program.product import is_product
from consolidator.analysis.emissions.program.program import BodiesReader, Program
from consolidator.analysis.emissions.report import Answer, GuardReport, Problem
from consolidator.analysis.emissions.rules.deaf_client import SCRIPTS
from consolidator.analysis.emissions.steps.steps import Steps
from consolidator.analysis.kept import Trace, lost_traces
from consolidator.plan import GuardSettings
from consolidator.tree.collector import without_collector
from consolidator.tree.index import Tree
from consolidator.tree.names import Resolver

EMITTERS = (
    "unified_runtime.UnifiedWebSocketManager",
    "unified_runtime.UnifiedWebSocketEmitter",
    "unified_runtime.AgentWebSocketBridge",
)
"""What events go through where the plan does not say."""

_SETTINGS = (".toml", ".cfg", ".ini", ".sh", ".yml", ".yaml", "Procfile", "Dockerfile", "Makefile")
_TARGET = re.compile(rb"\b([A-Za-z_][\w.]*:[A-Za-z_]\w*)\b")


class Answers(Protocol):
    """Answers that are known already, by everything that they depend on."""

    def get(self, question: bytes) -> Answer | None: ...

    def put(self, question: bytes, answer: Answer) -> None: ...


@without_collector()
def guard(
    tree: Tree,
    settings: GuardSettings,
    *,
    find_package: Find,
    bodies: Callable[[Tree], BodiesReader],
    baseline: Baseline | None,
    baseline_path: str,
    is_file: bool = True,
    probed: Iterable[Problem] = (),
    kept: Sequence[Trace] = (),
    moved: Sequence[str] = (),
    answers: Answers | None = None,
) -> GuardReport:
    """The state of each event in a tree. `bodies` makes the reader of function bodies for a tree;
    `is_file` says whether the baseline is a file that must be kept up to date;
    `probed` are problems that running the tests has shown, `kept` what the fixes brought that the
    plan keeps, `moved` the names that it moves away."""
    emitters = settings.emitters or EMITTERS
    packages = {emitter.partition(".")[0] for emitter in emitters}
    whole = with_libraries(tree, packages, find_package)
    before = baseline.steps if baseline is not None else ()
    question = _question(whole, settings.events, emitters, before) if answers else b""
    answer = answers.get(question) if answers else None
    if answer is None:
        answer = _answer(_program(whole, bodies), settings.events, emitters, packages, before)
        if answers:
            answers.put(question, answer)
    problems = [
        *answer.problems,
        *(_at_a_site(problem, answer) for problem in probed),
        *lost_traces(kept, tree, moved),
    ]
    if baseline is not None:
        found = compare(baseline, baseline_path, answer.events, problems, is_file=is_file)
        resolver = Resolver(whole)
        problems = [_located(problem, resolver, baseline_path) for problem in found]
    return GuardReport(
        tree.root,
        len(tree.paths),
        answer.skipped,
        answer.events,
        tuple(sorted(problems, key=_order)),
        answer.steps,
    )


def _program(whole: Tree, bodies: Callable[[Tree], BodiesReader]) -> Program:
    paths = [path for path in whole.paths if path.startswith(LIBRARY) or is_product(path)]
    return Program(whole, paths, bodies(whole))


def _answer(
    program: Program,
    events: Sequence[str],
    emitters: Sequence[str],
    packages: Iterable[str],
    before: Sequence[Steps],
) -> Answer:
    entries = Entries(program, _mentioned(program.tree), _own_libraries(program, packages))
    return check_program(program, events, emitters, entries, before)


def _question(
    tree: Tree, events: Sequence[str], emitters: Sequence[str], before: Sequence[Steps]
) -> bytes:
    """A hash of everything that the answer depends on: names and contents of the files that are
    looked at, where modules are found, events, emitters and the steps to compare with."""
    layout = (tree.layout.roots, sorted(tree.layout.packages), tree.layout.above)
    digest = blake2b(repr((layout, tuple(events), tuple(emitters), tuple(before))).encode())
    for path in tree.all_paths:
        digest.update(b"\0" + path.encode("utf-8", "surrogateescape") + b"\0")
        if path.endswith((".py", *SCRIPTS, *_SETTINGS)):
            try:
                digest.update(blake2b(tree.read(path)).digest())
            except OSError as error:
                digest.update(str(error).encode())
    return digest.digest()


def _at_a_site(problem: Problem, answer: Answer) -> Problem:
    """An event that no test saw has no place of its own: where the tree builds it, if it does."""
    if problem.path or not problem.event:
        return problem
    sites = (
        site for event in answer.events if event.event == problem.event for site in event.sites
    )
    site = min(
        sites, key=lambda site: (site.reachable == "false", site.path, site.line), default=None
    )
    return replace(problem, path=site.path, line=site.line) if site else problem


def _located(problem: Problem, resolver: Resolver, baseline_path: str) -> Problem:
    """A problem that only the baseline shows, at its function where that still exists."""
    if problem.rule == "baseline-stale" or problem.path != baseline_path or not problem.function:
        return problem
    found = resolver.absolute(problem.function).definitions
    return replace(problem, path=found[0].path, line=found[0].line) if found else problem


def _own_libraries(program: Program, packages: Iterable[str]) -> set[str]:
    """Packages of ROOT that define the emitters for others: nothing else in ROOT imports them."""
    own = {package for package in packages if program.tree.is_first_party(package)}
    used = {
        fact.module.partition(".")[0]
        for path in program.paths
        if (facts := program.tree.facts(path)) is not None
        for fact in facts.imports
        if not fact.level and program.tree.module(path).partition(".")[0] not in own
    }
    return own - used


def _order(problem: Problem) -> tuple[str, int, str, str, str]:
    return (problem.path, problem.line, problem.rule, problem.event, problem.function)


def _mentioned(tree: Tree) -> Iterator[str]:
    """`module:function` names in settings, scripts and container files."""
    for path in tree.all_paths:
        if path.endswith(_SETTINGS):
            try:
                data = tree.read(path)
            except OSError:
                continue
            yield from (found.decode() for found in _TARGET.findall(data))
