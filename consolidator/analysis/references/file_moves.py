"""The moves of a plan as one file sees them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from posixpath import splitext

from codemods.moves import STAYS, Landing, longest_prefix, modules_like, tail_of
from consolidator.analysis.references.readers import find_reader
from consolidator.analysis.references.routes import Routes


class FileMoves:
    """The moves of a plan as one file sees them (`codemods.moves.Moves`)."""

    def __init__(self, routes: Routes, path: str) -> None:
        self._routes = routes
        stem, suffix = splitext(path)
        is_module = suffix in (".pyi", ".pyx", ".pxd")  # stubs, and what Cython compiles
        self._path = f"{stem}.py" if is_module else path
        names = routes.tree.layout.names(self._path) if is_module else []
        self.module = names[0] if names else routes.tree.module(path)
        self.is_package = routes.tree.is_package(self._path)
        self.old_module = routes.files.by_hand.get(self._path, "")
        self.needles: Set[str] = routes.needles
        self._stars: dict[str, Mapping[str, Landing]] = {}
        self.own_names: Set[str] = routes.registers.names.keys()

    def imported(self, dotted: str, module: str = "") -> Landing:
        """See `Moves.imported`."""
        return self._marked(self._routes.trace(dotted, self._path, module).landing, dotted)

    def looked_up(self, dotted: str, *, replaced: bool = False) -> Landing:
        """See `Moves.looked_up`."""
        landing = self._routes.looked_up(dotted, self._path, replaced=replaced)
        return self._marked(landing, dotted)

    def can_import(self, module: str, names: Sequence[str]) -> bool:
        """See `Moves.can_import`."""
        dotted = [module if name == "*" else f"{module}.{name}" for name in names]
        return all(
            longest_prefix(name, self._routes.targets) is not None
            or self._routes.resolver.absolute(name, self._path).definitions
            for name in dotted
        )

    def tail(self, dotted: str) -> Landing:
        """See `Moves.tail`; so is a name that only the folder of the file has."""
        landing = tail_of(dotted, self._routes.targets, self._routes.tails)
        if landing or self._routes.tree.is_first_party(dotted):
            return landing
        if label := self._routes.labels.meaning(dotted):
            return label
        target = self._routes.looked_up(dotted, self._path).target
        if target is None or longest_prefix(dotted, self._routes.targets) is not None:
            return STAYS
        return Landing(None, f"may mean {target}: {dotted} is a name for the files beside it only")

    def holds_moved(self, module: str) -> bool:
        """See `Moves.holds_moved`."""
        return self._routes.holds_moved(module, self._path)

    def found_by_name(self, name: str, *, for_certain: bool = False) -> Landing:
        """See `Moves.found_by_name`."""
        is_told = for_certain or "." in name or self._routes.registers.looks_up(self._path)
        return (
            Landing(self._routes.targets[self._routes.registers.names[name]]) if is_told else STAYS
        )

    def _marked(self, landing: Landing, dotted: str) -> Landing:
        if landing.target is None:
            return landing
        find, targets = self._routes.tree.find, self._routes.targets
        is_module = find(landing.target, self._path) is not None
        if not is_module and longest_prefix(dotted, targets) is not None:
            is_module = find(dotted, self._path) is not None  # it moves as a module
        return Landing(landing.target, "", is_module)

    def modules_like(self, pattern: re.Pattern[str], head: str) -> Mapping[str, Landing]:
        """See `Moves.modules_like`."""
        routes = self._routes
        return modules_like(routes.targets, routes.moved_modules, pattern, head)

    def star(self, module: str) -> Mapping[str, Landing]:
        """See `Moves.star`."""
        if module not in self._stars:
            self._stars[module] = self._star(module)
        return self._stars[module]

    def _star(self, module: str) -> Mapping[str, Landing]:
        routes = self._routes
        names = set(routes.leaving.get(module, ()))
        if source := routes.tree.find(module, self._path):
            names |= routes.needles & routes.star_names(source)
        landings = {name: self.imported(f"{module}.{name}", module) for name in sorted(names)}
        return {name: landing for name, landing in landings.items() if landing}

    def star_brings(self, module: str) -> Iterable[str] | None:
        """See `Moves.star_brings`."""
        source = self._routes.tree.find(module, self._path)
        return None if source is None else self._routes.star_names(source)

    def used_elsewhere(self, name: str) -> bool:
        """See `Moves.used_elsewhere`."""
        return self._routes.imported_from(self._path, name)

    def read_elsewhere(self, name: str) -> bool:
        """See `Moves.read_elsewhere`."""
        return bool(find_reader(self._routes.tree, self._path, name))
