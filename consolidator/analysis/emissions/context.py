"""What a rule of the guard can look at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from consolidator.analysis.emissions.callers.calls import CallGraph
from consolidator.analysis.emissions.callers.liveness import Liveness
from consolidator.analysis.emissions.program.function import LIBRARY, Function
from consolidator.analysis.emissions.program.program import Program
from consolidator.analysis.emissions.report import EventReport
from consolidator.analysis.emissions.sites import Site, Sites
from consolidator.tree.names import Definition


@dataclass(frozen=True)
class Context:
    """One program, the sites found in it, and the emitters that events have to go through."""

    program: Program
    graph: CallGraph
    liveness: Liveness
    finder: Sites
    sites: tuple[Site, ...]
    reports: tuple[EventReport, ...]
    emitters: tuple[str, ...]

    @cached_property
    def emitter_classes(self) -> frozenset[Definition]:
        """The configured emitters that the program has, in ROOT or installed."""
        found = (self.program.resolver.absolute(name).exact for name in self.emitters)
        return frozenset(d for d in found if d is not None and d.kind == "class")

    @cached_property
    def is_consolidated(self) -> bool:
        """Whether the program uses the emitters at all. Before it does, other ways are no deviation."""
        tree = self.program.tree
        packages = {definition.module.partition(".")[0] for definition in self.emitter_classes}
        return any(
            tree.is_first_party(d.module) and not d.path.startswith(LIBRARY)
            for d in self.emitter_classes
        ) or any(
            fact.module.partition(".")[0] in packages
            for path in self.program.paths
            if not path.startswith(LIBRARY) and (facts := tree.facts(path))
            for fact in facts.imports
        )

    @cached_property
    def own_functions(self) -> tuple[Function, ...]:
        """Every function outside installed packages."""
        return tuple(
            function
            for path in self.program.paths
            for function in self.program.functions(path)
            if not function.is_library
        )

    @cached_property
    def sites_by_function(self) -> dict[Function, list[Site]]:
        found: dict[Function, list[Site]] = {}
        for site in self.sites:
            found.setdefault(site.function, []).append(site)
        return found
