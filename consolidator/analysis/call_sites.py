"""Every call of the plan's legacy names over a tree, adapted or listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial

from codemods.calls import adapt_calls
from codemods.outcome import Changed, Failed, Omission
from codemods.positions import Positions
from consolidator.analysis.calls.earlier import Earlier
from consolidator.analysis.calls.reach import Reach, touches
from consolidator.analysis.calls.sites import Sites
from consolidator.analysis.calls.subjects import Subjects
from consolidator.analysis.changes import FileChange, Rewriting
from consolidator.analysis.flow.collector import without_collector
from consolidator.analysis.flow.inference import FileFlow, Flow
from consolidator.analysis.flow.world import Class, Library, World, no_library
from consolidator.errors import ToolError
from consolidator.plan import Plan
from consolidator.tree.index import Tree
from consolidator.tree.source import SourceText

_SHORT = 6
"""Method names up to this length are too common to say anything about an unknown receiver."""


@without_collector()
def plan_calls(
    tree: Tree,
    plan: Plan,
    only: frozenset[str] | None = None,
    *,
    library: Library = no_library,
    last_migration: Iterable[FileChange] = (),
) -> Rewriting:
    """What adapting every call of the plan would write, and what it would leave. Nothing is written.
    `only` narrows it to these files.

    `last_migration` tells what the names of its files meant before it, as long as the files are still
    what it made of them.
    """
    earlier = Earlier(tree, plan, last_migration)
    world = World(earlier.tree, library)
    subjects = Subjects(world, plan)
    reach = Reach(subjects)
    flow = Flow(world, reach.makes)
    distinctive = distinctive_names(subjects)
    changes: list[FileChange] = []
    omissions: list[Omission] = []
    unknown = world.tree.containing(*sorted(distinctive)) if distinctive else []
    found = {*reach.files, *unknown}
    for path in sorted(found if only is None else found & only):
        omissions += overrides(subjects, path)
        known = flow.file(path, partial(touches, reach.lines(path)))
        if known is None:
            continue
        change, left = _file(tree, subjects, earlier.as_now(known), distinctive)
        omissions += left
        if change is not None:
            changes.append(change)
    return Rewriting(tuple(changes), tuple(sorted(set(omissions))))


def _file(
    tree: Tree, subjects: Subjects, known: FileFlow, distinctive: frozenset[str]
) -> tuple[FileChange | None, list[Omission]]:
    path = known.path
    source = tree.source(path)
    if not isinstance(source, SourceText):
        return None, []
    sites = Sites(subjects, known, Positions(source.text), distinctive).collect()
    if not sites.changes:
        return None, sites.omissions
    outcome = adapt_calls(source.text, sites.changes)
    if isinstance(outcome, Failed):
        raise ToolError(f"{path}:{outcome.line}: {outcome.reason}; nothing was written")
    if not isinstance(outcome, Changed):
        return None, sites.omissions
    before = tree.read(path)
    after = source.encode(outcome.text)
    return FileChange(path, before, after, outcome.kinds), sites.omissions


def distinctive_names(subjects: Subjects) -> frozenset[str]:
    """Methods that only legacy classes define, that their target lacks, long enough to mean them."""
    legacy: set[str] = set()
    owners = {s.legacy.dotted for s in subjects.all if s.legacy is not None}
    for subject in subjects.all:
        if not isinstance(subject.legacy, Class):
            continue
        for name, member in subjects.members.of(subject.legacy).items():
            renamed = name in subject.move.methods or name in subject.move.calls
            if member.kind == "method" and (renamed or subject.target_member(name) is None):
                legacy.add(name)
    legacy = {name for name in legacy if len(name) > _SHORT and not name.startswith("_")}
    elsewhere: Counter[str] = Counter()
    tree = subjects.world.tree
    for path in tree.containing(*(f"def {name}" for name in sorted(legacy))) if legacy else ():
        facts, module = tree.facts(path), tree.module(path)
        for function in facts.functions if facts else ():
            owner = f"{module}.{function.scope}" if module else function.scope
            if function.name in legacy and owner not in owners:
                elsewhere[function.name] += 1
    return frozenset(legacy - elsewhere.keys())


def overrides(subjects: Subjects, path: str) -> Iterator[Omission]:
    """Methods of subclasses that replace a legacy method: under its new base nothing calls them."""
    facts = subjects.world.tree.facts(path)
    moving = {s.legacy for s in subjects.all}
    for fact in facts.classes if facts else ():
        scope = fact.scope
        resolution = subjects.world.resolver.expression(path, fact.name, scope)
        cls = subjects.world.definition(subjects.world.project, resolution)
        if not isinstance(cls, Class) or cls in moving:
            continue
        yield from _overrides(subjects, cls)


def _overrides(subjects: Subjects, cls: Class) -> Iterator[Omission]:
    above = list(subjects.world.lineage(cls))[1:]
    for subject in subjects.all:
        if subject.legacy not in above and subject.target not in above:
            continue
        for name, function in cls.functions.items():
            move = subject.move
            changed = name in move.methods or name in move.calls
            gone = subject.legacy_member(name) and not subject.target_member(name)
            if name.startswith("__") or not (changed or gone):
                continue
            why = f"{cls.fact.name} overrides {move.source}.{name}, which {move.target} never calls"
            fact = function.fact
            yield Omission(cls.path, fact.line, fact.column, f"def {name}", "override", why)
