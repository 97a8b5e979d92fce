"""The names of a user, thread and run as a frame carries them: checked and encoded once for many events."""

from collections.abc import Iterable
from functools import lru_cache

from unified_runtime.errors import EventError
from unified_runtime.protocol.frames import encode_json


def as_text(text: str) -> str:
    """A kind of `str` (numpy's, an enum, one that compares without case) as the text that it is, so that
    no two users are one; everything else as it is."""
    return str.__str__(text) if isinstance(text, str) else text


def encode_user(user_id: str) -> bytes:
    """Raises EventError unless it is text that JSON can hold, and not empty."""
    if not isinstance(user_id, str) or not user_id:
        raise EventError(f"user_id must be a non-empty string, not {user_id!r}")
    return _encode_user(user_id)


@lru_cache(maxsize=4096)
def _encode_user(user_id: str) -> bytes:
    return _encode("user_id", user_id)


def encode_names(user_id: str, thread_id: str | None, run_id: str | None) -> bytes:
    """The frame's members `user_id`, `thread_id` and `run_id`. Raises EventError if one is unfit."""
    try:
        return _encode_names(user_id, thread_id, run_id)
    except TypeError:  # a name that cannot be a key of the cache is no string
        raise EventError(
            "user_id must be a non-empty string, thread_id and run_id strings or None:"
            f" {user_id!r}, {thread_id!r}, {run_id!r}"
        ) from None


@lru_cache(maxsize=4096)
def _encode_names(user_id: str, thread_id: str | None, run_id: str | None) -> bytes:
    return b'"user_id":%b,"thread_id":%b,"run_id":%b' % (
        encode_user(user_id),
        _encode_optional("thread_id", thread_id),
        _encode_optional("run_id", run_id),
    )


def _encode_optional(name: str, text: str | None) -> bytes:
    if text is None:
        return b"null"
    if not isinstance(text, str):
        raise EventError(f"{name} must be a string or None, not {text!r}")
    return _encode(name, text)


def _encode(name: str, text: str) -> bytes:
    try:
        return encode_json(as_text(text))
    except UnicodeEncodeError as error:
        raise EventError(f"{name} {text!r}: {error.reason}") from None


def different_users(users: Iterable[str]) -> list[str]:
    """Each once, in order. Raises EventError for what is no collection of ids."""
    if isinstance(users, str | bytes):
        raise EventError("users must be a collection of user ids, not one string")
    try:
        return list(dict.fromkeys(map(as_text, users)))
    except TypeError as error:
        raise EventError(f"users must be a collection of user ids: {error}") from None


def check_event_id(event_id: str) -> None:
    """Any text that a journal can keep; an empty one would be taken for none."""
    if not isinstance(event_id, str) or not event_id:
        raise EventError(f"event_id must be a non-empty string or None, not {event_id!r}")
    try:
        event_id.encode()
    except UnicodeEncodeError as error:
        raise EventError(f"event_id {event_id!r}: {error.reason}") from None
