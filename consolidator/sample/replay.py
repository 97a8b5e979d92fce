"""From the tree at HEAD and a list of changes to the tree after each commit.

The first pass walks backwards from HEAD and finds what each added file looked like; the second
walks forwards, branch by branch. That both meet at HEAD proves the table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch

from consolidator.sample.history import Commit, Edit, Sweep

Tree = dict[str, str]


class HistoryError(ValueError):
    """The table and the tree do not fit one another."""


@dataclass(frozen=True)
class Step:
    """A commit with the tree that it leaves; parents are positions in the list of steps."""

    commit: Commit
    parents: tuple[int, ...]
    tree: Mapping[str, str]


def replay(
    head: Mapping[str, str], attic: Mapping[str, str], table: Sequence[Commit]
) -> list[Step]:
    added = _first_versions(head, attic, table)
    steps: list[Step] = []
    tips: dict[str | None, int] = {}
    waiting: dict[str, list[int]] = {}
    for position, commit in enumerate(table):
        parents = _parents(commit, tips)
        tree = dict(steps[parents[0]].tree) if parents else {}
        todo = [position] if commit.merge is None else [*waiting.pop(commit.merge), position]
        for each in todo:
            _apply(table[each], added[each], tree)
        if commit.branch is not None:
            waiting.setdefault(commit.branch, []).append(position)
        steps.append(Step(commit, parents, tree))
        tips[commit.branch] = position
    if steps[-1].tree != dict(head):
        raise HistoryError(f"the history does not end at HEAD: {_difference(steps[-1].tree, head)}")
    return steps


def _parents(commit: Commit, tips: dict[str | None, int]) -> tuple[int, ...]:
    main = (tips[None],) if None in tips else ()
    if commit.merge is not None:
        return (*main, tips.pop(commit.merge))
    return (tips[commit.branch],) if commit.branch in tips else main


def _first_versions(
    head: Mapping[str, str], attic: Mapping[str, str], table: Sequence[Commit]
) -> list[Tree]:
    tree = dict(head)
    added: list[Tree] = [{} for _ in table]
    for position in reversed(range(len(table))):
        commit = table[position]
        _undo(commit, tree, attic)
        added[position] = {path: _take(tree, path, commit) for path in commit.change.add}
        for old, new in commit.change.rename:
            tree[old] = _take(tree, new, commit)
    if tree:
        raise HistoryError(f"no commit adds {sorted(tree)}")
    return added


def _undo(commit: Commit, tree: Tree, attic: Mapping[str, str]) -> None:
    for path in commit.change.delete:
        tree[path] = attic[path]
    for sweep in reversed(commit.change.sweeps):
        _sweep(Sweep(sweep.files, sweep.after, sweep.before), tree)
    for edit in reversed(commit.change.edits):
        _edit(Edit(edit.path, edit.after, edit.before), tree, commit)


def _apply(commit: Commit, added: Mapping[str, str], tree: Tree) -> None:
    change = commit.change
    for old, new in change.rename:
        tree[new] = _take(tree, old, commit)
    tree.update(added)
    for edit in change.edits:
        _edit(edit, tree, commit)
    for sweep in change.sweeps:
        _sweep(sweep, tree)
    for path in change.delete:
        _take(tree, path, commit)


def _take(tree: Tree, path: str, commit: Commit) -> str:
    if path not in tree:
        raise HistoryError(f"{commit.date} {commit.subject!r}: there is no {path}")
    return tree.pop(path)


def _edit(edit: Edit, tree: Tree, commit: Commit) -> None:
    count = tree.get(edit.path, "").count(edit.before)
    if count != 1:
        raise HistoryError(
            f"{commit.date} {commit.subject!r}: {edit.path} has {count} times {edit.before!r}"
        )
    tree[edit.path] = tree[edit.path].replace(edit.before, edit.after)


def _sweep(sweep: Sweep, tree: Tree) -> None:
    for path in tree:
        if any(fnmatch(path, pattern) for pattern in sweep.files):
            tree[path] = tree[path].replace(sweep.before, sweep.after)


def _difference(mine: Mapping[str, str], theirs: Mapping[str, str]) -> list[str]:
    return sorted(
        path for path in mine.keys() | theirs.keys() if mine.get(path) != theirs.get(path)
    )
