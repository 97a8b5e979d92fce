"""How far a history was judged, so that new commits only cost themselves.

Judging is one pass over the commits, oldest first; what was made of the first of them can be kept and gone
on from. That holds only if all that it was made of is the same again: the commits and their order, what of
each belongs to the family (a commit may bring an old file into it), and whether subjects are believed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b

import msgspec

from consolidator.analysis.history.memory import Memory
from consolidator.analysis.history.mine import Mined, mine
from consolidator.analysis.history.records import Edits, Task, Touch
from consolidator.analysis.history.verdict import subjects_speak


class Judged(msgspec.Struct):
    """The first commits of a history as they were judged, and what is remembered of them."""

    digest: bytes
    """Of the commits, and of what was to be read of each."""
    spoken: bool
    mined: list[Mined] = []
    memory: Memory = msgspec.field(default_factory=Memory)

    def go_on(self, commits: Sequence[Touch], edits: Iterable[Edits]) -> Iterator[Mined]:
        """Judges those of the commits that are not judged yet; `edits` are only theirs."""
        fresh = commits[len(self.mined) :]
        for item in mine(fresh, edits, self.memory, spoken=self.spoken):
            self.mined.append(item)
            yield item


def continued(kept: Judged | None, commits: Sequence[Touch], tasks: Sequence[Task]) -> Judged:
    """To go on from: what is kept, where the history begins with the same and would be judged the same
    way; else a new beginning. It bears the digest of the whole."""
    spoken = subjects_speak(commit.subject for commit in commits)
    number = len(kept.mined) if kept is not None else 0
    first, whole = _digests(commits, tasks, number)
    if kept is not None and kept.digest == first and kept.spoken == spoken:
        return Judged(whole, spoken, kept.mined, kept.memory)
    return Judged(whole, spoken)


def _digests(commits: Sequence[Touch], tasks: Sequence[Task], number: int) -> tuple[bytes, bytes]:
    """Of the first so many commits, empty where there are fewer, and of all."""
    encode = msgspec.msgpack.Encoder().encode
    digest = blake2b(digest_size=20)
    first = b""
    for place, (commit, task) in enumerate(zip(commits, tasks, strict=True), 1):
        try:
            digest.update(encode((commit.id, task)))
        except UnicodeEncodeError:  # a path that is not UTF-8
            digest.update(repr((commit.id, task)).encode("utf-8", "surrogateescape"))
        if place == number:
            first = digest.digest()
    return first, digest.digest()
