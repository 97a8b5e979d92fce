"""How well `extract` tells fixes in a project that says with every change what it is.

    python tests/history_fragments.py CLONE TEXT GLOB        aiohttp 'aiohttp/*'

Such projects add a file like `CHANGES/123.bugfix.rst` or `changelog/123.feature.rst` to each change. A commit
that adds only bug fixes (and words about them) is one; one that adds none is not; others are left out.
Nothing was tuned on them.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from history_truth import FIX_WORD, score

from consolidator.adapters.git import open_repository
from consolidator.adapters.git_reading import CommitReader
from consolidator.analysis.history.records import Commit
from consolidator.plan import Plan
from consolidator.workflow.extract import Selection, run

_FRAGMENT = re.compile(
    r"(?:^|/)(?:CHANGES|changelog|newsfragments)/[^/]+\."
    r"(bugfix|feature|improvement|removal|deprecation|breaking|doc|misc|trivial|contrib|packaging|vendor)\b"
)
_BESIDE = {"bugfix", "doc", "misc", "trivial", "contrib", "packaging"}


def labelled(commit: Commit) -> str | None:
    kinds = {
        match[1]
        for change in commit.changes
        if not change.old and (match := _FRAGMENT.search(change.path))
    }
    if not kinds or len(commit.parents) > 1:
        return None
    if "bugfix" not in kinds:
        return "other"
    return "fix" if kinds <= _BESIDE else None


def main(clone: Path, text: str, glob: str) -> None:
    repository = open_repository(clone)
    assert repository is not None
    report = run(
        clone,
        history=repository,
        reader=CommitReader(repository),
        selection=Selection(match=text, paths=(glob,)),
        plan=Plan(),
    )
    touched = {entry.hash for entry in report.commits if entry.paths}
    told = {name for entry in report.fixes for name in (entry.hash, *entry.copies)}
    commits = {commit.id: commit for commit in repository.commits("HEAD") if commit.id in touched}
    truth = {name: label for name, commit in commits.items() if (label := labelled(commit))}
    print(f"{len(truth)} commits, {sum(label == 'fix' for label in truth.values())} fixes")
    for title, way in (
        ("extract", told.__contains__),
        ('"fix" in the subject', lambda name: bool(FIX_WORD.search(commits[name].subject))),
        ("touches a family file", touched.__contains__),
    ):
        found = score(truth, way)
        print(f"{title:24} {found.precision:.2f} {found.recall:.2f} {found.f1:.2f}  {found}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
