"""The history of a repository as far as a question goes, kept on disk: git is asked only for what came since."""

from __future__ import annotations

from pathlib import Path

import msgspec

from consolidator.adapters import git_log
from consolidator.adapters.document_cache import DocumentCache
from consolidator.adapters.git import Repository
from consolidator.analysis.history import family, records, touching
from consolidator.analysis.history.family import Scope
from consolidator.analysis.history.records import Log, Touch
from consolidator.analysis.history.touching import touch_of

_MAKERS = tuple(Path(str(module.__file__)) for module in (git_log, family, records, touching))
_MOST = 32
"""Logs kept, one for each question; of 1,000 commits that concern it one takes 2 MB."""


class KeptLog(msgspec.Struct, frozen=True):
    tip: str
    read: list[str]
    touches: list[Touch]


class CommitLog:
    """The last log of each question to each repository. Whatever tip it was of, a commit's changes stay
    the same; only the order is asked for anew."""

    def __init__(self, folder: Path | None = None) -> None:
        self._kept: DocumentCache[KeptLog] = DocumentCache("log", KeptLog, _MAKERS, _MOST, folder)

    def log(self, repository: Repository, scope: Scope, tip: str) -> Log:
        """The same as `read_log`."""
        question = repr((repository.identity, repository.boundaries, scope))
        kept = self._kept.get(question)
        if kept is None or not (kept.tip == tip or repository.has_commit(kept.tip)):
            kept = KeptLog(tip, *_read(repository, scope, tip, None))
            self._kept.put(question, kept)
        elif kept.tip != tip:
            kept = _continued(kept, repository, scope, tip)
            self._kept.put(question, kept)
        return Log(kept.touches, len(kept.read))


def read_log(repository: Repository, scope: Scope, tip: str) -> Log:
    """The log of a tip, from git alone."""
    read, touches = _read(repository, scope, tip, None)
    return Log(touches, len(read))


def _continued(kept: KeptLog, repository: Repository, scope: Scope, tip: str) -> KeptLog:
    read, touches = _read(repository, scope, tip, kept.tip)
    names = {*kept.read, *read}
    known = {touch.id: touch for touch in (*kept.touches, *touches)}
    ordered = [name for name in repository.ancestry(tip) if name in names]
    return KeptLog(tip, ordered, [known[name] for name in ordered if name in known])


def _read(
    repository: Repository, scope: Scope, tip: str, beyond: str | None
) -> tuple[list[str], list[Touch]]:
    """The commits that were looked at, and what of them may concern the scope."""
    read: list[str] = []
    touches: list[Touch] = []
    for commit in repository.commits(tip, beyond):
        read.append(commit.id)
        touch = touch_of(commit, scope)
        if touch is not None:
            touches.append(touch)
    return read, touches
