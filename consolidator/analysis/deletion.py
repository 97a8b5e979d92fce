"""Legacy definitions that nothing refers to any more, and the files that they leave empty."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from posixpath import dirname

from codemods.moves import MoveTable, resolve_chains
from codemods.outcome import Changed, Failed, Omission
from codemods.positions import Positions
from codemods.removal import read_by, remove_definitions, remove_star_imports
from codemods.walk import analyse
from consolidator.analysis.changes import FileChange, Rewriting
from consolidator.analysis.leftovers import has_neighbours, is_empty, names_taken, reexports
from consolidator.analysis.overlay import overlaid
from consolidator.analysis.references.cycles import without_cycles
from consolidator.analysis.references.find import Reference, find_references
from consolidator.analysis.references.patches import lost, replacements
from consolidator.analysis.references.readers import readers
from consolidator.analysis.references.rewrite import rebound
from consolidator.analysis.references.routes import Routes
from consolidator.errors import ToolError
from consolidator.plan import Move, Plan
from consolidator.tree.index import Tree
from consolidator.tree.names import Resolver
from consolidator.tree.source import SourceText

HARMLESS = frozenset({"comment", "docstring", "effect", "group", "message", "prose"})
"""Kinds of references that nothing follows at run time; they never block a deletion."""
TEXT = frozenset({"text", "file"})
"""Names in longer strings and in files of other kinds: help texts and pages, or code that somebody runs.
They block unless told otherwise."""

_STAR = "import *"

Objections = Callable[[Move], Iterable[str]]
"""Why a legacy name must not go yet, besides references: fixes that nobody has decided on."""


def no_objections(move: Move) -> Iterable[str]:  # noqa: ARG001
    """Nothing but references blocks a deletion."""
    return ()


def plan_delete(
    tree: Tree,
    plan: Plan,
    objections: Objections = no_objections,
    *,
    harmless: frozenset[str] = HARMLESS,
) -> Rewriting:
    """What deleting the plan's legacy names would write.

    References block, except those of a kind that is `harmless`, and circles that an import in the place of
    a name would close; what blocks is listed as omissions.
    """
    circles: dict[str, Omission] = {}
    while True:
        rewriting = _plan(tree, plan, objections, harmless, circles)
        closed = dict(_circles(tree, plan, rewriting.changes))
        if closed.keys() <= circles.keys():
            return rewriting
        circles |= closed


def _plan(
    tree: Tree,
    plan: Plan,
    objections: Objections,
    harmless: frozenset[str],
    circles: Mapping[str, Omission],
) -> Rewriting:
    judge = partial(_judge, plan, objections, harmless, circles)
    deletion = _Deletion(tree, plan, harmless)
    listed: list[Omission] = []
    verdicts = first = judge(tree, plan.moves)
    while free := [verdict for verdict in verdicts if verdict.is_free]:
        deletion.remove_names(verdict.move for verdict in free)
        deletion.remove_leftovers()
        listed += [omission for verdict in free for omission in verdict.omissions]
        held = [verdict.move for verdict in verdicts if not verdict.is_free]
        verdicts = judge(deletion.now(), held) if held else []
    held = [verdict.move for verdict in verdicts]
    listed += [o for verdict in first if verdict.move in held for o in verdict.omissions]
    listed += [*deletion.kept_files(), *deletion.replaced_names()]
    return Rewriting(tuple(deletion.changes()), tuple(sorted(set(listed))))


def _circles(
    tree: Tree, plan: Plan, changes: tuple[FileChange, ...]
) -> Iterator[tuple[str, Omission]]:
    """Legacy names whose module would import what takes their place, and so close a circle."""
    moves = resolve_chains({move.source: move.target for move in plan.moves})
    _, stuck = without_cycles(tree, overlaid(tree, changes), changes, moves)
    closing = {(found.cycle.paths[0], found.name): found for found in stuck}
    for move in plan.moves if closing else ():
        path, name = _place(tree, move.source) or ("", "")
        if found := closing.get((path, move.target)):
            line = Resolver(tree).bindings(path, name)[0].line if name else 1
            why = f"{move.target} in its place closes a circle: {found.cycle} ({found.why})"
            yield move.source, Omission(path, line, 0, move.source, "circle", why)


@dataclass(frozen=True, slots=True)
class _Verdict:
    """Whether a legacy name may go, with what blocks it, or what is to be told although it may."""

    move: Move
    is_free: bool
    omissions: tuple[Omission, ...]


def _judge(
    plan: Plan,
    objections: Objections,
    harmless: frozenset[str],
    circles: Mapping[str, Omission],
    tree: Tree,
    moves: Iterable[Move],
) -> list[_Verdict]:
    """One verdict for each move whose legacy name the tree still has."""
    standing = [move for move in moves if _place(tree, move.source) is not None]
    renamed = {m.source for m in standing if _last(m.source) != _last(m.target)}
    references = find_references(tree, [move.source for move in standing], renamed)
    routes = Routes(tree, Resolver(tree), plan.moves)
    verdicts: list[_Verdict] = []
    for move in standing:
        to_name = [reference for reference in references if reference.source == move.source]
        patches = [r for r in to_name if r.kind == "patch" and _is_kept(routes, move)]
        unrelated = {r: why for r in to_name if (why := _unrelated(plan, r))}
        others = [r for r in to_name if r not in patches and r not in unrelated]
        blocks = tuple(_blocks(tree, move, others, objections, harmless, circles))
        told = tuple(_omission(patch, _patched(move.source)) for patch in patches)
        told += tuple(_omission(reference, why) for reference, why in unrelated.items())
        verdicts.append(_Verdict(move, not blocks, blocks or told))
    return verdicts


def _last(dotted: str) -> str:
    return dotted.rpartition(".")[2]


def _place(tree: Tree, dotted: str) -> tuple[str, str] | None:
    """File and name of a module-level definition (an empty name for a module); None if it is gone."""
    if (path := tree.find(dotted)) is not None:
        return path, ""
    module, _, name = dotted.rpartition(".")
    path = tree.find(module) if module else None
    if path is None or not Resolver(tree).bindings(path, name):
        return None
    return path, name


def _blocks(
    tree: Tree,
    move: Move,
    references: Iterable[Reference],
    objections: Objections,
    harmless: frozenset[str],
    circles: Mapping[str, Omission],
) -> Iterator[Omission]:
    place = _place(tree, move.source)
    assert place is not None
    blocking = (found for found in references if found.kind not in harmless)
    yield from (_omission(found, _still(found)) for found in blocking)
    yield from _rebound(tree, *place)
    if move.source in circles:
        yield circles[move.source]
    for objection in objections(move):
        yield Omission(place[0], 1, 0, move.source, "fix", objection)


def _omission(found: Reference, why: str) -> Omission:
    return Omission(found.path, found.line, found.column, found.text, found.kind, why)


def _still(found: Reference) -> str:
    if not found.is_guess:
        return f"still refers to {found.source}"
    return f"may refer to {found.source}; if it does not, the plan can say so under [[unrelated]]"


def _unrelated(plan: Plan, found: Reference) -> str:
    """What the plan says of a guess that is none; empty where it says nothing, and of what is certain."""
    for entry in plan.unrelated if found.is_guess else ():
        if (entry.path, entry.text) == (found.path, found.text):
            return f"does not refer to {found.source}, as the plan says: {entry.because}"
    return ""


def _is_kept(routes: Routes, move: Move) -> bool:
    """Whether the old module will import the name, because its own functions read it: there it can be
    replaced as before."""
    place = _place(routes.tree, move.source)
    return place is not None and bool(place[1]) and routes.uses_late(*place)


def _patched(source: str) -> str:
    module = source.rpartition(".")[0]
    return f"{source} becomes an import: to replace it there reaches what {module} reads alone"


def _rebound(tree: Tree, path: str, name: str) -> Iterator[Omission]:
    """See `rebound`; nothing where the file can't be read."""
    source, syntax = tree.source(path), tree.syntax(path)
    if name and isinstance(source, SourceText) and isinstance(syntax, ast.Module):
        yield from rebound(path, Positions(source.text), syntax, analyse(syntax), name)


@dataclass
class _Deletion:
    """A deletion that grows: what goes may free what stands around it."""

    tree: Tree
    plan: Plan
    harmless: frozenset[str]
    _after: dict[str, bytes | None] = field(default_factory=dict)
    _kinds: dict[str, dict[str, int]] = field(default_factory=dict)
    _replaced: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    """By file and name: who reads or patches an import that only deleted code has used, and where."""
    _patched: set[tuple[str, int, str, str]] = field(default_factory=set)
    """Who patches a name that deleted code has read, in which line, that code's file, and the name."""

    def changes(self) -> Iterator[FileChange]:
        for path, after in sorted(self._after.items()):
            yield FileChange(path, self.tree.read(path), after, self._kinds[path])

    def now(self) -> Tree:
        """The tree as the deletion has made it so far."""
        return overlaid(self.tree, self.changes())

    def _count(self, path: str, kinds: Mapping[str, int]) -> None:
        total = self._kinds.setdefault(path, {})
        for kind, count in kinds.items():
            total[kind] = total.get(kind, 0) + count

    # definitions

    def remove_names(self, moves: Iterable[Move]) -> None:
        by_file: dict[str, dict[str, str]] = {}
        for move in moves:
            place = _place(self.tree, move.source)
            assert place is not None
            path, name = place
            if name:
                by_file.setdefault(path, {})[name] = move.target
            else:
                self._remove_file(path, "module")
        for path, names in sorted(by_file.items()):
            self._remove_from(path, names)

    def _remove_from(self, path: str, names: Mapping[str, str]) -> None:
        tree = self.now()
        source = tree.source(path)
        if not isinstance(source, SourceText):
            return
        taken = names_taken(tree)

        def is_public(name: str) -> bool:
            found = list(readers(tree, path, name))
            said = [reader for reader in found if reader[1]]
            if said and (path, name) not in taken:
                self._replaced[path, name] = said[0]
            return bool(found) or (path, name) in taken

        outcome = remove_definitions(source.text, names, is_public)
        if isinstance(outcome, Failed):
            raise ToolError(f"{path}:{outcome.line}: {outcome.reason}; nothing was written")
        if isinstance(outcome, Changed):
            read = read_by(source.text, names) - self._moving(path)
            if read:
                holders = tree.containing(tree.module(path).rpartition(".")[2])
                found = replacements(tree, holders, frozenset({path}))
                self._patched |= {place for place in found if place[-1] in read}
            self._after[path] = source.encode(outcome.text)
            self._count(path, outcome.kinds)

    def _moving(self, path: str) -> set[str]:
        """Names of a module that the plan moves: their patches follow them."""
        parted = (move.source.rpartition(".") for move in self.plan.moves)
        return {name for module, _, name in parted if module == self.tree.module(path)}

    def _remove_file(self, path: str, kind: str) -> None:
        self._after[path] = None
        self._count(path, {kind: 1})

    # what nothing needs any more

    def remove_leftovers(self) -> None:
        """Re-exports, alias modules and empty files, until nothing more is free."""
        while self._remove_reexports() or self._remove_empty_files():
            pass

    def _remove_reexports(self) -> bool:
        tree = self.now()
        found = {
            f"{tree.module(path)}.{name}": (path, name, target)
            for path, name, target in reexports(tree, self.plan)
        }
        if not found:
            return False
        needed = self._needed(tree, list(found))
        by_file: dict[str, dict[str, str]] = {}
        for dotted, (path, name, target) in found.items():
            if dotted not in needed:
                by_file.setdefault(path, {})[name] = target
        before = dict(self._after)
        for path, names in sorted(by_file.items()):
            self._remove_from(path, names)
        return before != self._after

    def _remove_empty_files(self) -> bool:
        tree = self.now()
        empty = [path for path in self._emptied() if is_empty(tree, path)]
        lone = [path for path in empty if not has_neighbours(tree, path)]
        if not lone:
            return False
        modules = {tree.module(path): path for path in lone}
        needed = self._needed(tree, list(modules), but=_STAR)
        free = {module: path for module, path in modules.items() if module not in needed}
        for path in sorted(free.values()):
            self._remove_file(path, "file")
        self._remove_stars(tree, free)
        return bool(free)

    def kept_files(self) -> Iterator[Omission]:
        """References that keep a file which the deletion has emptied of all that it defined."""
        tree = self.now()
        lone = [p for p in self._emptied() if is_empty(tree, p) and not has_neighbours(tree, p)]
        modules = [tree.module(path) for path in lone]
        for found in find_references(tree, modules) if modules else ():
            if found.kind not in self.harmless and not _unrelated(self.plan, found):
                why = f"still refers to {found.source}, which defines nothing any more"
                yield _omission(found, why)

    def replaced_names(self) -> Iterator[Omission]:
        """Where a name is patched, or read, in a module whose code that used it has left."""
        for (path, name), (reader, line) in sorted(self._replaced.items()):
            dotted = f"{self.tree.module(path)}.{name}"
            why = (
                f"{dotted} stays, but nothing that is left in {path} uses it: to patch it there has "
                "no effect on what moved"
            )
            yield Omission(reader, line, 0, dotted, "patch", why)
        for reader, line, path, name in sorted(self._patched):
            if (path, name) not in self._replaced:
                yield lost(self.tree, reader, line, path, name)

    def _remove_stars(self, tree: Tree, gone: Mapping[str, str]) -> None:
        """Star imports of empty modules bring nothing and go with them."""
        for path in tree.containing("*"):
            source = tree.source(path)
            if path in gone.values() or not isinstance(source, SourceText):
                continue
            if not any(fact.name == "*" for fact in getattr(tree.facts(path), "imports", ())):
                continue
            moves = MoveTable({}, tree.module(path), is_package=tree.is_package(path))
            outcome = remove_star_imports(source.text, moves, gone)
            if isinstance(outcome, Changed):
                self._after[path] = source.encode(outcome.text)
                self._count(path, outcome.kinds)

    def _needed(self, tree: Tree, names: list[str], but: str = "") -> set[str]:
        """Those of some names that something refers to, `but` for references that end so."""
        return {
            reference.source
            for reference in find_references(tree, names)
            if reference.kind not in self.harmless and not _unrelated(self.plan, reference)
            if not (but and reference.text.endswith(but))
        }

    def _emptied(self) -> list[str]:
        """Files that this deletion has touched, and the packages of files that it removed."""
        touched = {path for path, after in self._after.items() if after is not None}
        gone = [path for path, after in self._after.items() if after is None]
        packages = {f"{dirname(path)}/__init__.py" for path in gone}
        packages |= {f"{dirname(dirname(path))}/__init__.py" for path in gone}
        present = set(self.tree.paths) - set(gone)
        return sorted((touched | packages) & present)
