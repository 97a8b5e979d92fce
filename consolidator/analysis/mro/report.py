"""The report of `mro-report`: every class asked for, with its order, methods and errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from consolidator.analysis.mro.bases import Reason
from consolidator.analysis.mro.consumers import Consumers, consumers
from consolidator.analysis.mro.evaluate import Evaluator
from consolidator.analysis.mro.labels import labels
from consolidator.analysis.mro.linear import Certainty, Linear
from consolidator.analysis.mro.members import Members, Method, Shadowed, diamonds
from consolidator.analysis.mro.mentions import unmentioned
from consolidator.analysis.mro.select import candidates, matches
from consolidator.analysis.mro.supers import DeadSuper, dead_supers
from consolidator.analysis.mro.values import ClassRef, Place, Provenance
from consolidator.analysis.mro.world import Library, Target, World
from consolidator.errors import UsageError
from consolidator.tree.facts import ClassFact, Skipped
from consolidator.tree.index import Tree
from consolidator.tree.parse import CPYTHON, LIBCST
from consolidator.tree.stdlib.table import StandardLibrary

GAP = "?"
FEW = 12
"""Selected classes up to which consumers are looked up unasked: it reads every file that names one."""


@dataclass(frozen=True, slots=True)
class ClassReport:
    """One class. `order` holds `?` where a stretch is not known."""

    qualname: str
    path: str
    line: int
    bases: tuple[str, ...]
    order: tuple[str, ...]
    certainty: Certainty
    reasons: tuple[Reason, ...] = ()
    provenance: Mapping[str, Provenance] = field(default_factory=dict)
    methods: Mapping[str, Method] = field(default_factory=dict)
    direct: tuple[str, ...] = ()
    """Resolved bases, `?` for one that is not known."""
    diamonds: tuple[str, ...] = ()
    shadowed: tuple[Shadowed, ...] = ()
    labels: tuple[str, ...] = ()
    dead_supers: tuple[DeadSuper, ...] = ()
    parser: str = ""
    """Which parser read its file, for example `cpython-3.11` or `libcst`."""
    consumers: Consumers | None = None
    """Who uses it from outside; None where that was not asked."""


@dataclass(frozen=True, slots=True)
class MroError:
    qualname: str
    path: str
    line: int
    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class MroReport:
    root: str
    files: int
    skipped: tuple[Skipped, ...]
    python: str
    """The Python version that the answers are for."""
    notes: tuple[str, ...]
    classes: tuple[ClassReport, ...]
    errors: tuple[MroError, ...]


@dataclass(frozen=True, slots=True)
class Selection:
    match: tuple[str, ...] = ()
    """Globs on the qualname; none selects every class."""
    subclasses_of: str = ""
    consumers: bool = False
    """Look up who uses each class even where many were selected."""


class Hierarchy:
    """Orders of the classes of one tree, computed as they are asked for."""

    def __init__(
        self, tree: Tree, library: Library, standard: StandardLibrary, target: Target
    ) -> None:
        self.tree = tree
        self.world = World(tree, library, standard, target)
        self._evaluator = Evaluator(self.world)
        self.classes = self._evaluator.classes
        self.members = Members(self.classes)

    def refs(self, paths: Sequence[str]) -> Iterator[tuple[ClassRef, ClassFact]]:
        """Every class statement of some files, in order."""
        self.tree.prefetch(paths)
        for path in paths:
            facts = self.tree.facts(path)
            for fact in facts.classes if facts else ():
                place = Place(self.world.project, path, fact.scope, fact.line)
                yield self._evaluator.scopes.class_ref(place, fact), fact

    def describe(
        self, ref: ClassRef, fact: ClassFact, *, used: bool = False, mentioned: bool = True
    ) -> ClassReport:
        linear = self.classes.linear(ref)
        methods = self.members.methods(linear)
        return ClassReport(
            qualname=ref.dotted,
            path=ref.path,
            line=ref.line,
            bases=fact.bases,
            order=tuple(entry.dotted if entry else GAP for entry in linear.order),
            certainty=linear.certainty,
            reasons=linear.reasons,
            provenance={entry.dotted: entry.provenance for entry in linear.order if entry},
            methods=methods,
            direct=tuple(base.dotted if base else GAP for base in linear.bases),
            diamonds=tuple(diamonds(linear, self.classes)),
            shadowed=tuple(self.members.shadowed(linear)),
            labels=tuple(labels(ref, fact, linear, self.classes, mentioned=mentioned)),
            dead_supers=tuple(dead_supers(ref, linear, self.members, partial(self._heirs, ref))),
            parser=facts.parser if (facts := self.tree.facts(ref.path)) else "",
            consumers=consumers(ref, methods) if used else None,
        )

    def select(self, selection: Selection) -> list[tuple[ClassRef, ClassFact]]:
        """The classes that were asked for, sorted by qualname and line."""
        if selection.subclasses_of:
            found = self._subclasses(selection.subclasses_of)
        else:
            found = list(self.refs(candidates(self.tree, selection.match)))
        return sorted(
            ((ref, fact) for ref, fact in found if matches(ref.dotted, selection.match)),
            key=lambda pair: (pair[0].dotted, pair[0].path, pair[0].line),
        )

    def _heirs(self, ref: ClassRef) -> Iterator[Linear]:
        for heir, _ in self._subclasses(ref.dotted):
            linear = self.classes.linear(heir)
            if ref in linear.order[1:]:
                yield linear

    def _subclasses(self, dotted: str) -> list[tuple[ClassRef, ClassFact]]:
        """The class and all that inherit from it. Files are found by the bytes of the names that
        are known so far, until no new name turns up."""
        names, looked, known = {dotted.rpartition(".")[2]}, set[str](), dict[ClassRef, ClassFact]()
        found: dict[ClassRef, ClassFact] = {}
        pending = set(names)
        while pending:
            paths = self.tree.containing(*sorted(pending))
            known.update(self.refs([path for path in paths if path not in looked]))
            looked.update(paths)
            pending = set()
            for ref, fact in known.items():
                if ref not in found and self.classes.inherits(ref, dotted):
                    found[ref] = fact
                    pending.add(fact.name)
            pending |= self._aliases(looked, names | pending)
            pending -= names
            names |= pending
        if not found and not self._exists(dotted):
            raise UsageError(f"no class is called {dotted} (expected package.module.Class)")
        return list(found.items())

    def _aliases(self, paths: set[str], names: set[str]) -> set[str]:
        """Other names that imports and assignments give to these."""
        aliases = set()
        for path in paths:
            facts = self.tree.facts(path)
            for imported in facts.imports if facts else ():
                if imported.asname and imported.name in names:
                    aliases.add(imported.asname)
            for bound in facts.bindings if facts else ():
                if bound.form == "name" and bound.value.rpartition(".")[2] in names:
                    aliases.add(bound.name)
        return aliases

    def _exists(self, dotted: str) -> bool:
        return self.world.standard.find(dotted) is not None or bool(
            self.world.space(dotted.partition(".")[0])
        )


def report(hierarchy: Hierarchy, selection: Selection, notes: Sequence[str] = ()) -> MroReport:
    """The orders of the selected classes, and what CPython would refuse among them."""
    classes, errors = [], []
    selected = hierarchy.select(selection)
    used = selection.consumers or len(selected) <= FEW
    silent = unmentioned(hierarchy.tree, {fact.name for _, fact in selected})
    for ref, fact in selected:
        mentioned = fact.name not in silent
        classes.append(hierarchy.describe(ref, fact, used=used, mentioned=mentioned))
        refusal = hierarchy.classes.linear(ref).refusal
        if refusal is not None:
            errors.append(MroError(ref.dotted, ref.path, ref.line, refusal.kind, refusal.message))
    tree, version = hierarchy.tree, hierarchy.world.target.version
    return MroReport(
        root=tree.root,
        files=len(tree.paths),
        skipped=tuple(tree.skipped()),
        python=f"{version[0]}.{version[1]}",
        notes=(*notes, *_newer(tree)),
        classes=tuple(classes),
        errors=tuple(errors),
    )


def _newer(tree: Tree) -> list[str]:
    """A note on the files that CPython here refuses and LibCST reads."""
    paths = tree.read_by(LIBCST)
    if not paths:
        return []
    more = f" and {len(paths) - FEW} more" if len(paths) > FEW else ""
    return [f"read by LibCST, for syntax newer than {CPYTHON}: {', '.join(paths[:FEW])}{more}"]
