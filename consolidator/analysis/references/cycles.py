"""Edits that would close an import cycle, made late instead, where the file can do without at the top."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from codemods.deferral import defer_imports
from codemods.outcome import Changed, Failed
from consolidator.analysis.changes import FileChange
from consolidator.analysis.import_health import ImportCycle, imports_of, new_cycles
from consolidator.analysis.references.readers import find_reader, local_name
from consolidator.tree.facts import ImportFact
from consolidator.tree.index import Tree
from consolidator.tree.source import SourceText


@dataclass(frozen=True, slots=True)
class StuckCycle:
    """A cycle that an edit would close, and why the import that closes it can't be made late."""

    cycle: ImportCycle
    name: str
    """What is imported, dotted."""
    line: int
    why: str

    def __str__(self) -> str:
        return f"{self.cycle} ({self.cycle.paths[0]}:{self.line}: {self.why})"


def without_cycles(
    tree: Tree, after: Tree, changes: tuple[FileChange, ...], moves: Mapping[str, str]
) -> tuple[tuple[FileChange, ...], list[StuckCycle]]:
    """The changes with every import that would close a new cycle made late, and the cycles for which
    that can't be done. `after` is the tree with the changes applied."""
    edited = [c.path for c in changes if c.path.endswith(".py") and c.after is not None]
    after.prefetch(edited)
    closing: dict[str, list[ImportCycle]] = defaultdict(list)
    for cycle in new_cycles(tree, after, edited, moves):
        closing[cycle.paths[0]].append(cycle)
    made = {change.path: change for change in changes}
    stuck: list[StuckCycle] = []
    for path, cycles in sorted(closing.items()):
        late = _late(after, made[path], cycles)
        if isinstance(late, FileChange):
            made[path] = late
        else:
            stuck += late
    return tuple(made[change.path] for change in changes), stuck


def _late(
    after: Tree, change: FileChange, cycles: Iterable[ImportCycle]
) -> FileChange | list[StuckCycle]:
    by_target = {cycle.paths[1]: cycle for cycle in cycles}
    closing: dict[str, tuple[ImportFact, ImportCycle]] = {}
    for fact, found in imports_of(after, change.path):
        if found in by_target:
            closing[_dotted(after, change.path, fact)] = fact, by_target[found]
    made = _deferred(after, change, {name: fact for name, (fact, _) in closing.items()})
    if isinstance(made, FileChange):
        return made
    each = {name: _deferred(after, change, {name: fact}) for name, (fact, _) in closing.items()}
    failed = {name: why for name, why in each.items() if isinstance(why, Failed)}
    return [
        StuckCycle(closing[name][1], name, why.line, why.reason)
        for name, why in (failed or dict.fromkeys(closing, made)).items()
    ]


def _deferred(
    after: Tree, change: FileChange, closing: Mapping[str, ImportFact]
) -> FileChange | Failed:
    """The change with some imports, by what they import, made late."""
    path, first = change.path, min(fact.line for fact in closing.values())
    for fact in closing.values():
        if reader := find_reader(after, path, local_name(fact)):
            return Failed(fact.line, f"{reader} reads {local_name(fact)} from this module")
    source = after.source(path)
    if not isinstance(source, SourceText):
        return Failed(source.line, source.reason)
    module, is_package = after.module(path), after.is_package(path)
    outcome = defer_imports(source.text, closing.keys(), module, is_package=is_package)
    if isinstance(outcome, Changed):
        kinds = {**change.kinds, **outcome.kinds}
        return replace(change, after=source.encode(outcome.text), kinds=kinds)
    return outcome if isinstance(outcome, Failed) else Failed(first, "it can't be made late")


def _dotted(tree: Tree, path: str, fact: ImportFact) -> str:
    source = tree.absolute(path, fact.level, fact.module)
    return f"{source}.{fact.name}" if fact.name else str(source)
