"""What `from module import *` brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consolidator.analysis.mro.values import ModuleValue, Place, Space
from consolidator.analysis.mro.world import World
from consolidator.tree.facts import ImportFact, ModuleFacts

if TYPE_CHECKING:
    from consolidator.analysis.mro.scopes import Scopes


class Stars:
    """Star imports of one world."""

    def __init__(self, world: World, scopes: Scopes) -> None:
        self._world = world
        self._scopes = scopes

    def of(self, space: Space, path: str) -> list[ImportFact]:
        """The star imports at module level, in source order."""
        facts = space.tree.facts(path)
        return [] if facts is None else [f for f in facts.imports if f.name == "*" and not f.scope]

    def unread(self, space: Space, path: str) -> str | None:
        """The first module that a star names and nobody can read."""
        for star in self.of(space, path):
            module = self._scopes.imported_module(Place(space, path), star.level, star.module)
            if not isinstance(module, ModuleValue):
                return star.module
        return None

    def last(self, place: Place, name: str) -> tuple[ImportFact, bool] | None:
        """The last star before a place that brings or may bring a name, and whether it does."""
        for star in reversed(self.of(place.space, place.path)):
            if place.line is None or star.line < place.line:
                module = self._scopes.imported_module(place, star.level, star.module)
                brings = isinstance(module, ModuleValue) and self.exports(module, name)
                if brings is not False:
                    return star, brings is True
        return None

    def exports(self, module: ModuleValue, name: str) -> bool | None:
        """Whether a star of this module brings a name; None where that can't be told."""
        return self._exports(module, name, frozenset())

    def _exports(self, module: ModuleValue, name: str, seen: frozenset[str]) -> bool | None:
        if module.space is None:
            return self._standard_exports(module.dotted, name)
        facts = module.space.tree.facts(module.path) if module.path else None
        if facts is None or module.path in seen:
            return False
        if facts.exports is not None and facts.exports_exact:
            return name in facts.exports
        binds = bool(module.space.resolver.bindings(module.path, name))
        if facts.exports is not None or name.startswith("_"):
            may = name in (facts.exports or ()) or binds
            return None if facts.exports is not None and may else False
        if binds:
            return self._scopes.surely_binds(Place(module.space, module.path), name) or None
        return self._by_star(module.space, facts, module.path, name, seen)

    def _by_star(
        self, space: Space, facts: ModuleFacts, path: str, name: str, seen: frozenset[str]
    ) -> bool | None:
        answer: bool | None = False
        for fact in facts.imports:
            if fact.name == "*" and not fact.scope:
                source = self._scopes.imported_module(Place(space, path), fact.level, fact.module)
                if isinstance(source, ModuleValue):
                    brings = self._exports(source, name, seen | {path})
                    if brings:
                        return None if fact.guards else True
                    answer = None if brings is None else answer
        return answer

    def _standard_exports(self, module: str, name: str) -> bool:
        exported = self._world.standard.name(module, "__all__")
        if exported is not None:
            return name in exported.target.split(" ")
        return not name.startswith("_") and self._world.standard.name(module, name) is not None
