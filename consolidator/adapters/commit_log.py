"""The history of a repository with its changes, kept on disk: git is asked only for what came since."""

from __future__ import annotations

from pathlib import Path

import msgspec

from consolidator.adapters import git_log
from consolidator.adapters.document_cache import DocumentCache
from consolidator.adapters.git import Repository
from consolidator.analysis.history import records
from consolidator.analysis.history.records import Commit

_MAKERS = tuple(Path(str(module.__file__)) for module in (git_log, records))
_MOST = 8
"""Histories kept; one of 5,000 commits takes 20 MB."""


class Log(msgspec.Struct, frozen=True):
    tip: str
    commits: list[Commit]


class CommitLog:
    """The last log of each repository. Whatever tip it was of, a commit's changes stay the same; only
    the order is asked for anew."""

    def __init__(self, folder: Path | None = None) -> None:
        self._kept: DocumentCache[Log] = DocumentCache("log", Log, _MAKERS, _MOST, folder)

    def commits(self, repository: Repository, tip: str) -> list[Commit]:
        """The same as `repository.commits(tip)`."""
        question = repr((repository.identity, repository.boundaries))
        kept = self._kept.get(question)
        if kept is not None and kept.tip == tip:
            return kept.commits
        if kept is None or not repository.has_commit(kept.tip):
            commits = list(repository.commits(tip))
        else:
            known = {commit.id: commit for commit in kept.commits}
            known |= {commit.id: commit for commit in repository.commits(tip, kept.tip)}
            commits = [known[name] for name in repository.ancestry(tip) if name in known]
        self._kept.put(question, Log(tip, commits))
        return commits
