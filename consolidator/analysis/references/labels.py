"""Labels of Django apps: `ForeignKey("orders.Order")` means `shop.orders.models.Order` by the last word of
the app's package, and so by another one where that word changes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from codemods.moves import STAYS, Landing
from consolidator.tree.index import Tree
from consolidator.tree.names import Resolver

_PERMISSIONS = ("add_", "change_", "delete_", "view_")


class Labels:
    """The apps below a package whose label changes with their moves."""

    def __init__(self, tree: Tree, resolver: Resolver, targets: Mapping[str, str]) -> None:
        self._tree = tree
        self._resolver = resolver
        self._targets = targets

    @cached_property
    def sources(self) -> Mapping[str, str]:
        """The packages by their label: those that have models."""
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

    def _models(self, source: str) -> str:
        homes = (self._tree.find(f"{home}.models") for home in (source, self._targets[source]))
        return next(filter(None, homes), "")
