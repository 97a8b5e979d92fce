"""The rows of one transaction of SqliteJournal, numbered on top of what is committed."""

from collections.abc import Sequence
from dataclasses import dataclass

from unified_runtime.protocol.frames import Draft

MARK_EVERY = 64


@dataclass(slots=True)
class User:
    """What is committed of one user; `row` is the row of event `last`."""

    id: int
    first: int = 1
    last: int = 0
    row: int = 0
    settled: int = 0


class Batch:
    """`known` are the numbers of event ids that the file has, by (user's id, event id).

    The values of rows follow one another, as they are bound to one statement.
    """

    def __init__(
        self,
        drafts: Sequence[Draft],
        *,
        users: dict[str, User],
        stream: bytes,
        next_row: int,
        known: dict[tuple[int, str], int],
    ) -> None:
        self.next_row = next_row
        self.changed: dict[str, User] = {}
        self.new_users: dict[str, User] = {}
        self.events: list[object] = []
        self.marks: list[object] = []
        self.event_ids: list[object] = []
        self.notes: dict[bytes, bytes | None] = {}
        self.numbers: list[int] = []
        self.frames: list[bytes | None] = []
        """Of each draft; None when the event was there before."""
        self._users = users
        self._stream = stream
        self._known = known
        for draft in drafts:
            self._add(draft)

    def _add(self, draft: Draft) -> None:
        name = draft.user_id
        user = self.changed.get(name) or self._copy(name)
        seq = user.last + 1
        if draft.event_id is not None:
            known = self._known.setdefault((user.id, draft.event_id), seq)
            if known != seq:
                self.numbers.append(known)
                self.frames.append(None)
                return
            self.event_ids += (user.id, draft.event_id, seq)
        if draft.notes:
            self.notes.update(draft.notes)
        frame = draft.frame(seq, self._stream)
        row = self.next_row
        self.events += (row, user.id, seq, user.row, draft.time, frame)
        if seq % MARK_EVERY == 0:
            self.marks += (user.id, seq, row)
        user.last, user.row, self.next_row = seq, row, row + 1
        self.numbers.append(seq)
        self.frames.append(frame)

    def _copy(self, name: str) -> User:
        """One to count on, which only a commit makes true."""
        known = self._users.get(name)
        if known is None:
            known = User(len(self._users) + len(self.new_users) + 1)
            self.new_users[name] = known
        user = self.changed[name] = User(known.id, known.first, known.last, known.row)
        return user
