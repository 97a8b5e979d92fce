"""From a caller's event to a draft: checked, completed and encoded exactly once."""

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from unified_runtime.errors import EventTooLargeError, PayloadError
from unified_runtime.events import PAYLOADS, Payload, as_dict, check_type, typed_payload
from unified_runtime.limits import Limits
from unified_runtime.names import check_event_id, encode_names
from unified_runtime.notes import note_of
from unified_runtime.protocol.frames import NUMBERING, Draft, encode_data, head_of
from unified_runtime.runs import RunKey, RunLedger


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
        self._synonyms = synonyms or {}
        self._limit = limits.event_bytes
        self._clock = clock
        self._ledger = RunLedger()
        self._server = server
        self._order = itertools.count()

    def compose(
        self,
        user_id: str,
        event_type: str,
        data: Mapping[str, Any],
        thread_id: str | None,
        run_id: str | None,
        event_id: str | None,
    ) -> Draft:
        """Raises EventError; then nothing is remembered of the event either."""
        check_type(event_type)
        data = as_dict(event_type, data)
        names = encode_names(user_id, thread_id, run_id)
        if event_id is not None:
            check_event_id(event_id)

        if event_type in PAYLOADS:
            run = (user_id, thread_id, run_id)
            return self._critical(run, event_type, names, data, event_id)
        encoded = self._encoded(event_type, data)
        return self._draft(user_id, event_type, names, encoded, event_id)

    def _critical(
        self,
        run: RunKey,
        event_type: str,
        names: bytes,
        data: dict[str, Any],
        event_id: str | None,
    ) -> Draft:
        """Its fields completed from the run's earlier events, and noted what it opens or ends."""

        def make(filled: dict[str, Any]) -> tuple[Draft, Payload]:
            encoded = self._encoded(event_type, filled)
            payload = typed_payload(event_type, encoded)
            return self._draft(run[0], event_type, names, encoded, event_id), payload

        draft, changes = self._ledger.complete(run, event_type, data, time.monotonic(), make)
        draft.notes = tuple(
            note_of(run, change, self._server, next(self._order)) for change in changes
        )
        return draft

    def _encoded(self, event_type: str, data: dict[str, Any]) -> bytes:
        if event_type in self._synonyms:
            data = _with_synonyms(data, self._synonyms[event_type])
        return encode_data(event_type, data)

    def _draft(
        self, user_id: str, event_type: str, names: bytes, encoded: bytes, event_id: str | None
    ) -> Draft:
        now = self._clock()
        head, tail = _head(event_type), b'%b%b,"data":%b}' % (_timestamp(now), names, encoded)
        self._check_size(event_type, len(head) + len(tail))
        return Draft(user_id, head, tail, now, event_id)

    def _check_size(self, event_type: str, size: int) -> None:
        if size + NUMBERING > self._limit:
            raise EventTooLargeError(event_type, size + NUMBERING, self._limit)

    def compose_for_all(
        self, user_ids: Sequence[str], event_type: str, data: Mapping[str, Any]
    ) -> list[Draft]:
        """The same event for many users; `data` is encoded once."""
        check_type(event_type)
        encoded = self._encoded(event_type, as_dict(event_type, data))
        if event_type in PAYLOADS:
            typed_payload(event_type, encoded)
        now = self._clock()
        head, before, behind = _head(event_type), _timestamp(now), b',"data":%b}' % encoded
        names = [encode_names(user_id, None, None) for user_id in user_ids]
        longest = max(map(len, names), default=0)
        self._check_size(event_type, len(head) + len(before) + longest + len(behind))
        return [
            Draft(user_id, head, before + name + behind, now)
            for user_id, name in zip(user_ids, names, strict=True)
        ]


def _with_synonyms(data: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {**data, **{other: data[name] for name, other in names.items() if name in data}}


@lru_cache(maxsize=1024)
def _head(event_type: str) -> bytes:
    try:
        return head_of(event_type)
    except UnicodeEncodeError as error:
        raise PayloadError(ascii(event_type), f"the event type: {error.reason}") from None


def _timestamp(at: float) -> bytes:
    """ISO 8601 in UTC with microseconds; only these are formatted anew for each event."""
    whole = int(at)
    return b',"timestamp":"%b.%06d+00:00",' % (_to_the_second(whole), (at - whole) * 1_000_000)


@lru_cache(maxsize=4)
def _to_the_second(whole: int) -> bytes:
    return datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()
