"""From a caller's event to a draft: checked, completed and encoded exactly once."""

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from unified_runtime.errors import EventError, EventTooLargeError, PayloadError
from unified_runtime.events import PAYLOADS, Payload, as_dict, check_type, typed_payload
from unified_runtime.limits import Limits
from unified_runtime.notes import note_of
from unified_runtime.protocol.frames import Draft, encode_data, encode_json, head_of
from unified_runtime.runs import RunLedger


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
        _check_names(user_id, thread_id, run_id, event_id)

        names = (user_id, thread_id, run_id, event_id)
        if event_type not in PAYLOADS:
            return self._draft(event_type, self._encoded(event_type, data), *names)

        def make(filled: dict[str, Any]) -> tuple[Draft, Payload]:
            encoded = self._encoded(event_type, filled)
            payload = typed_payload(event_type, encoded)
            return self._draft(event_type, encoded, *names), payload

        run = (user_id, thread_id, run_id)
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
        self,
        event_type: str,
        encoded: bytes,
        user_id: str,
        thread_id: str | None,
        run_id: str | None,
        event_id: str | None,
    ) -> Draft:
        now = self._clock()
        tail = b',"timestamp":"%b","user_id":%b,"thread_id":%b,"run_id":%b,"data":%b}' % (
            _timestamp(now),
            encode_user(user_id),
            _optional_text(thread_id),
            _optional_text(run_id),
            encoded,
        )
        return self._checked(Draft(user_id, _head(event_type), tail, now, event_id), event_type)

    def compose_for_all(
        self, user_ids: Sequence[str], event_type: str, data: Mapping[str, Any]
    ) -> list[Draft]:
        """The same event for many users; `data` is encoded once."""
        check_type(event_type)
        encoded = self._encoded(event_type, as_dict(event_type, data))
        if event_type in PAYLOADS:
            typed_payload(event_type, encoded)
        now = self._clock()
        head = _head(event_type)
        before = b',"timestamp":"%b","user_id":' % _timestamp(now)
        after = b',"thread_id":null,"run_id":null,"data":%b}' % encoded
        self._checked(Draft("", head, before + after, now), event_type)
        return [
            Draft(user_id, head, b"%b%b%b" % (before, encode_user(user_id), after), now)
            for user_id in user_ids
        ]

    def _checked(self, draft: Draft, event_type: str) -> Draft:
        if draft.size > self._limit:
            raise EventTooLargeError(event_type, draft.size, self._limit)
        return draft


def _with_synonyms(data: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {**data, **{other: data[name] for name, other in names.items() if name in data}}


@lru_cache(maxsize=1024)
def _head(event_type: str) -> bytes:
    try:
        return head_of(event_type)
    except UnicodeEncodeError as error:
        raise PayloadError(ascii(event_type), f"the event type: {error.reason}") from None


@lru_cache(maxsize=4096)
def encode_user(user_id: str) -> bytes:
    if not isinstance(user_id, str) or not user_id:
        raise EventError(f"user_id must be a non-empty string, not {user_id!r}")
    try:
        return encode_json(user_id)
    except UnicodeEncodeError as error:
        raise EventError(f"user_id {user_id!r}: {error.reason}") from None


def _check_names(user_id: object, thread_id: object, run_id: object, event_id: str | None) -> None:
    if not isinstance(user_id, str):
        raise EventError(f"user_id must be a non-empty string, not {user_id!r}")
    if not (thread_id is None or isinstance(thread_id, str)) or not (
        run_id is None or isinstance(run_id, str)
    ):
        raise EventError(f"thread_id and run_id must be strings or None: {thread_id!r}, {run_id!r}")
    if event_id is not None:
        _check_event_id(event_id)


def _check_event_id(event_id: str) -> None:
    """Any text that a journal can keep; an empty one would be taken for none."""
    if not isinstance(event_id, str) or not event_id:
        raise EventError(f"event_id must be a non-empty string or None, not {event_id!r}")
    try:
        event_id.encode()
    except UnicodeEncodeError as error:
        raise EventError(f"event_id {event_id!r}: {error.reason}") from None


def _optional_text(text: str | None) -> bytes:
    if text is None:
        return b"null"
    return encode_user(text) if text else b'""'


def _timestamp(at: float) -> bytes:
    """ISO 8601 in UTC with microseconds; only these are formatted anew for each event."""
    whole = int(at)
    return b"%b.%06d+00:00" % (_to_the_second(whole), int((at - whole) * 1_000_000))


@lru_cache(maxsize=4)
def _to_the_second(whole: int) -> bytes:
    return datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()
