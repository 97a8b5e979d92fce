"""Labels of Django apps: `ForeignKey("orders.Order")` means `shop.orders.models.Order` by the last word of
the app's package, and so by another one where that word changes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from codemods.moves import STAYS, Landing
from consolidator.tree.facts import ImportFact
from consolidator.tree.index import Tree
from consolidator.tree.names import Resolver

_PERMISSIONS = ("add_", "change_", "delete_", "view_")


class Labels:
    """What may be said by the label of an app."""

    def __init__(self, tree: Tree, resolver: Resolver, targets: Mapping[str, str]) -> None:
        self._tree = tree
        self._resolver = resolver
        self._targets = targets

    @cached_property
    def sources(self) -> Mapping[str, str]:
        """The packages with models, below others, whose label changes with their move, by that label."""
        moved = ((source, source.rpartition("."), t) for source, t in self._targets.items())
        return {
            label: source
            for source, (package, _, label), target in moved
            if package and not target.endswith(f".{label}") and self._models(source)
        }

    def meaning(self, dotted: str) -> Landing:
        """The doubt about what may be a model, or a permission for one, by the label of its app."""
        label, _, name = dotted.partition(".")
        source = self.sources.get(label)
        if source is None:
            return STAYS
        model = next((n for p in _PERMISSIONS if (n := name.removeprefix(p)) != name), name)
        classes = (n for n in self._resolver.exported_names(self._models(source)) if n[0].isupper())
        if model.lower() not in map(str.lower, classes):
            return STAYS
        why = f"{label} is the label of a Django app, the last word of its package"
        return Landing(None, f"may mean {self._targets[source]}.models: {why}", is_guess=True)

    def none_of(self, dotted: str) -> str:
        """Why a name may be no path of a module that moves: the label of an app, or the name space of its
        addresses, reads like the single word of a top package (`orders.Customer`, `orders:list`)."""
        top, _, rest = dotted.partition(".")
        if not rest or top not in self._targets:
            return ""
        module = top if self._tree.find(top) else self._targets[top]
        path, name = self._tree.find(module), rest.partition(".")[0]
        facts = self._tree.facts(path) if path else None
        if path is None or facts is None or self._tree.is_namespace(f"{module}.{name}"):
            return ""
        found = self._resolver.absolute(f"{module}.{name}")
        if found.definitions or self._resolver.bindings(path, name):
            return ""
        foreign = any(f.name == "*" and not self._is_here(path, f) for f in facts.imports)
        return "" if foreign or facts.has_getattr else f"{path} has no {name}"

    def _is_here(self, path: str, fact: ImportFact) -> bool:
        source = self._tree.absolute(path, fact.level, fact.module)
        return source is not None and self._tree.is_first_party(source)

    def _models(self, source: str) -> str:
        homes = (self._tree.find(f"{home}.models") for home in (source, self._targets[source]))
        return next(filter(None, homes), "")
