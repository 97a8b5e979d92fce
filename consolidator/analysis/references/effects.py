"""What registers itself as it is defined: by a decorator, by what a base does with its subclasses, by a
call beside it. Where it leaves a module that somebody imports only to have it run, it is missed."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping

from consolidator.tree.facts import ClassFact, FunctionFact
from consolidator.tree.index import Tree
from consolidator.tree.names import Definition, Resolver, for_type_checkers

_HARMLESS = frozenset(
    {"abstractmethod", "asynccontextmanager", "attrs", "cache", "contextmanager", "dataclass"}
    | {"dataclass_transform", "define", "deprecated", "final", "frozen", "lru_cache", "mutable"}
    | {"no_type_check", "overload", "override", "runtime_checkable", "singledispatch"}
    | {"total_ordering", "unique", "wraps"}
)
"""Decorators that tell nobody of what they decorate."""
_METACLASS = "metaclass"
_HOOK = "__init_subclass__"


class Effects:
    """The moved names that register themselves, by the module that they leave."""

    def __init__(
        self,
        tree: Tree,
        resolver: Resolver,
        moves: Mapping[str, str],
        leaving: Mapping[str, Mapping[str, str]],
    ) -> None:
        self._tree = tree
        self._resolver = resolver
        self._moves = moves
        self._leaving = leaving
        self._known: dict[str, dict[str, str]] = {}

    def of(self, module: str) -> Mapping[str, str]:
        """Sources of moves that the module, once they have left it, runs no more when it is imported, with
        how each registers itself."""
        if module not in self._known:
            named = (
                (source, self._how(source)) for source in self._leaving.get(module, {}).values()
            )
            self._known[module] = {source: how for source, how in named if how}
        return self._known[module]

    def home(self, source: str) -> str:
        """The file that a name moves to; empty where that is outside of ROOT."""
        module = self._moves[source].rpartition(".")[0]
        return (self._tree.find(module) if module else None) or ""

    def _how(self, source: str) -> str:
        module, _, name = source.rpartition(".")
        old, home = self._tree.find(module), self.home(source)
        if old is None or old == home or home in self._runs(old):
            return ""
        known = self._resolver.bindings(old, name)
        definition = self._resolver.absolute(source if known else self._moves[source]).exact
        if definition is None or not definition.path:
            return ""
        return self._registers(definition, is_at_home=definition.path == home)

    def _runs(self, path: str) -> Iterator[str]:
        """The files that importing one runs, directly."""
        facts = self._tree.facts(path)
        for fact in facts.imports if facts else ():
            source = self._tree.absolute(path, fact.level, fact.module)
            if source is not None and not fact.scope and not for_type_checkers(fact):
                names = (source, f"{source}.{fact.name}")
                yield from (found for name in names if (found := self._tree.find(name, path)))

    def _registers(self, definition: Definition, *, is_at_home: bool) -> str:
        fact = self._fact(definition)
        if fact is None:
            return ""
        for decorator in fact.decorators:
            called = decorator.partition("(")[0].strip()
            if called.rpartition(".")[2] not in _HARMLESS:
                return f"is decorated with {called}"
        if isinstance(fact, ClassFact) and (base := self._hook(definition.path, fact, frozenset())):
            return f"is told to {base}"
        # At the old home the call stays, and imports what it is about.
        return "is handed to a call beside it" if is_at_home and self._is_called(definition) else ""

    def _fact(self, definition: Definition) -> ClassFact | FunctionFact | None:
        facts = self._tree.facts(definition.path)
        every: Iterable[ClassFact | FunctionFact] = (
            (*facts.classes, *facts.functions) if facts else ()
        )
        return next((fact for fact in every if fact.qualname == definition.qualname), None)

    def _hook(self, path: str, fact: ClassFact, seen: frozenset[str]) -> str:
        """The class that hears of each subclass, as the source has it, or one outside of ROOT that may."""
        metaclasses = [value for key, value in fact.keywords if key == _METACLASS]
        for text in (*metaclasses, *fact.bases):
            written = text.partition("[")[0].strip()
            for found in self._resolver.expression(path, written).definitions:
                if found.kind == "external" and found.module not in sys.stdlib_module_names:
                    return written
                inner = self._fact(found) if found.kind == "class" else None
                if not isinstance(inner, ClassFact) or found.dotted in seen:
                    continue
                hook = f"{inner.qualname}.{_HOOK}"
                functions = getattr(self._tree.facts(found.path), "functions", ())
                is_told = text in metaclasses or any(f.qualname == hook for f in functions)
                if is_told or self._hook(found.path, inner, seen | {found.dotted}):
                    return written
        return ""

    def _is_called(self, definition: Definition) -> bool:
        syntax = self._tree.syntax(definition.path)
        return isinstance(syntax, ast.Module) and any(
            isinstance(node, ast.Name) and node.id == definition.qualname
            for statement in syntax.body
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
            for node in ast.walk(statement)
        )
