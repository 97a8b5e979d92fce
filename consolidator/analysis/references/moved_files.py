"""Where the modules that a plan moves stand on disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from posixpath import basename

from codemods.moves import longest_prefix
from consolidator.tree.index import Tree


class MovedFiles:
    """The files of the modules among some moves."""

    def __init__(self, tree: Tree, targets: Mapping[str, str]) -> None:
        self._tree = tree
        self._targets = targets

    @cached_property
    def paths(self) -> dict[str, str]:
        """The path of every module that moves, or that was moved by hand, with its dotted name; a package
        is its folder."""
        paths = {source: self._old_path(source, target) for source, target in self._targets.items()}
        return {p.removesuffix("__init__.py"): s for s, p in paths.items() if p}

    def _old_path(self, source: str, target: str) -> str:
        if found := self._tree.find(source):
            return found
        stem = target.replace(".", "/")
        root, there, rest = (self._tree.find(target) or "").rpartition(stem)
        return f"{root}{source.replace('.', '/')}{rest}" if there else ""

    @cached_property
    def by_hand(self) -> dict[str, str]:
        """The files of modules that were moved by hand, or lie in packages that were, with their old
        modules: their relative imports may still count from there."""
        homes = {
            target: source
            for source, target in self._targets.items()
            if self._tree.find(target) and not self._tree.find(source)
        }
        modules = self._tree.modules().items() if homes else ()
        found = ((path, longest_prefix(module, homes)) for module, path in modules)
        return {path: old for path, old in found if old is not None}

    @cached_property
    def names(self) -> dict[str, list[str]]:
        """These paths by their last part."""
        names: dict[str, list[str]] = {}
        for path in self.paths:
            names.setdefault(basename(path.rstrip("/")), []).append(path)
        return names

    @cached_property
    def ends(self) -> dict[str, list[str]]:
        """Those last parts, by the word that each begins with."""
        ends: dict[str, list[str]] = {}
        for name in self.names:
            ends.setdefault(name.partition(".")[0], []).append(name)
        return ends

    def is_only(self, name: str) -> bool:
        """Whether one Python file alone has a name, its folder apart."""
        return self._base_names[name] == 1

    @cached_property
    def _base_names(self) -> Counter[str]:
        return Counter(map(basename, self._tree.paths))
