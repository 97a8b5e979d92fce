"""Classes and functions by name: those of ROOT, and those of installed packages it refers to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from msgspec.structs import replace

from consolidator.analysis.mro.c3 import lineage
from consolidator.tree.facts import BindingFact, ClassFact, FunctionFact
from consolidator.tree.index import Tree
from consolidator.tree.names import Definition, Resolution, Resolver

Library = Callable[[str], Tree | None]
"""The tree of an installed top-level package; None where it has no source."""


def no_library(_package: str) -> Tree | None:
    """For questions that ROOT alone answers."""
    return None


@dataclass(frozen=True, eq=False)
class Source:
    """One tree and the meaning of its names: ROOT, or an installed package."""

    tree: Tree
    resolver: Resolver
    first_party: bool


@dataclass(frozen=True, eq=False)
class Function:
    source: Source
    path: str
    dotted: str
    fact: FunctionFact

    @property
    def decorators(self) -> set[str]:
        """Last names of its decorators, calls without their arguments."""
        return {text.partition("(")[0].rpartition(".")[2] for text in self.fact.decorators}

    @property
    def is_property(self) -> bool:
        return bool(self.decorators & {"property", "cached_property"}) or any(
            text.endswith((".setter", ".getter")) for text in self.fact.decorators
        )


@dataclass(frozen=True, eq=False)
class Class:
    source: Source
    path: str
    dotted: str
    fact: ClassFact

    @cached_property
    def functions(self) -> dict[str, Function]:
        """Methods and properties defined in the body; of several, the one that wins at runtime."""
        module = self.source.tree.module(self.path)
        facts = self.source.tree.facts(self.path)
        found: dict[str, Function] = {}
        for fact in facts.functions if facts else ():
            if fact.scope == self.fact.qualname and not fact.qualname.endswith(".overload"):
                if any(text.endswith((".setter", ".deleter")) for text in fact.decorators):
                    continue
                dotted = f"{module}.{fact.qualname}" if module else fact.qualname
                found[fact.name] = Function(self.source, self.path, dotted, fact)
        return found

    @cached_property
    def attributes(self) -> dict[str, tuple[BindingFact, ...]]:
        """Names bound by assignment or annotation in the class body."""
        facts = self.source.tree.facts(self.path)
        found: dict[str, tuple[BindingFact, ...]] = {}
        for fact in facts.bindings if facts else ():
            if fact.scope == self.fact.qualname and fact.form != "del":
                found[fact.name] = (*found.get(fact.name, ()), fact)
        return found

    @cached_property
    def instance_attributes(self) -> frozenset[str]:
        return frozenset(name for name, _, _ in self.fact.self_attributes)


@dataclass
class World:
    """Everything that names of ROOT can mean. Answers are remembered: the trees must not change."""

    tree: Tree
    library: Library = no_library
    resolver: Resolver = field(init=False)
    _classes: dict[str, Class] = field(init=False, default_factory=dict)
    _functions: dict[str, Function] = field(init=False, default_factory=dict)
    _sources: dict[str, Source | None] = field(init=False, default_factory=dict)
    _bases: dict[str, tuple[tuple[Class, ...], tuple[str, ...]]] = field(
        init=False, default_factory=dict
    )
    _lineages: dict[str, tuple[Class, ...]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.resolver = Resolver(self.tree)
        self.project = Source(self.tree, self.resolver, first_party=True)

    def named(self, dotted: str) -> Class | Function | None:
        """The one class or function of a dotted name, through re-exports; None where in doubt."""
        found = self.definition(self.project, self.resolver.absolute(dotted))
        return found if isinstance(found, Class | Function) else None

    def definition(
        self, source: Source, resolution: Resolution
    ) -> Class | Function | Definition | None:
        """The one thing that a resolution means; None where there is doubt."""
        found = self.definitions(source, resolution)
        return found[0] if len(found) == 1 and not resolution.reasons else None

    def definitions(
        self, source: Source, resolution: Resolution
    ) -> list[Class | Function | Definition]:
        return [self._load(source, definition) for definition in resolution.definitions]

    def _load(self, source: Source, definition: Definition) -> Class | Function | Definition:
        if definition.kind == "external":
            return self._from_library(definition)
        dotted = definition.dotted
        if definition.kind == "class":
            return self._class(source, definition) or definition
        if definition.kind == "function":
            if dotted not in self._functions:
                fact = _function_fact(source, definition)
                if fact is None:
                    return definition
                self._functions[dotted] = Function(source, definition.path, dotted, fact)
            return self._functions[dotted]
        return definition

    def _class(self, source: Source, definition: Definition) -> Class | None:
        dotted = definition.dotted
        if dotted not in self._classes:
            facts = source.tree.facts(definition.path)
            for fact in facts.classes if facts else ():
                if fact.qualname == definition.qualname and fact.line == definition.line:
                    self._classes[dotted] = Class(source, definition.path, dotted, fact)
        return self._classes.get(dotted)

    def _from_library(self, definition: Definition) -> Class | Function | Definition:
        source = self._source(definition.module)
        if source is None or not definition.qualname:
            return definition
        resolution = source.resolver.absolute(definition.dotted)
        found = resolution.exact
        if found is None or found.kind == "external":
            return definition
        loaded = self._load(source, found)
        # A variable's path would be looked for in ROOT; by name it stays what it is: external.
        return definition if isinstance(loaded, Definition) else loaded

    def _source(self, package: str) -> Source | None:
        if package not in self._sources:
            tree = self.library(package)
            self._sources[package] = (
                None if tree is None else Source(tree, Resolver(tree), first_party=False)
            )
        return self._sources[package]

    def class_of(self, dotted: str) -> Class | None:
        """A class by the dotted name of its definition: one met before, or one of ROOT."""
        if dotted not in self._classes:
            parts = dotted.split(".")
            for cut in range(len(parts) - 1, 0, -1):
                path = self.tree.find(".".join(parts[:cut]))
                facts = self.tree.facts(path) if path else None
                for fact in facts.classes if path and facts else ():
                    if fact.qualname == ".".join(parts[cut:]):
                        self._classes[dotted] = Class(self.project, path or "", dotted, fact)
        return self._classes.get(dotted)

    def function_of(self, dotted: str) -> Function | None:
        """A function met before, or a method, by its dotted name."""
        if dotted in self._functions:
            return self._functions[dotted]
        owner, _, name = dotted.rpartition(".")
        cls = self.class_of(owner) if owner else None
        return cls.functions.get(name) if cls else None

    # inheritance

    def bases(self, cls: Class) -> tuple[tuple[Class, ...], tuple[str, ...]]:
        """Its direct bases that can be read, and the text of those that can't (`object` left out)."""
        if cls.dotted not in self._bases:
            read: list[Class] = []
            unread: list[str] = []
            for text in cls.fact.bases:
                name = text.partition("[")[0].strip()
                resolution = cls.source.resolver.expression(cls.path, name, cls.fact.scope)
                found = self.definition(cls.source, resolution)
                if isinstance(found, Class):
                    read.append(found)
                elif name.rpartition(".")[2] not in _MEMBERLESS:
                    unread.append(text)
            self._bases[cls.dotted] = (tuple(read), tuple(unread))
        return self._bases[cls.dotted]

    def lineage(self, cls: Class) -> tuple[Class, ...]:
        """The class and its readable ancestors, in the order in which Python looks for a member;
        depth first where Python would refuse the class."""
        if cls.dotted not in self._lineages:
            self._lineages[cls.dotted] = (cls,)  # what a circle comes back to
            bases = self.bases(cls)[0]
            above = [self.lineage(base) for base in bases]
            self._lineages[cls.dotted] = lineage(cls, bases, above)
        return self._lineages[cls.dotted]

    def above(self, cls: Class) -> Class | None:
        """What `super()` is inside a class: its one base, or a class without members of its own that
        inherits from all that follows in its lineage; None without a readable base."""
        bases, unread = self.bases(cls)
        if len(bases) < 2:
            return bases[0] if bases else None
        fact = replace(
            cls.fact, name="super()", qualname=f"{cls.fact.qualname}.super()", self_attributes=()
        )
        above = Class(cls.source, cls.path, f"{cls.dotted}.super()", fact)
        self._bases[above.dotted] = (self.lineage(cls)[1:], unread)
        return self._classes.setdefault(above.dotted, above)

    def unread_bases(self, cls: Class) -> list[str]:
        """Bases anywhere above the class whose members are not known."""
        return [text for ancestor in self.lineage(cls) for text in self.bases(ancestor)[1]]


_MEMBERLESS = {"object", "Protocol", "Generic", "ABC"}
"""Bases that add no member which a caller of the class would use."""


def _function_fact(source: Source, definition: Definition) -> FunctionFact | None:
    facts = source.tree.facts(definition.path)
    for fact in facts.functions if facts else ():
        if fact.qualname == definition.qualname and fact.line == definition.line:
            return fact
    return None
