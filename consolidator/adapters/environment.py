"""The Python environment that code in ROOT runs in, read as data: nothing of it is run or imported."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from consolidator.adapters.contents import ContentReader
from consolidator.adapters.load import Facts, Reader, facts_contents
from consolidator.errors import UsageError
from consolidator.tree.index import Tree
from consolidator.tree.modules import Layout

_RUNNING = (sys.version_info.major, sys.version_info.minor)
_COMPILED = (".so", ".pyd")


class Environment:
    """Where packages are installed, and for which Python version.

    By default ROOT's own virtual environment (`.venv` or `venv`) and behind it the environment of
    the running interpreter.
    """

    def __init__(
        self, folders: Sequence[Path], version: tuple[int, int], *, cache: bool = True
    ) -> None:
        self.version = version
        self._folders = tuple(dict.fromkeys(_with_links(folders)))
        self._contents = facts_contents(1, cache=cache)
        self.find = lru_cache(maxsize=None)(self._find)
        self.stubs = lru_cache(maxsize=None)(self._stubs)

    def _find(self, package: str) -> Tree | None:
        """The tree of a top-level package or module; None where there is no Python source of it."""
        for folder in self._folders:
            if (folder / package).is_dir():
                paths = list(_source_files(folder, package))
                if any(path.endswith(".py") for path in paths):
                    return self._tree(folder, paths)
            if (folder / f"{package}.py").is_file():
                return self._tree(folder, [f"{package}.py"])
        return None

    def _tree(self, folder: Path, paths: list[str]) -> Tree:
        packages = frozenset(p.rpartition("/")[0] for p in paths if p.endswith("/__init__.py"))
        reader = Reader(folder, self._contents)
        return Tree(str(folder), paths, Layout(("",), packages), reader.read, reader.facts)

    def _stubs(self, package: str) -> Tree | None:
        """The `.pyi` files of a package as if they were its source; None where there are none.

        A folder `package-stubs` comes before stubs beside the code, as PEP 561 says.
        """
        for folder in self._folders:
            for name in (f"{package}-stubs", package):
                found = sorted((folder / name).rglob("*.pyi"))
                if not found:
                    continue
                paths = [
                    f"{package}/{path.relative_to(folder / name).as_posix()[:-1]}" for path in found
                ]
                packages = frozenset(
                    p.rpartition("/")[0] for p in paths if p.endswith("/__init__.py")
                )
                reader = StubReader(folder / name, package, self._contents)
                return Tree(str(folder), paths, Layout(("",), packages), reader.read, reader.facts)
        return None

    def compiled(self, package: str) -> bool:
        """Whether a top-level module is installed as machine code only."""
        return any(
            name.partition(".")[0] == package and name.endswith(_COMPILED)
            for folder in self._folders
            for name in _names(folder)
        )


class StubReader(Reader):
    """Reads `package/module.py` from `module.pyi` in a folder of stubs."""

    def __init__(self, folder: Path, package: str, contents: ContentReader[Facts]) -> None:
        super().__init__(folder, contents)
        self._package = f"{package}/"

    def read(self, path: str) -> bytes:
        return super().read(f"{path.removeprefix(self._package)}i")


def environment_of(
    root: Path,
    python: Path | None = None,
    site_packages: Sequence[Path] = (),
    *,
    cache: bool = True,
) -> Environment:
    """The environment to read. `python` is an interpreter, whose folders are found beside it without
    running it; `site_packages` are folders to look in first."""
    for folder in site_packages:
        if not folder.is_dir():
            raise UsageError(f"{folder}: is no directory (expected a site-packages directory)")
    if python is not None:
        prefix = _prefix_of(python)
        found = list(_site_packages(prefix))
        if not found:
            raise UsageError(f"{python}: no site-packages directory belongs to this interpreter")
        return Environment([*site_packages, *found], _version_of(prefix, found), cache=cache)
    own = [e for name in (".venv", "venv") if (e := root / name).is_dir()]
    folders = [folder for prefix in own for folder in _site_packages(prefix)]
    version = _version_of(own[0], folders) if folders else _RUNNING
    return Environment([*site_packages, *folders, *_running()], version, cache=cache)


def _running() -> list[Path]:
    paths = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    return [Path(path) for path in (*paths, sysconfig.get_path("stdlib"))]


def _prefix_of(python: Path) -> Path:
    if not python.exists():
        raise UsageError(f"{python}: there is no such interpreter")
    # Not resolved: the interpreter of a virtual environment is a link out of it.
    return python if python.is_dir() else Path(os.path.abspath(python)).parent.parent


def _site_packages(prefix: Path) -> Iterator[Path]:
    yield from sorted(prefix.glob("lib/python3*/site-packages"))
    if (windows := prefix / "Lib" / "site-packages").is_dir():
        yield windows


def _version_of(prefix: Path, folders: Sequence[Path]) -> tuple[int, int]:
    """From `pyvenv.cfg`, else from the folder's name, else the running version."""
    try:
        lines = (prefix / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        lines = []
    texts = [
        value.strip()
        for line in lines
        for key, _, value in [line.partition("=")]
        if key.strip() in ("version", "version_info")
    ]
    texts += [folder.parent.name.removeprefix("python") for folder in folders]
    for text in texts:
        major, _, rest = text.partition(".")
        minor = rest.partition(".")[0]
        if major.isdigit() and minor.isdigit():
            return int(major), int(minor)
    return _RUNNING


def _with_links(folders: Sequence[Path]) -> Iterator[Path]:
    """The folders, and those that plain lines of their `.pth` files add (editable installs)."""
    for folder in folders:
        yield folder
        for link in sorted(folder.glob("*.pth")):
            try:
                lines = link.read_text(encoding="utf-8").splitlines()
            except (OSError, UnicodeDecodeError):
                continue
            for line in lines:
                is_path = line.strip() and not line.startswith(("#", "import ", "import\t"))
                if is_path and (target := folder / line.strip()).is_dir():
                    yield target


def _source_files(folder: Path, package: str) -> Iterator[str]:
    kinds = (".py", *_COMPILED)
    for current, folders, names in os.walk(folder / package):
        folders[:] = sorted(set(folders) - {"__pycache__", "site-packages"})
        below = Path(current).relative_to(folder).as_posix()
        yield from (f"{below}/{name}" for name in sorted(names) if name.endswith(kinds))


@lru_cache(maxsize=64)
def _names(folder: Path) -> tuple[str, ...]:
    try:
        return tuple(os.listdir(folder))
    except OSError:
        return ()
