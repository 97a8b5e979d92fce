"""What a commit changed, whatever it was about."""

from __future__ import annotations

from collections.abc import Mapping

from consolidator.adapters.git import Repository
from consolidator.analysis.history.edits import Editor
from consolidator.analysis.history.family import Scope, is_test
from consolidator.analysis.history.records import Change, Edits, Task
from consolidator.errors import ToolError, UsageError

_EVERYTHING = Scope(match=".py")
"""Every Python file is matched by its path."""


def edits_of(repository: Repository, fix: str) -> Edits:
    """What a commit did to the Python files below ROOT, against its first parent.

    Raises ToolError where the repository lacks the commit: in a shallow clone nobody can say what it
    brought.
    """
    try:
        after = repository.tree_at(fix)
    except UsageError:
        hint = "; the clone is shallow, fetch the whole history" if repository.shallow else ""
        raise ToolError(
            f"[[keep]] fix = {fix!r} names no commit in {repository.root}{hint}"
        ) from None
    try:
        before = repository.tree_at(f"{fix}^")
    except UsageError:
        if repository.shallow:
            raise ToolError(f"the parent of {fix} is not in this shallow clone") from None
        before = {}
    changes = _changes(before, after)
    contents = dict(repository.read_blobs(blob for change in changes for blob in change.blobs))
    task = Task(
        tuple(change for change in changes if not is_test(change.path)),
        tuple(change for change in changes if is_test(change.path)),
    )
    edits = Editor(_EVERYTHING, contents.__getitem__).edits(task)
    if not edits.complete or None in contents.values():
        path = next(iter(path for path, _ in edits.troubles), "a file")
        raise ToolError(f"a version of {path} that {fix} changed is not in this clone")
    return edits


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    paths = sorted(path for path in before.keys() | after.keys() if path.endswith(".py"))
    return [
        Change(path, (before[path],) if path in before else (), after.get(path))
        for path in paths
        if before.get(path) != after.get(path)
    ]
