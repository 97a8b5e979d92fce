"""Where a dotted name leads, hop by hop: the first hop that a plan moves decides.

`Resolver` answers what a name is in the end; a move needs the way there, because a plan may move an
alias and leave what it stands for.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from posixpath import dirname

from codemods.moves import (
    STAYS,
    Landing,
    longest_prefix,
    resolve_chains,
    tails_of,
)
from codemods.walk import analyse
from consolidator.analysis.references.effects import Effects
from consolidator.analysis.references.labels import Labels
from consolidator.analysis.references.moved_files import MovedFiles
from consolidator.analysis.references.prose import built_pages
from consolidator.analysis.references.registers import Registers
from consolidator.plan import Move
from consolidator.tree.facts import BindingFact, ClassFact, FunctionFact, ImportFact
from consolidator.tree.index import Tree
from consolidator.tree.names import Bound, Resolver, for_type_checkers, live_bindings

_Seen = frozenset[tuple[str, str]]
_MANY = 40
"""Files of which one will surely ask who imports its names."""


@dataclass(frozen=True)
class Trace:
    """Every end that a name can have. An end of None is something that the plan does not move."""

    ends: frozenset[str | None]
    doubt: str = ""
    hops: tuple[tuple[str, str], ...] = ()
    """File and name of each re-export on the way."""

    @cached_property
    def landing(self) -> Landing:
        moved = {end for end in self.ends if end is not None}
        if not moved:
            return STAYS
        if len(self.ends) == 1 and not self.doubt:
            return Landing(moved.pop())
        if self.hops and not self.doubt and len(moved) == 1:
            return STAYS  # the file that binds the name under several conditions keeps it
        why = self.doubt or "it is bound to something else under another condition"
        return Landing(None, f"may mean {' or '.join(sorted(moved))}: {why}")


_NOWHERE = Trace(frozenset({None}))


@dataclass
class Routes:
    """All moves of a plan over one tree."""

    tree: Tree
    resolver: Resolver
    moves: tuple[Move, ...]

    def __post_init__(self) -> None:
        self.targets = resolve_chains({move.source: move.target for move in self.moves})
        self.tails = tails_of(self.targets)
        self._settled = {target: target for target in self.targets.values()}
        members = {move.source: {**move.attributes, **move.methods} for move in self.moves}
        self._members = {source: renamed for source, renamed in members.items() if renamed}
        self.leaving: dict[str, dict[str, str]] = {}
        """The names that leave each module, with the sources of their moves."""
        for source in self.targets:
            module, _, name = source.rpartition(".")
            self.leaving.setdefault(module, {})[name] = source
        self.holders = frozenset(self.leaving)
        self.holder_tails = frozenset(holder.rpartition(".")[2] for holder in self.holders)
        self._traces: dict[tuple[str, str, str], Trace] = {}
        self._leading: dict[tuple[str, str], bool] = {}
        self._late: dict[tuple[str, str], bool] = {}
        self.needles: set[str] = {source.rpartition(".")[2] for source in self.targets}

    # tracing

    def trace(self, dotted: str, importer: str = "", module: str = "") -> Trace:
        """Where an absolute dotted name leads; `module` is what of it is a module for certain."""
        if self.needles.isdisjoint(dotted.split(".")):
            return _NOWHERE
        key = (dotted, self._beside(dotted, importer), module)
        if key not in self._traces:
            self._traces[key] = self._trace(dotted, importer, frozenset(), module)
        return self._traces[key]

    def _trace(self, dotted: str, importer: str, seen: _Seen, sure: str = "") -> Trace:
        moved = longest_prefix(dotted, self.targets)
        if longest_prefix(dotted, self._settled) and self._settled_first(dotted):
            return _NOWHERE
        if moved is not None:
            return Trace(frozenset({self._with_members(dotted, moved)}))
        path, module, rest = self._module_prefix(dotted, importer, sure)
        canonical = ".".join((module, *rest))
        if path is not None and canonical != dotted:
            moved = longest_prefix(canonical, self.targets, self._settled)
            if moved is not None:
                return self._by_another_name(dotted, canonical, moved, importer)
        if path is None or not rest:
            return _NOWHERE
        return self._member(path, module, rest, seen)

    def _by_another_name(self, dotted: str, canonical: str, moved: str, importer: str) -> Trace:
        """A file seen from another source root, or from a script beside it, has another name there,
        and so may its new home."""
        new = moved
        if dotted.endswith(f".{canonical}"):
            new = dotted.removesuffix(canonical) + moved
        elif canonical.endswith(f".{dotted}"):
            new = moved.removeprefix(canonical.removesuffix(dotted))
        home = self._module_prefix(moved, "", "")[0]
        if home is not None and self._module_prefix(new, importer, "")[0] == home:
            return Trace(frozenset({new}))
        if not self.tree.is_first_party(moved):
            return Trace(frozenset({moved}))
        return Trace(frozenset({moved}), f"{dotted} is another name of {canonical}")

    def _settled_first(self, dotted: str) -> bool:
        """Whether a target is a longer prefix of the name than any source."""
        return longest_prefix(dotted, self.targets, self._settled) is None

    def _with_members(self, dotted: str, moved: str) -> str:
        """The plan's new name of a member that follows a moved class."""
        for source, members in self._members.items():
            if dotted.startswith(f"{source}."):
                member, dot, rest = dotted[len(source) + 1 :].partition(".")
                if member in members:
                    return f"{self.targets[source]}.{members[member]}{dot}{rest}"
        return moved

    def _module_prefix(
        self, dotted: str, importer: str, sure: str
    ) -> tuple[str | None, str, tuple[str, ...]]:
        """The module that a name begins with. Where a package beside the importer has nothing of the
        name, as after a move by hand, one of the same name in a folder above it may be meant."""
        nearest = path, module, rest = self._walked(dotted, importer, sure)
        beside = not self.tree.is_first_party(dotted)
        while beside and path is not None and rest:
            if longest_prefix(".".join((module, *rest)), self.targets) is not None:
                return path, module, rest
            if self.resolver.bindings(path, rest[0]) or rest[0] in self.star_names(path):
                break
            below = len(dotted.split(".")) - len(rest) + path.endswith("/__init__.py")
            folder = "/".join(path.split("/")[:-below])
            path, module, rest = self._walked(dotted, f"{dirname(folder)}/", sure)
        return nearest

    def _walked(
        self, dotted: str, importer: str, sure: str
    ) -> tuple[str | None, str, tuple[str, ...]]:
        """As attribute lookups would walk: a name that a package binds itself wins over its submodule,
        but not in what an import says to be a module."""
        parts, certain = dotted.split("."), len(sure.split(".")) if sure else 0
        found: tuple[str | None, str, tuple[str, ...]] = (None, "", tuple(parts))
        for cut in range(1, len(parts) + 1):
            module = ".".join(parts[:cut])
            path = self.tree.find(module, importer)
            if path is not None:
                bound = found[0] is not None and cut > certain
                if (
                    bound
                    and found[0] is not None
                    and self._binds_other(found[0], parts[cut - 1], module)
                ):
                    return found
                found = (path, self.tree.module(path), tuple(parts[cut:]))
            elif found[0] is not None:
                return found
        return found

    def _binds_other(self, package: str, name: str, submodule: str) -> bool:
        bound = live_bindings(self.resolver.bindings(package, name))
        for fact in bound:
            if not isinstance(fact, ImportFact):
                return True
            source = self.tree.absolute(package, fact.level, fact.module)
            if fact.name and f"{source}.{fact.name}" != submodule:
                return True
        return False

    def _member(self, path: str, module: str, rest: tuple[str, ...], seen: _Seen) -> Trace:
        name, tail = rest[0], rest[1:]
        key = (path, name)
        if key in seen:
            return Trace(frozenset({None}))
        seen |= {key}
        bound = self.resolver.bindings(path, name)
        if bound:
            traces = [self._bound(path, module, fact, tail, seen) for fact in live_bindings(bound)]
        else:
            traces = self._stars(path, name, tail, seen)
        return self._joined(traces, (path, name))

    @staticmethod
    def _joined(traces: Iterable[Trace], hop: tuple[str, str]) -> Trace:
        every = list(traces)
        if not every:
            return _NOWHERE
        ends = frozenset(end for trace in every for end in trace.ends)
        doubts = [trace.doubt for trace in every if trace.doubt]
        hops = tuple(hop for trace in every for hop in trace.hops)
        return Trace(ends, doubts[0] if doubts else "", (hop, *hops))

    def _bound(
        self, path: str, module: str, fact: Bound, tail: tuple[str, ...], seen: _Seen
    ) -> Trace:
        if isinstance(fact, ImportFact):
            source = self.tree.absolute(path, fact.level, fact.module)
            if source is None:
                return _NOWHERE
            if fact.name:
                dotted = f"{source}.{fact.name}"
            else:
                source = dotted = source if fact.asname else source.partition(".")[0]
            return self._trace(".".join((dotted, *tail)), path, seen, source)
        if isinstance(fact, BindingFact) and fact.form == "name":
            head, *rest = fact.value.replace(" ", "").split(".")
            before = self.resolver.meant_before(path, fact)
            if before is not None:
                whole = (*rest, *tail)
                traces = [self._bound(path, module, each, whole, seen) for each in before]
                return self._joined(traces, (path, head))
            owner, _, attribute = fact.value.replace(" ", "").rpartition(".")
            dotted = ".".join(part for part in (module, owner, attribute) if part)
            if owner and dotted not in self.targets and self._is_object(path, owner):
                return _NOWHERE
            return self._trace(".".join((dotted, *tail)), path, seen)
        return _NOWHERE

    def _is_object(self, path: str, expression: str) -> bool:
        """Whether an expression means a class, a function or a variable. `NAME = Class.member` keeps a
        value, which is not a name that a module can be asked for."""
        kinds = {found.kind for found in self.resolver.expression(path, expression).definitions}
        return not kinds.isdisjoint({"class", "function", "variable"})

    def _stars(self, path: str, name: str, tail: tuple[str, ...], seen: _Seen) -> list[Trace]:
        facts = self.tree.facts(path)
        for fact in reversed(facts.imports if facts else ()):
            if fact.name != "*" or fact.scope:
                continue
            source = self.tree.absolute(path, fact.level, fact.module)
            if source is None:
                continue
            found = self._star(source, path, name)
            if found:
                return [self._trace(".".join((source, name, *tail)), path, seen, source)]
        return []

    def _star(self, source: str, importer: str, name: str) -> bool:
        """Whether a star import of `source` brings a name (as it does where the name has left)."""
        target = self.tree.find(source, importer)
        if target is None:
            return f"{source}.{name}" in self.targets
        if f"{source}.{name}" in self.targets and not name.startswith("_"):
            return True
        return name in self.star_names(target)

    @cached_property
    def built_pages(self) -> frozenset[str]:
        """Folders of documentation that was built and put beside the code."""
        return built_pages(self.tree.all_paths)

    @cached_property
    def star_importers(self) -> tuple[str, ...]:
        """Files with a star import."""
        self.tree.prefetch()
        return tuple(path for path in self.tree.paths if self._has_star(path))

    def _has_star(self, path: str) -> bool:
        facts = self.tree.facts(path)
        return facts is not None and any(fact.name == "*" for fact in facts.imports)

    def star_names(self, path: str) -> frozenset[str]:
        """What `from module import *` brings."""
        if path not in self._star_names:
            self._star_names[path] = frozenset(self.resolver.exported_names(path))
        return self._star_names[path]

    @cached_property
    def _star_names(self) -> dict[str, frozenset[str]]:
        return {}

    def holds_moved(self, module: str, importer: str) -> bool:
        """Whether a module, by whichever of its names, holds what moves."""
        if module in self.holders:
            return True
        if module.rpartition(".")[2] not in self.holder_tails or self.tree.is_first_party(module):
            return False
        path = self.tree.find(module, importer)
        return path is not None and self.tree.module(path) in self.holders

    # names looked up at run time

    def looked_up(self, dotted: str, importer: str = "", *, replaced: bool = False) -> Landing:
        """See `codemods.moves.Moves.looked_up`."""
        dotted = self._through_modules(dotted, importer)
        trace = self.trace(dotted, importer)
        landing = trace.landing
        if trace.hops:
            first = trace.hops[0]
            return STAYS if self.uses_late(*first) or self._only_typed(*first) else landing
        if replaced and dotted in self.targets and (place := self._own_use(dotted, importer)):
            still = f"{place} still uses it, so which of the two is to be replaced can't be known"
            return Landing(None, f"may mean {self.targets[dotted]}: {still}")
        if landing.target is not None and (why := self.labels.none_of(dotted)):
            return Landing(None, f"may mean {landing.target}: {why}", is_guess=True)
        return landing

    def _only_typed(self, path: str, name: str) -> bool:
        """Whether a file has a name for type checkers alone: at run time it is what somebody puts there."""
        bound = live_bindings(self.resolver.bindings(path, name))
        return bool(bound) and all(for_type_checkers(fact) for fact in bound)

    def may_lead(self, dotted: str, importer: str) -> bool:
        """Whether a name, however it is read, can mean a moved thing."""
        key = (dotted, self._beside(dotted, importer))
        if key not in self._leading:
            real = self._through_modules(dotted, importer)
            names = {dotted, real}
            self._leading[key] = ("." in dotted and dotted in self.tails) or any(
                self.trace(name, importer).landing for name in names
            )
        return self._leading[key]

    def _beside(self, dotted: str, importer: str) -> str:
        """The folder on which the meaning of a name depends: only names that no source root has depend
        on who asks (see `Tree.find`)."""
        return "" if self.tree.is_first_party(dotted) else dirname(importer)

    @cached_property
    def moved_modules(self) -> frozenset[str]:
        """The sources that are modules, or were before they were moved by hand."""
        tree = self.tree
        return frozenset(
            source
            for source, target in self.targets.items()
            if tree.find(source) or tree.is_namespace(source) or tree.find(target)
        )

    @cached_property
    def registers(self) -> Registers:
        """What is moved and may be found by its name alone."""
        things = {s: t for s, t in self.targets.items() if s not in self.moved_modules}
        return Registers(self.tree, self.resolver, things)

    @cached_property
    def labels(self) -> Labels:
        """What is moved and may be said by the label of its Django app."""
        return Labels(self.tree, self.resolver, self.targets)

    @cached_property
    def effects(self) -> Effects:
        """What is moved and registers itself as it is defined."""
        return Effects(self.tree, self.resolver, self.targets, self.leaving)

    @cached_property
    def files(self) -> MovedFiles:
        """What is moved and may be said by its path."""
        return MovedFiles(self.tree, self.targets)

    @cached_property
    def module_parts(self) -> frozenset[str]:
        """The parts of the names of modules that move or that moved names leave."""
        modules = self.moved_modules | self.holders
        return frozenset(part for module in modules for part in module.split("."))

    @cached_property
    def module_tails(self) -> frozenset[str]:
        """The last parts of the names of all modules."""
        return frozenset(module.rpartition(".")[2] for module in self.tree.modules())

    def _through_modules(self, dotted: str, importer: str) -> str:
        """A name by the real name of the module that it is looked up in: `a.user.b.Name`, where
        `a.user` imports the module `a.b`, is what `a.b.Name` is, whoever reads it."""
        if self.needles.isdisjoint(dotted.split(".")):
            return dotted
        parts = dotted.split(".")
        for cut in range(len(parts) - 1, 1, -1):
            owner = ".".join(parts[:cut])
            if self.tree.find(owner, importer) is not None:
                return dotted
            found = self.resolver.absolute(owner, importer).exact
            if found is not None and found.kind == "module":
                return ".".join((found.module, *parts[cut:]))
        return dotted

    def _own_use(self, dotted: str, importer: str) -> str:
        """The module of a definition, where its own functions read the name."""
        module, _, name = dotted.rpartition(".")
        path = self.tree.find(module, importer) if module else None
        if path is None or not self.resolver.bindings(path, name):
            return ""
        return module if self.uses_late(path, name) else ""

    def uses_late(self, path: str, name: str) -> bool:
        """Whether functions of a file read its module-level `name` when they are called."""
        key = (path, name)
        if key not in self._late:
            self._late[key] = self._reads_late(path, name)
        return self._late[key]

    def _reads_late(self, path: str, name: str) -> bool:
        syntax = self.tree.syntax(path)
        if not isinstance(syntax, ast.Module):
            return True
        module = analyse(syntax)
        return any(
            use.root == name
            and use.scope.is_late
            and not self._inside_moved(path, use.nodes[0].lineno)
            and all(b.scope is module.scope for b in module.find(name, use.scope))
            for use in module.uses
        )

    def _inside_moved(self, path: str, line: int) -> bool:
        """Whether a line belongs to a definition that moves itself."""
        return any(first <= line <= last for first, last in self.moved_lines(path))

    def moved_lines(self, path: str) -> list[tuple[int, int]]:
        """First and last lines of the definitions of a file that the plan moves."""
        module, facts = self.tree.module(path), self.tree.facts(path)
        if facts is None:
            return []
        definitions: list[ClassFact | FunctionFact] = [*facts.classes, *facts.functions]
        return [
            (fact.line, fact.end_line)
            for fact in definitions
            if f"{module}.{fact.qualname}" in self.targets
        ]

    # who reads a module's names

    def imported_from(self, path: str, name: str) -> bool:
        """Whether another file imports this name from a file's module."""
        return (path, name) in self._imported_names

    def look_ahead(self, files: int) -> None:
        """Find out now what the rewriting of so many files will ask, before it is spread over
        processes that would each find it out."""
        if files > _MANY:
            _ = self._imported_names

    @cached_property
    def _imported_names(self) -> frozenset[tuple[str, str]]:
        self.tree.prefetch()
        return frozenset(self._walk_imports())

    def _walk_imports(self) -> Iterable[tuple[str, str]]:
        for path in self.tree.paths:
            facts = self.tree.facts(path)
            for fact in facts.imports if facts else ():
                if not fact.name:
                    continue
                source = self.tree.absolute(path, fact.level, fact.module)
                target = self.tree.find(source, path) if source else None
                if target is None:
                    continue
                if fact.name == "*":
                    yield from ((target, name) for name in self.star_names(target))
                else:
                    yield target, fact.name
