"""The files of ROOT on disk: which there are, and their bytes."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pathspec

from consolidator.adapters import git
from consolidator.errors import ToolError, UsageError

DEFAULT_EXCLUDES = (
    "*.egg-info/",
    ".git/",
    ".consolidator/",
    ".hg/",
    ".tox/",
    ".nox/",
    ".mypy_cache/",
    ".pytest_cache/",
    ".ruff_cache/",
    ".ipynb_checkpoints/",
    ".venv/",
    "node_modules/",
    "site-packages/",
    "__pycache__/",
    ".eggs/",
    "build/lib/",
)
"""Folders that hold other people's code or output, at any depth; so does one with a `pyvenv.cfg`. What
projects also call packages of their own, as `env`, is not among them."""
_ENVIRONMENT = "pyvenv.cfg"
_OUTPUT = "/dist/"
"""Where bundlers and builders write; Python code in it is a package of that name."""


def check_root(root: Path) -> Path:
    """ROOT made absolute; a typed error where it is no readable directory."""
    if not root.exists():
        raise UsageError(f"{root}: there is no such directory")
    if not root.is_dir():
        raise UsageError(f"{root}: is a file; ROOT must be a directory")
    if not os.access(root, os.R_OK | os.X_OK):
        raise ToolError(f"{root}: permission to read this directory is missing")
    return root.resolve()


def list_files(root: Path, exclude: Sequence[str] = ()) -> list[str]:
    """Paths of regular files below ROOT, relative with `/`, sorted.

    Inside git these are the tracked files and the untracked ones that are not ignored; elsewhere all
    files on disk. Links to directories are not followed, so a loop of links can't trap the walk.
    """
    listed = git.tracked_and_untracked_files(root)
    candidates = _walk(root, _spec(exclude)) if listed is None else listed
    prefix = f"{root}/"
    return [path for path in left_in(candidates, exclude) if _is_regular(prefix + path)]


def links_among(root: Path, paths: Iterable[str]) -> dict[str, str]:
    """Those of the paths that are links to others of them, with the path that each leads to."""
    prefix = f"{root}/"
    every = set(paths)
    leads = {
        path: os.path.realpath(prefix + path) for path in every if os.path.islink(prefix + path)
    }
    inside = {path: real.removeprefix(prefix) for path, real in leads.items()}
    return {path: target for path, target in sorted(inside.items()) if target in every}


def left_in(paths: Iterable[str], exclude: Sequence[str] = ()) -> list[str]:
    """The paths that neither the default exclusions nor these patterns take out, sorted."""
    spec = _spec(exclude)
    every = list(paths)
    environments = tuple(
        path.removesuffix(_ENVIRONMENT) for path in every if path.endswith(f"/{_ENVIRONMENT}")
    )
    if environments:
        every = [path for path in every if not path.startswith(environments)]
    every = [p for p in every if _OUTPUT not in f"/{p}" or p.endswith((".py", ".pyi"))]
    if not exclude:
        return sorted(_outside_default_excludes(every, spec))
    return sorted(path for path in every if not spec.match_file(path))


def _spec(exclude: Sequence[str]) -> pathspec.GitIgnoreSpec:
    return pathspec.GitIgnoreSpec.from_lines([*DEFAULT_EXCLUDES, *exclude])


def _outside_default_excludes(paths: Iterable[str], spec: pathspec.GitIgnoreSpec) -> list[str]:
    # The defaults name folders only, so each folder is matched once instead of each file.
    excluded: dict[str, bool] = {"": False}
    kept = []
    for path in paths:
        folder = path.rpartition("/")[0]
        if folder not in excluded:
            excluded[folder] = spec.match_file(f"{folder}/")
        if not excluded[folder]:
            kept.append(path)
    return kept


def _walk(root: Path, spec: pathspec.GitIgnoreSpec) -> Iterator[str]:
    for folder, folders, names in os.walk(root):
        below = Path(folder).relative_to(root).as_posix()
        prefix = "" if below == "." else f"{below}/"
        if prefix and _ENVIRONMENT in names:
            folders.clear()
            continue
        folders[:] = [name for name in folders if not spec.match_file(f"{prefix}{name}/")]
        yield from (f"{prefix}{name}" for name in names)


def _is_regular(path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False
