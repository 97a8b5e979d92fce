"""What a commit changed, file by file."""

from __future__ import annotations

from collections.abc import Iterator

from consolidator.adapters.git import Repository
from consolidator.analysis.kept import Version
from consolidator.errors import ToolError, UsageError


def versions_of(repository: Repository, fix: str) -> Iterator[Version]:
    """Python files below ROOT that a commit changed against its first parent.

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
    changed = sorted(p for p in after if p.endswith(".py") and after[p] != before.get(p))
    for path in changed:
        ids = [blob for blob in (before.get(path), after[path]) if blob is not None]
        contents = [data for _, data in repository.read_blobs(ids)]
        if None in contents:
            raise ToolError(f"a version of {path} that {fix} changed is not in this clone")
        yield Version(path, contents[0] if len(contents) > 1 else None, contents[-1])
