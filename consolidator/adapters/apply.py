"""Writing many files as one: all of them, or none, whatever kills the process meanwhile.

Everything is staged in `.consolidator/migrate/N` below ROOT first: the old bytes, the new bytes and a
manifest with the hashes of both. Renaming that folder into place is the decision; from then on the
application is carried to its end, by this process or by the next command (`recover`). The old bytes
stay there for `undo`.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from consolidator.analysis.changes import FileChange
from consolidator.errors import ToolError, UsageError

STATE = ".consolidator"
_PREPARING = ".preparing"
"""Ends the name of a folder that is no part of the journal: not yet, or no longer."""
_DONE = "done"


class _Entry(msgspec.Struct, frozen=True):
    path: str
    old: str | None
    """SHA-256 of the bytes before; None where the file did not exist."""
    new: str | None
    """SHA-256 of the bytes after; None where the file goes."""
    mode: int


class _Manifest(msgspec.Struct, frozen=True):
    files: tuple[_Entry, ...]
    undoes: str = ""
    """The application that this one takes back."""
    swaps: tuple[str, ...] = ()
    """What it has swapped: "old = new" of every move that a second application takes back."""


def apply_changes(root: Path, changes: Iterable[FileChange], swaps: Iterable[str] = ()) -> int:
    """Writes the changes and returns how many files they were. The journal keeps what they swap.

    Raises `UsageError` where a file is no longer what the change was computed from; nothing is
    written then.
    """
    every = [change for change in changes if change.before != change.after]
    if every:
        with _locked(root) as state:
            _recover(root, state)
            _run(root, _stage(root, state, _Manifest((), "", tuple(sorted(swaps))), every))
    return len(every)


def swapped(root: Path) -> frozenset[str]:
    """What applications that were not undone have swapped."""
    state = root / STATE / "migrate"
    folders = _applications(state) if state.is_dir() else []
    return frozenset(swap for folder in folders for swap in _manifest(folder).swaps)


def undo_last(root: Path) -> list[str]:
    """Takes the last application back, byte for byte, and returns the paths; empty if there is none.

    Raises `UsageError` where one of its files was changed since.
    """
    if not (root / STATE).is_dir():
        return []
    with _locked(root) as state:
        _recover(root, state)
        done = _applications(state)
        if not done:
            return []
        last = done[-1]
        changes = [_reversed(root, last, i, e) for i, e in enumerate(_manifest(last).files)]
        _run(root, _stage(root, state, _Manifest((), last.name), changes))
        return [change.path for change in changes]


def recover(root: Path) -> list[str]:
    """Finishes an application that was interrupted; the paths it concerned, empty if there was none.

    Nothing is written, and no lock taken, where none was interrupted.
    """
    state = root / STATE / "migrate"
    if not state.is_dir() or not any(_unfinished(state)):
        return []
    with _locked(root) as state:
        return _recover(root, state)


def last_changes(root: Path) -> list[FileChange]:
    """What the latest application did to each file that is still as it left it."""
    state = root / STATE / "migrate"
    if not state.is_dir():
        return []
    latest: dict[str, FileChange | None] = {}
    for folder in reversed(_applications(state)):
        for index, entry in enumerate(_manifest(folder).files):
            if entry.path not in latest:
                latest[entry.path] = _as_left(root, folder, index, entry)
    return [change for _, change in sorted(latest.items()) if change is not None]


def _as_left(root: Path, folder: Path, index: int, entry: _Entry) -> FileChange | None:
    target = _target(root, entry.path)
    current = target.read_bytes() if target.is_file() else None
    if current is None or entry.old is None or _hash(current) != entry.new:
        return None
    return FileChange(entry.path, (folder / f"{index}.old").read_bytes(), current)


def files_as_left(root: Path) -> frozenset[str]:
    """Files that are exactly what the last application to each made of them, or removed as it did."""
    state = root / STATE / "migrate"
    latest: dict[str, str | None] = {}
    for folder in _applications(state) if state.is_dir() else ():
        latest.update((entry.path, entry.new) for entry in _manifest(folder).files)
    return frozenset(path for path, new in latest.items() if _current(root, path) == new)


def _current(root: Path, path: str) -> str | None:
    target = _target(root, path)
    return _hash(target.read_bytes()) if target.is_file() else None


# the journal


@contextmanager
def _locked(root: Path) -> Iterator[Path]:
    state = root / STATE / "migrate"
    try:
        state.mkdir(parents=True, exist_ok=True)
        ignore = root / STATE / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", "utf-8")
        with (root / STATE / "lock").open("w") as lock:
            _lock(lock.fileno())
            yield state
    except OSError as error:
        raise ToolError(f"{error.filename or root}: can't be written: {error.strerror}") from error


def _lock(descriptor: int) -> None:
    try:
        import fcntl  # noqa: PLC0415 - absent on Windows
    except ImportError:
        return
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def _applications(state: Path) -> list[Path]:
    folders = [f for f in state.iterdir() if f.is_dir() and f.name.isdigit()]
    return sorted(folders, key=lambda folder: int(folder.name))


def _manifest(folder: Path) -> _Manifest:
    return msgspec.json.decode((folder / "manifest.json").read_bytes(), type=_Manifest)


def _stage(root: Path, state: Path, blank: _Manifest, changes: Iterable[FileChange]) -> Path:
    numbers = [int(folder.name) for folder in _applications(state)]
    name = str(max(numbers, default=0) + 1)
    folder = state / (name + _PREPARING)
    try:
        folder.mkdir()
        entries = [_stage_file(root, folder, i, change) for i, change in enumerate(changes)]
        manifest = msgspec.structs.replace(blank, files=tuple(entries))
        _write(folder / "manifest.json", msgspec.json.encode(manifest))
        _sync_folder(folder)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise ToolError(f"{folder}: {error.strerror}; nothing was written") from error
    except UsageError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    folder.rename(state / name)
    _sync_folder(state)
    return state / name


def _stage_file(root: Path, folder: Path, index: int, change: FileChange) -> _Entry:
    target = _target(root, change.path)
    current = target.read_bytes() if target.exists() else b""
    if current != change.before:
        raise UsageError(f"{change.path}: was changed meanwhile; nothing was written, run it again")
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o644
    _write(folder / f"{index}.old", change.before)
    if change.after is not None:
        _write(folder / f"{index}.new", change.after)
        (folder / f"{index}.new").chmod(mode)
    old = _hash(change.before) if target.exists() else None
    return _Entry(change.path, old, None if change.after is None else _hash(change.after), mode)


def _reversed(root: Path, folder: Path, index: int, entry: _Entry) -> FileChange:
    target = _target(root, entry.path)
    current = target.read_bytes() if target.exists() else None
    if (None if current is None else _hash(current)) != entry.new:
        raise UsageError(f"{entry.path}: was changed after it was migrated; it can't be undone")
    old = None if entry.old is None else (folder / f"{index}.old").read_bytes()
    return FileChange(entry.path, current or b"", old)


# carrying it out


def _recover(root: Path, state: Path) -> list[str]:
    for leftover in state.glob(f"*{_PREPARING}"):
        shutil.rmtree(leftover)
    concerned: list[str] = []
    for folder in list(_unfinished(state)):
        concerned += (entry.path for entry in _manifest(folder).files)
        _run(root, folder)
    return concerned


def _unfinished(state: Path) -> Iterator[Path]:
    return (folder for folder in _applications(state) if not (folder / _DONE).exists())


def _run(root: Path, folder: Path) -> None:
    manifest = _manifest(folder)
    pending = [(i, e) for i, e in enumerate(manifest.files) if _is_pending(root, folder, e)]
    try:
        touched = {_replace(root, folder, index, entry) for index, entry in pending}
        for parent in touched:
            if parent.is_dir():
                _sync_folder(parent)
    except OSError as error:
        place = error.filename2 or error.filename or root
        what = f"{place}: {error.strerror}; some files are written, the next command goes on"
        raise ToolError(what) from error
    if manifest.undoes:
        _forget(folder.parent / manifest.undoes)
        _forget(folder)
    else:
        _write(folder / _DONE, b"")
    _sync_folder(folder.parent)


def _forget(folder: Path) -> None:
    """Removes an application from the journal: by one rename, so that it is never seen half removed."""
    leftover = folder.with_name(folder.name + _PREPARING)
    if folder.is_dir():
        folder.rename(leftover)
        _sync_folder(folder.parent)
    shutil.rmtree(leftover, ignore_errors=True)


def _is_pending(root: Path, folder: Path, entry: _Entry) -> bool:
    target = _target(root, entry.path)
    current = _hash(target.read_bytes()) if target.exists() else None
    if current == entry.new:
        return False
    if current != entry.old:
        raise ToolError(
            f"{entry.path}: an interrupted migration has to be finished, but this file was changed "
            f"meanwhile: put its old or its new bytes back (they are in {folder}), or remove that "
            "folder to leave every file as it is now"
        )
    return True


def _replace(root: Path, folder: Path, index: int, entry: _Entry) -> Path:
    target = _target(root, entry.path)
    if entry.new is None:
        target.unlink()
        _remove_empty(root, target.parent)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        _put(folder / f"{index}.new", target)
    return target.parent


def _put(staged: Path, target: Path) -> None:
    """Moves a staged file into place; from another file system by way of a file beside its place."""
    try:
        os.replace(staged, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        beside = target.with_name(f".{target.name}{_PREPARING}")
        _write(beside, staged.read_bytes())
        beside.chmod(stat.S_IMODE(staged.stat().st_mode))
        os.replace(beside, target)


def _remove_empty(root: Path, folder: Path) -> None:
    """Removes folders that hold nothing, or nothing but compiled leftovers."""
    while folder != root and {entry.name for entry in folder.iterdir()} <= {"__pycache__"}:
        shutil.rmtree(folder)
        folder = folder.parent


def _target(root: Path, path: str) -> Path:
    """Where a path really lies, links followed; never outside ROOT."""
    target = (root / path).resolve()
    if not target.is_relative_to(root.resolve()):
        raise UsageError(f"{path}: links to a file outside of {root}; exclude it in the plan")
    return target


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
