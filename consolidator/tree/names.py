"""What a name means: through aliases, re-exports, stars, conditions and plain assignments.

`Resolver` answers with every definition that a name can have and the reasons for doubt; it never
guesses. Cyclic re-exports end in a reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from consolidator.tree.facts import BindingFact, ClassFact, FunctionFact, ImportFact, ModuleFacts
from consolidator.tree.index import Tree

Kind = Literal["module", "class", "function", "variable", "external"]
_DOTTED = re.compile(r"^[^\W\d]\w*(\s*\.\s*[^\W\d]\w*)*$")


@dataclass(frozen=True, slots=True)
class Definition:
    """Where a name is really defined. `external` is anything outside ROOT, known by name only."""

    kind: Kind
    module: str
    qualname: str = ""
    path: str = ""
    line: int = 0

    @property
    def dotted(self) -> str:
        return f"{self.module}.{self.qualname}" if self.qualname else self.module


@dataclass(frozen=True, slots=True)
class Resolution:
    """Every definition a name can have, most likely first, and why there may be doubt."""

    definitions: tuple[Definition, ...]
    reasons: tuple[str, ...] = ()

    @property
    def exact(self) -> Definition | None:
        """The one definition, where there is no doubt."""
        return self.definitions[0] if len(self.definitions) == 1 and not self.reasons else None

    def __or__(self, other: Resolution) -> Resolution:
        return Resolution(
            tuple(dict.fromkeys(self.definitions + other.definitions)),
            tuple(dict.fromkeys(self.reasons + other.reasons)),
        )


NOTHING = Resolution(())
Bound = ImportFact | ClassFact | FunctionFact | BindingFact
_Seen = frozenset[tuple[str, str]]


class Resolver:
    """Names of one tree. Answers are remembered, so the tree must not change meanwhile."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._known: dict[tuple[str, str], Resolution] = {}
        self._expressions: dict[tuple[str, str, str], Resolution] = {}
        self._scopes: dict[str, dict[tuple[str, str], list[Bound]]] = {}
        self._locals: dict[str, dict[str, frozenset[str]]] = {}

    def absolute(self, dotted: str, importer: str = "") -> Resolution:
        """What an absolute dotted path means: the longest module prefix, then attributes."""
        return self._absolute(dotted, importer, frozenset())

    def _absolute(self, dotted: str, importer: str, seen: _Seen) -> Resolution:
        parts = dotted.split(".")
        for cut in range(len(parts), 0, -1):
            module = ".".join(parts[:cut])
            if path := self._tree.find(module, importer):
                start = Resolution((Definition("module", self._tree.module(path), "", path, 1),))
                return self._attributes(start, parts[cut:], seen)
        if self._tree.is_namespace(dotted):
            return Resolution((Definition("module", dotted),))
        if self._tree.is_first_party(dotted):
            return Resolution((), (f"no module or name {dotted!r}",))
        return Resolution((Definition("external", parts[0], ".".join(parts[1:])),))

    def expression(self, path: str, text: str, scope: str = "") -> Resolution:
        """What a dotted expression means at a place in a file; other expressions are a reason."""
        key = (path, text, scope)
        if key not in self._expressions:
            self._expressions[key] = self._expression(path, text, scope, frozenset())
        return self._expressions[key]

    def lookup(self, path: str, name: str) -> Resolution:
        """What a module-level name of a file is."""
        return self._lookup(path, name, frozenset())

    def bindings(self, path: str, name: str, scope: str = "") -> list[Bound]:
        """The records that bind a name in one scope of a file, in source order."""
        return self._bound(path).get((scope, name), [])

    def meant_before(self, path: str, alias: BindingFact) -> list[Bound] | None:
        """What bound the first name of a module's `alias = name`, where something binds that name anew
        further down: nothing, for a builtin. None where it means what it means in the end."""
        bound = [] if alias.scope else self.bindings(path, alias.value.partition(".")[0].strip())
        place = alias.line, alias.column
        before = [fact for fact in bound if (fact.line, fact.column) < place]
        if len(before) == len(bound) or live_bindings(before) == live_bindings(bound):
            return None
        return live_bindings(before)

    # expressions

    def _expression(self, path: str, text: str, scope: str, seen: _Seen) -> Resolution:
        if not _DOTTED.match(text):
            return Resolution((), (f"{text!r} is not a plain dotted name",))
        head, *rest = (part.strip() for part in text.split("."))
        for enclosing in _enclosing(scope):
            if bound := self.bindings(path, head, enclosing):
                start = self._any(path, bound, seen)
                return self._attributes(start, rest, seen)
            if head in self._local_names(path, enclosing):
                return Resolution((), (f"{head!r} is a local name of {enclosing}",))
        return self._attributes(self._lookup(path, head, seen), rest, seen)

    def _attributes(self, start: Resolution, names: list[str], seen: _Seen) -> Resolution:
        current = start
        for name in names:
            found = NOTHING
            for definition in current.definitions:
                found |= self._attribute(definition, name, seen)
            current = Resolution(found.definitions, current.reasons + found.reasons)
        return current

    def _attribute(self, owner: Definition, name: str, seen: _Seen) -> Resolution:
        if owner.kind == "external":
            qualname = f"{owner.qualname}.{name}" if owner.qualname else name
            return Resolution((Definition("external", owner.module, qualname),))
        if owner.kind == "module":
            if owner.path:
                return self._lookup(owner.path, name, seen)
            return self._absolute(f"{owner.module}.{name}", "", seen)
        if owner.kind == "class" and (bound := self.bindings(owner.path, name, owner.qualname)):
            return self._any(owner.path, bound, seen)
        return Resolution((), (f"{owner.dotted} has no attribute {name!r} that can be read",))

    # module-level names

    def _lookup(self, path: str, name: str, seen: _Seen) -> Resolution:
        key = (path, name)
        if key in self._known:
            return self._known[key]
        if key in seen:
            return Resolution((), (f"{name!r} is imported in a circle",))
        answer = self._find(path, name, seen | {key})
        if not seen:
            self._known[key] = answer
        return answer

    def _find(self, path: str, name: str, seen: _Seen) -> Resolution:
        facts = self._tree.facts(path)
        if facts is None:
            return Resolution((), (f"{path} can't be parsed",))
        if bound := self.bindings(path, name):
            return self._any(path, bound, seen)
        module = self._tree.module(path)
        if found := self._from_stars(path, facts, name, seen):
            return found
        submodule = f"{module}.{name}" if module else name
        if (child := self._tree.find(submodule)) and self._tree.is_package(path):
            return Resolution((Definition("module", submodule, "", child, 1),))
        for lazy, target in facts.lazy_names:
            if lazy == name:
                return self._lazily(path, target, seen)
        if facts.has_getattr:
            return Resolution((), (f"{module} serves names through __getattr__",))
        return Resolution((), (f"{module} has no name {name!r}",))

    def _lazily(self, path: str, target: str, seen: _Seen) -> Resolution:
        module = target.lstrip(".")
        absolute = self._tree.absolute(path, len(target) - len(module), module)
        if absolute is None:
            return Resolution((), (f"{target!r} climbs out of its package",))
        return self._absolute(absolute, path, seen)

    def _from_stars(
        self, path: str, facts: ModuleFacts, name: str, seen: _Seen
    ) -> Resolution | None:
        unknown: list[str] = []
        for fact in reversed(facts.imports):
            if fact.name != "*" or fact.scope:
                continue
            target = self._tree.absolute(path, fact.level, fact.module)
            source = self._tree.find(target, path) if target else None
            if source is None:
                if target and not self._tree.is_first_party(target):
                    unknown.append(f"{name!r} may come from `{target}` by a star import")
                continue
            if self._exports(source, name, frozenset()):
                return self._lookup(source, name, seen)
        return Resolution((), tuple(unknown)) if unknown else None

    def _exports(self, path: str, name: str, seen: frozenset[str]) -> bool:
        """Whether `from module import *` brings this name."""
        facts = self._tree.facts(path)
        if facts is None or path in seen:
            return False
        if facts.exports is not None and facts.exports_exact:
            return name in facts.exports
        if name in (facts.exports or ()):
            return True
        if name.startswith("_"):
            return False
        if self.bindings(path, name):
            return True
        return any(
            self._exports(source, name, seen | {path})
            for fact in facts.imports
            if fact.name == "*" and not fact.scope
            if (target := self._tree.absolute(path, fact.level, fact.module))
            if (source := self._tree.find(target, path))
        )

    def exported_names(self, path: str) -> list[str]:
        """The names that `from module import *` brings, sorted, without those of external stars. All
        public ones count where `__all__` can't be read."""
        return sorted(name for name in self._candidates(path, frozenset()))

    def _candidates(self, path: str, seen: frozenset[str]) -> set[str]:
        facts = self._tree.facts(path)
        if facts is None or path in seen:
            return set()
        if facts.exports is not None and facts.exports_exact:
            return set(facts.exports)
        names = {n for (scope, n) in self._bound(path) if not scope and not n.startswith("_")}
        names.update(facts.exports or ())
        for fact in facts.imports:
            if fact.name == "*" and not fact.scope:
                target = self._tree.absolute(path, fact.level, fact.module)
                if target and (source := self._tree.find(target, path)):
                    names |= self._candidates(source, seen | {path})
        return names

    # bindings

    def _bound(self, path: str) -> dict[tuple[str, str], list[Bound]]:
        if path not in self._scopes:
            facts = self._tree.facts(path)
            table: dict[tuple[str, str], list[Bound]] = {}
            if facts is not None:
                for fact in facts.imports:
                    if fact.local:
                        table.setdefault((fact.scope, fact.local), []).append(fact)
                definitions: tuple[tuple[Bound, ...], ...] = (
                    facts.classes,
                    facts.functions,
                    facts.bindings,
                )
                for other in chain.from_iterable(definitions):
                    table.setdefault((other.scope, other.name), []).append(other)
                for bound in table.values():
                    bound.sort(key=lambda fact: (fact.line, fact.column))
            self._scopes[path] = table
        return self._scopes[path]

    def _local_names(self, path: str, scope: str) -> frozenset[str]:
        """Parameters and assigned names of a function; nothing for a class."""
        if not scope.endswith("<locals>"):
            return frozenset()
        if path not in self._locals:
            facts = self._tree.facts(path)
            table: dict[str, set[str]] = {}
            for function in facts.functions if facts else ():
                names = table.setdefault(f"{function.qualname}.<locals>", set())
                names.update(function.locals, (p.name for p in function.parameters))
            self._locals[path] = {key: frozenset(names) for key, names in table.items()}
        return self._locals[path].get(scope, frozenset())

    def _any(self, path: str, bound: list[Bound], seen: _Seen) -> Resolution:
        live = live_bindings(bound)
        if not live:
            return Resolution((), ("the name is deleted again",))
        answer = NOTHING
        for fact in live:
            answer |= self._one(path, fact, seen)
        return answer

    def _one(self, path: str, fact: Bound, seen: _Seen) -> Resolution:
        module = self._tree.module(path)
        if isinstance(fact, ImportFact):
            return self._imported(path, fact, seen)
        if isinstance(fact, ClassFact):
            return Resolution((Definition("class", module, fact.qualname, path, fact.line),))
        if isinstance(fact, FunctionFact):
            return Resolution((Definition("function", module, fact.qualname, path, fact.line),))
        if fact.form == "name":
            key = (path, f"={fact.scope}:{fact.name}:{fact.line}")
            if key in seen:
                return Resolution((), (f"{fact.name!r} is assigned in a circle",))
            aliased = self._aliased(path, fact, seen | {key})
            if aliased.definitions:
                return aliased
        qualname = f"{fact.scope}.{fact.name}" if fact.scope else fact.name
        return Resolution((Definition("variable", module, qualname, path, fact.line),))

    def _aliased(self, path: str, fact: BindingFact, seen: _Seen) -> Resolution:
        before = self.meant_before(path, fact)
        if before is None:
            return self._expression(path, fact.value, fact.scope, seen)
        start = self._any(path, before, seen) if before else NOTHING
        names = [part.strip() for part in fact.value.split(".")[1:]]
        return self._attributes(start, names, seen)

    def _imported(self, path: str, fact: ImportFact, seen: _Seen) -> Resolution:
        target = self._tree.absolute(path, fact.level, fact.module)
        if target is None:
            return Resolution((), (f"a relative import in {path} climbs out of its package",))
        if not fact.name:
            dotted = target if fact.asname else target.partition(".")[0]
            return self._absolute(dotted, path, seen)
        source = self._tree.find(target, path)
        if source is not None:
            return self._lookup(source, fact.name, seen)
        found = self._absolute(f"{target}.{fact.name}" if target else fact.name, path, seen)
        if not found.definitions and target and self._tree.is_first_party(target):
            return Resolution((), (f"there is no module {target!r}",))
        return found


def live_bindings(bound: list[Bound]) -> list[Bound]:
    """Those of several bindings of one name that can be in force at the end of the scope.

    An unconditional binding replaces the ones before it. Names bound for type checkers only count
    where nothing else binds them.
    """
    live: list[Bound] = []
    for fact in bound:
        form = fact.form if isinstance(fact, BindingFact) else ""
        if form == "augmented":
            continue
        if not fact.guards:
            live = []
        if form not in ("del", "annotation"):
            live.append(fact)
    runtime = [fact for fact in live if not for_type_checkers(fact)]
    return runtime or live


def for_type_checkers(fact: Bound) -> bool:
    """Whether a record lies under `if TYPE_CHECKING`."""
    return any(guard.startswith("if ") and guard.endswith("TYPE_CHECKING") for guard in fact.guards)


def _enclosing(scope: str) -> Iterator[str]:
    """Scopes whose names are seen from a place, innermost first, the module's left out.

    A class body is seen only from directly inside it, as in CPython.
    """
    current, innermost = scope, True
    while current:
        is_function = current.endswith("<locals>")
        if is_function or innermost:
            yield current
        innermost = False
        current = current.removesuffix(".<locals>").rpartition(".")[0]
