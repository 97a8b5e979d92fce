"""Which dotted names a file answers to, decided from the folder layout alone."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from posixpath import basename, dirname

ROOT_FILES = frozenset({"pyproject.toml", "setup.py", "setup.cfg", "manage.py"})
"""Files beside which top packages lie. Django's `manage.py` makes its own folder the first of `sys.path`."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Source roots (folders put on `sys.path`, `""` for ROOT, deepest first) and packages.

    `above` is the dotted name of ROOT itself where ROOT is a package, else empty.
    """

    roots: tuple[str, ...]
    packages: frozenset[str]
    above: str = ""

    def names(self, path: str) -> list[str]:
        """Module names of a file, the one a reader would expect first.

        The first counts from the deepest source root; shallower roots give the others.
        """
        return list(dict.fromkeys(self._names(path)))

    def _names(self, path: str) -> Iterator[str]:
        stem = path.removesuffix(".py").removesuffix(".pyi")
        stem = stem.removesuffix("/__init__")
        for root in self.roots:
            prefix = f"{root}/" if root else ""
            if self.above and not root:
                yield self.above if stem == "__init__" else f"{self.above}.{stem.replace('/', '.')}"
            if path.startswith(prefix) and stem != root:
                name = stem[len(prefix) :].replace("/", ".")
                if not (self.above and not root and _is_standard(name)):
                    yield name


def _is_standard(name: str) -> bool:
    # ROOT is a package, so `asyncio` in it means the standard library, not ROOT's own `asyncio` folder.
    return name.partition(".")[0] in sys.stdlib_module_names


def find_layout(paths: Iterable[str], configured: Iterable[str] = (), above: str = "") -> Layout:
    """Source roots as configured, or found: ROOT, every folder that holds one of `ROOT_FILES`, and a
    `src` folder of either. A folder that is itself a package is no source root."""
    every = list(paths)
    packages = frozenset(dirname(path) for path in every if basename(path) == "__init__.py")
    roots = {root.strip("/").removeprefix(".").strip("/") for root in configured}
    if not roots:
        roots = {""} | {dirname(path) for path in every if basename(path) in ROOT_FILES}
        folders = _folders_with_python(every)
        roots |= {src for root in roots if (src := f"{root}/src".lstrip("/")) in folders}
    usable = {root for root in roots if not root or root not in packages}
    return Layout(tuple(sorted(usable, key=lambda root: (-len(root), root))), packages, above)


def _folders_with_python(paths: Iterable[str]) -> set[str]:
    folders: set[str] = set()
    for path in paths:
        folder = dirname(path) if path.endswith(".py") else ""
        while folder and folder not in folders:
            folders.add(folder)
            folder = dirname(folder)
    return folders


def absolute_module(module: str, is_package: bool, level: int, target: str) -> str | None:
    """The absolute module that a relative import means; None where it climbs out of the top package."""
    if not level:
        return target
    parts = module.split(".") if module else []
    climb = level - 1 if is_package else level
    if climb > len(parts) or (climb == len(parts) and not is_package and len(parts) < level):
        return None
    base = parts[: len(parts) - climb]
    if not base:
        return target or None
    return ".".join([*base, target] if target else base)
