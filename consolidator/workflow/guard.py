"""Read a tree as a program, follow the critical events through it, compare with the baseline."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from consolidator.analysis.baseline import Baseline, compare
from consolidator.analysis.emissions.check import check_program
from consolidator.analysis.emissions.entries import Entries
from consolidator.analysis.emissions.library import Find, with_libraries
from consolidator.analysis.emissions.product import is_product
from consolidator.analysis.emissions.program import LIBRARY, BodiesReader, Program
from consolidator.analysis.emissions.report import GuardReport, Problem
from consolidator.plan import GuardSettings
from consolidator.tree.index import Tree

EMITTERS = (
    "unified_runtime.UnifiedWebSocketManager",
    "unified_runtime.UnifiedWebSocketEmitter",
    "unified_runtime.AgentWebSocketBridge",
)
"""What events go through where the plan does not say."""

_SETTINGS = (".toml", ".cfg", ".ini", ".sh", ".yml", ".yaml", "Procfile", "Dockerfile", "Makefile")
_TARGET = re.compile(rb"\b([A-Za-z_][\w.]*:[A-Za-z_]\w*)\b")


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
) -> GuardReport:
    """The state of each event in a tree. `bodies` makes the reader of function bodies for a tree;
    `is_file` says whether the baseline is a file that must be kept up to date;
    `probed` are problems that running the tests has shown."""
    emitters = settings.emitters or EMITTERS
    packages = {emitter.partition(".")[0] for emitter in emitters}
    whole = with_libraries(tree, packages, find_package)
    paths = [path for path in whole.paths if path.startswith(LIBRARY) or is_product(path)]
    program = Program(whole, paths, bodies(whole))
    entries = Entries(program, _mentioned(tree), _own_libraries(program, packages))
    events, problems = check_program(program, settings.events, emitters, entries)
    problems += probed
    if baseline is not None:
        found = compare(baseline, baseline_path, events, problems, is_file=is_file)
        problems = [_located(problem, program, baseline_path) for problem in found]
    return GuardReport(
        tree.root,
        len(tree.paths),
        tuple(s for s in whole.skipped() if not s.path.startswith(LIBRARY)),
        events,
        tuple(sorted(problems, key=_order)),
    )


def _located(problem: Problem, program: Program, baseline_path: str) -> Problem:
    """A problem that only the baseline shows, at its function where that still exists."""
    if problem.rule == "baseline-stale" or problem.path != baseline_path or not problem.function:
        return problem
    found = program.resolver.absolute(problem.function).definitions
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
