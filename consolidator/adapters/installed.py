"""The source of installed packages, found on `sys.path` and read as data: nothing is imported."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from consolidator.tree.facts import ModuleFacts, Unreadable
from consolidator.tree.index import Tree
from consolidator.tree.modules import find_layout
from consolidator.tree.read import facts_of


class InstalledPackages:
    """Packages that code in ROOT can import: those of ROOT's own virtual environment first, then
    those of the running interpreter."""

    def __init__(self, root: Path) -> None:
        self._folders = tuple(_import_path(root))
        self.find = lru_cache(maxsize=None)(self._find)

    def _find(self, package: str) -> Tree | None:
        """The tree of a top-level package or module; None where there is no Python source of it."""
        for folder in self._folders:
            if (folder / package / "__init__.py").is_file():
                files = sorted((folder / package).rglob("*.py"))
                return _tree(folder, [path.relative_to(folder).as_posix() for path in files])
            if (folder / f"{package}.py").is_file():
                return _tree(folder, [f"{package}.py"])
        return None


def _tree(folder: Path, files: Sequence[str]) -> Tree:
    def read(path: str) -> bytes:
        return (folder / path).read_bytes()

    def facts(paths: Sequence[str]) -> Mapping[str, ModuleFacts | Unreadable]:
        return {path: _facts(folder / path) for path in paths}

    return Tree(str(folder), files, find_layout(files, ()), read, facts)


def _facts(path: Path) -> ModuleFacts | Unreadable:
    try:
        return facts_of(path.read_bytes())
    except OSError as error:
        return Unreadable(1, error.strerror or str(error))


def _import_path(root: Path) -> Iterator[Path]:
    for environment in (root / ".venv", root / "venv"):
        yield from sorted(environment.glob("lib/python3*/site-packages"))
        if (environment / "Lib" / "site-packages").is_dir():
            yield environment / "Lib" / "site-packages"
    for entry in sys.path:
        if entry and Path(entry).is_dir():
            yield Path(entry)
