"""Every call of the plan's legacy names over a tree, adapted or listed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from codemods.calls import adapt_calls
from codemods.outcome import Changed, Failed, Omission
from codemods.positions import Positions
from consolidator.analysis.calls.earlier import Earlier
from consolidator.analysis.calls.mistakes import call_mistakes
from consolidator.analysis.calls.overrides import overrides
from consolidator.analysis.calls.passing import Passed, joined, kept_in, passed_in
from consolidator.analysis.calls.reach import Reach
from consolidator.analysis.calls.sites import Sites
from consolidator.analysis.calls.stand_ins import named_doubles
from consolidator.analysis.calls.subjects import Subjects
from consolidator.analysis.calls.unknown import (
    UnknownReceivers,
    changed_methods,
    distinctive_names,
)
from consolidator.analysis.changes import FileChange, Rewriting
from consolidator.analysis.flow.file_flow import FileFlow
from consolidator.analysis.flow.inference import Flow
from consolidator.analysis.flow.world import Library, World, no_library
from consolidator.errors import PlanError, ToolError
from consolidator.plan import Plan
from consolidator.tree.collector import without_collector
from consolidator.tree.index import Tree
from consolidator.tree.source import SourceText

_ROUNDS = 4
"""How many functions an object is followed through that pass it on to one another untyped."""


@without_collector()
def plan_calls(
    tree: Tree,
    plan: Plan,
    again: Rewriting | None = None,
    *,
    library: Library = no_library,
    last_migration: Iterable[FileChange] = (),
) -> Rewriting:
    """What adapting every call of the plan would write, and what it would leave. Nothing is written.
    Where the tree is what a run made of it, and this is to look `again`, only its files are looked at.

    Raises `PlanError` where the plan's renames and forms can't be meant. `last_migration` tells what the names of its files meant before it, as long as the files are still
    what it made of them.
    """
    only = None if again is None else frozenset(change.path for change in again.changes)
    search = _Search(tree, plan, Earlier(tree, plan, last_migration), library)
    findings: dict[str, _InFile] = {}
    for path in sorted(search.reach.files(only)):
        if (found := search.file(path)) is not None:
            findings[path] = found
    for _ in range(_ROUNDS):
        paths = search.learn(joined([found.passed for found in findings.values()]))
        for path in sorted(paths if only is None else paths & only):
            if (found := search.file(path)) is not None:
                findings[path] = found
        if not paths:
            break
    kept = search.keeping()
    for path in sorted(kept if only is None else kept & only):
        if (found := search.file(path)) is not None:
            findings[path] = found
    changes = [found.change for found in findings.values() if found.change is not None]
    omissions = {o for found in findings.values() for o in found.omissions}
    omissions.update(named_doubles(search.subjects, search.changed))
    changes.sort(key=lambda change: change.path)
    return Rewriting(tuple(changes), tuple(sorted(omissions)))


@dataclass(frozen=True)
class _InFile:
    change: FileChange | None
    omissions: list[Omission]
    passed: Passed


@dataclass
class _Search:
    """Looks at one file after the other, with what is known about the whole tree."""

    tree: Tree
    plan: Plan
    earlier: Earlier
    library: Library
    passed: Passed = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.world = World(self.earlier.tree, self.library)
        self.subjects = Subjects(self.world, self.plan)
        if mistakes := call_mistakes(self.subjects, self.plan):
            raise PlanError(mistakes)
        self.changed = changed_methods(self.subjects)
        self.distinctive = distinctive_names(self.subjects, self.changed)
        self.reach = Reach(self.subjects, self.distinctive)
        self.flow = Flow(self.world, self.reach.makes)

    def learn(self, passed: Passed) -> set[str]:
        """Take in what calls pass to parameters; the files of functions of which more is known now."""
        fresh = {key for key, values in passed.items() if values != self.passed.get(key)}
        self.passed = passed
        self.flow = Flow(self.world, self.reach.makes, passed)
        functions = (self.world.function_of(name) for name, _ in fresh)
        return {function.path for function in functions if function is not None}

    def keeping(self) -> frozenset[str]:
        """Files that take an object from an attribute in which a method keeps what it was passed."""
        attributes = kept_in(self.subjects, self.passed)
        return self.reach.keeping(attributes, self.changed.keys()) if attributes else frozenset()

    def file(self, path: str) -> _InFile | None:
        omissions = list(overrides(self.subjects, path))
        receiving = frozenset(name for name, _ in self.passed)
        if not receiving and not self.reach.concerns(path):
            return _InFile(None, omissions, {})
        known = self.flow.file(path, self.reach.matters(path, receiving))
        if known is None:
            return _InFile(None, omissions, {})
        change, left = self._adapted(self.earlier.as_now(known))
        return _InFile(change, omissions + left, passed_in(self.subjects, known))

    def _adapted(self, known: FileFlow) -> tuple[FileChange | None, list[Omission]]:
        path = known.path
        source = self.tree.source(path)
        if not isinstance(source, SourceText):
            return None, []
        unknown = UnknownReceivers(
            self.subjects, self.distinctive, self.changed, path in self.reach.naming
        )
        sites = Sites(self.subjects, known, Positions(source.text), unknown).collect()
        if not sites.changes:
            return None, sites.omissions
        outcome = adapt_calls(source.text, sites.changes)
        if isinstance(outcome, Failed):
            raise ToolError(f"{path}:{outcome.line}: {outcome.reason}; nothing was written")
        if not isinstance(outcome, Changed):
            return None, sites.omissions
        before = self.tree.read(path)
        return FileChange(path, before, source.encode(outcome.text), outcome.kinds), sites.omissions
