"""The files of ROOT on disk: which there are, and their bytes."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

import pathspec

from consolidator.adapters import git
from consolidator.errors import ToolError, UsageError

DEFAULT_EXCLUDES = (
    ".git/",
    ".consolidator/",
    ".hg/",
    ".tox/",
    ".nox/",
    ".venv/",
    "venv/",
    "env/",
    "node_modules/",
    "site-packages/",
    "__pycache__/",
    ".eggs/",
    "build/lib/",
    "dist/",
)
"""Folders that hold other people's code or output, at any depth."""


def check_root(root: Path) -> Path:
    """ROOT made absolute; a typed error where it is no readable directory."""
    if not root.exists():
        raise UsageError(f"{root}: there is no such directory")
    if not root.is_dir():
        raise UsageError(f"{root}: is a file; ROOT must be a directory")
    if not os.access(root, os.R_OK | os.X_OK):
        raise ToolError(f"{root}: permission to read this directory is missing")
    return root.resolve()


def list_files(root: Path, exclude: Iterable[str] = ()) -> list[str]:
    """Paths of regular files below ROOT, relative with `/`, sorted.

    Inside git these are the tracked files and the untracked ones that are not ignored; elsewhere all
    files on disk. Links to directories are not followed, so a loop of links can't trap the walk.
    """
    spec = pathspec.GitIgnoreSpec.from_lines([*DEFAULT_EXCLUDES, *exclude])
    listed = git.tracked_and_untracked_files(root)
    candidates = _walk(root, spec) if listed is None else listed
    return sorted(p for p in candidates if not spec.match_file(p) and _is_regular(root / p))


def _walk(root: Path, spec: pathspec.GitIgnoreSpec) -> Iterator[str]:
    for folder, folders, names in os.walk(root):
        below = Path(folder).relative_to(root).as_posix()
        prefix = "" if below == "." else f"{below}/"
        folders[:] = [name for name in folders if not spec.match_file(f"{prefix}{name}/")]
        yield from (f"{prefix}{name}" for name in names)


def _is_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return False
