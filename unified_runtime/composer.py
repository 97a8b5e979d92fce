"""From a caller's event to a draft: checked, completed and encoded exactly once."""

import itertools
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any

from unified_runtime.errors import EventTooLargeError, PayloadError
from unified_runtime.events import (
    PAYLOADS,
    Payload,
    as_dict,
    check_type,
    checked_synonyms,
    typed_payload,
)
from unified_runtime.ledger import RunLedger
from unified_runtime.limits import Limits
from unified_runtime.names import as_text, check_event_id, encode_names
from unified_runtime.notes import note_of
from unified_runtime.protocol.frames import (
    NUMBERING,
    Draft,
    encode_data,
    encode_plain,
    head_of,
    plain_data,
)
from unified_runtime.runs import RunKey

_TIMESTAMP = b',"timestamp":"%b.%06d+00:00",'
"""ISO 8601 in UTC with microseconds; only these are formatted anew for each event."""

_DATA = b',"data":%b}'
_TAIL = _TIMESTAMP + b"%b" + _DATA

_MOST_TYPES = 1024
"""Event types whose encoding is remembered."""


class Composer:
    """Safe to call from any thread. `clock` gives seconds since the epoch; `server` is who notes what
    is open."""

    def __init__(
        self,
        limits: Limits,
        clock: Callable[[], float],
        synonyms: Mapping[str, Mapping[str, str]] | None = None,
        server: str = "",
    ) -> None:
        self._synonyms = checked_synonyms(synonyms or {})
        self._most = limits.event_bytes - NUMBERING
        self._clock = clock
        self.ledger = RunLedger()
        self._server = server
        self._order = itertools.count()
        self._heads: dict[str, bytes] = {}

    def compose(
        self,
        user_id: str,
        event_type: str,
        data: Mapping[str, Any],
        thread_id: str | None,
        run_id: str | None,
        event_id: str | None,
    ) -> Draft:
        """Raises EventError; then nothing is remembered of the event either. See Draft of what is not to
        be journaled."""
        head = self._heads.get(event_type) if type(event_type) is str else None
        if head is None:
            head = self._head(event_type)
        fields = data if type(data) is dict else as_dict(event_type, data)
        if type(user_id) is not str:
            user_id = as_text(user_id)
        names = encode_names(user_id, thread_id, run_id)
        if event_id is not None:
            check_event_id(event_id)

        if event_type in PAYLOADS:
            run = (user_id, thread_id, run_id)
            return self._critical(run, event_type, head, names, fields, event_id)
        if event_type in self._synonyms:
            fields = self._with_synonyms(event_type, fields)
        encoded = encode_data(event_type, fields)
        return self._draft(user_id, event_type, head, names, encoded, event_id)

    def _head(self, event_type: str) -> bytes:
        """A frame's beginning. Raises PayloadError for a type that a frame cannot have."""
        name = as_text(event_type)
        check_type(name)
        head = self._heads.get(name)
        if head is None:
            try:
                head = head_of(name)
            except UnicodeEncodeError as error:
                raise PayloadError(ascii(name), f"the event type: {error.reason}") from None
            if len(self._heads) < _MOST_TYPES:
                self._heads[name] = head
        return head

    def _critical(
        self,
        run: RunKey,
        event_type: str,
        head: bytes,
        names: bytes,
        data: dict[str, Any],
        event_id: str | None,
    ) -> Draft:
        """Its fields completed from the run's earlier events, and noted what it opens or ends."""

        def make(filled: dict[str, Any]) -> tuple[Draft, Payload]:
            encoded = encode_plain(event_type, self._with_synonyms(event_type, filled))
            payload = typed_payload(event_type, encoded)
            return self._draft(run[0], event_type, head, names, encoded, event_id), payload

        plain = plain_data(event_type, data)
        draft, changes, said = self.ledger.complete(
            run, event_type, plain, time.monotonic(), make, event_id
        )
        draft.said = said
        if changes:
            draft.notes = tuple(
                note_of(run, change, self._server, next(self._order)) for change in changes
            )
            draft.take_back = partial(self.ledger.take_back, run, changes, event_id)
        return draft

    def _with_synonyms(self, event_type: str, data: dict[str, Any]) -> dict[str, Any]:
        names = self._synonyms.get(event_type)
        if names is None:
            return data
        return {**data, **{other: data[name] for name, other in names.items() if name in data}}

    def take_back(self, drafts: Iterable[Draft]) -> None:
        """The journal did not keep them."""
        for draft in drafts:
            if draft.take_back is not None:
                draft.take_back()

    def _draft(
        self,
        user_id: str,
        event_type: str,
        head: bytes,
        names: bytes,
        encoded: bytes,
        event_id: str | None,
    ) -> Draft:
        now = self._clock()
        whole = math.floor(now)
        tail = _TAIL % (_to_the_second(whole), (now - whole) * 1_000_000, names, encoded)
        if len(head) + len(tail) > self._most:
            raise self._too_large(event_type, len(head) + len(tail))
        return Draft(user_id, head, tail, now, event_id)

    def _too_large(self, event_type: str, size: int) -> EventTooLargeError:
        return EventTooLargeError(event_type, size + NUMBERING, self._most + NUMBERING)

    def compose_for_all(
        self, user_ids: Sequence[str], event_type: str, data: Mapping[str, Any]
    ) -> list[Draft]:
        """The same event for many users; `data` is encoded once."""
        head = self._head(event_type)
        fields = self._with_synonyms(event_type, as_dict(event_type, data))
        encoded = encode_data(event_type, fields)
        if event_type in PAYLOADS:
            typed_payload(event_type, encoded)
        now = self._clock()
        whole = math.floor(now)
        before = _TIMESTAMP % (_to_the_second(whole), (now - whole) * 1_000_000)
        behind = _DATA % encoded
        names = [encode_names(user_id, None, None) for user_id in user_ids]
        longest = max(map(len, names), default=0)
        size = len(head) + len(before) + longest + len(behind)
        if size > self._most:
            raise self._too_large(event_type, size)
        return [
            Draft(user_id, head, before + name + behind, now)
            for user_id, name in zip(user_ids, names, strict=True)
        ]


@lru_cache(maxsize=4)
def _to_the_second(whole: int) -> bytes:
    return datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()
