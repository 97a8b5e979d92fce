"""The rows of one transaction of SqliteJournal, numbered on top of what is committed."""

from collections.abc import Sequence
from dataclasses import dataclass

from unified_runtime.protocol.frames import Draft

MARK_EVERY = 64


@dataclass(slots=True, eq=False)
class User:
    """What is committed of one user; `row` is the row of event `last`.

    `next_seq` and `next_prev` are the writer thread's own: where its next event goes.
    """

    id: int
    first: int = 1
    last: int = 0
    row: int = 0
    settled: int = 0
    next_seq: int = 1
    next_prev: int = 0

    def committed(self) -> None:
        self.row = self.next_prev
        self.last = self.next_seq - 1  # after its row, because readers look here from other threads

    def rolled_back(self) -> None:
        self.next_seq, self.next_prev = self.last + 1, self.row


class Batch:
    """The values of rows follow one another, as they are bound to one statement."""

    def __init__(self, next_row: int) -> None:
        self.next_row = next_row
        self.changed: list[User] = []
        self.new_users: dict[str, User] = {}
        self.events: list[object] = []
        self.marks: list[object] = []
        self.event_ids: list[object] = []
        self.notes: dict[bytes, bytes | None] = {}
        self.numbers: list[int] = []
        self.frames: list[bytes | None] = []
        """Of each draft; None when the event was there before."""

    def fill(
        self,
        drafts: Sequence[Draft],
        users: dict[str, User],
        stream: bytes,
        known: dict[tuple[int, str], int],
    ) -> None:
        """`known` are the numbers of event ids that the file has, by (user's id, event id).

        One loop over locals, as it runs for every event while Python's lock is held.
        """
        changed, events, row = self.changed, self.events, self.next_row
        numbers, frames = self.numbers, self.frames
        for draft in drafts:
            user = users.get(draft.user_id) or self._new_user(draft.user_id, len(users))
            seq = user.next_seq
            if draft.event_id is not None:
                first = known.setdefault((user.id, draft.event_id), seq)
                if first != seq:
                    numbers.append(first)
                    frames.append(None)
                    continue
                self.event_ids += (user.id, draft.event_id, seq)
            if draft.notes:
                self.notes.update(draft.notes)
            if seq == user.last + 1:
                changed.append(user)
            frame = draft.frame(seq, stream)
            events += (row, user.id, seq, user.next_prev, draft.time, frame)
            if seq % MARK_EVERY == 0:
                self.marks += (user.id, seq, row)
            user.next_seq = seq + 1
            user.next_prev = row
            row += 1
            numbers.append(seq)
            frames.append(frame)
        self.next_row = row

    def _new_user(self, name: str, known: int) -> User:
        user = self.new_users.get(name)
        if user is None:
            user = self.new_users[name] = User(known + len(self.new_users) + 1)
        return user
