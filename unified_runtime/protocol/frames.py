"""The JSON text of every frame, both ways. Knows no socket and no clock."""

from collections.abc import Callable, Mapping
from types import NoneType
from typing import Any, NamedTuple

import msgspec

from unified_runtime.close_codes import CloseCode
from unified_runtime.errors import PayloadError, ProtocolError

_MAX_SEQ = 2**53 - 1  # beyond it a browser's numbers are no longer exact

NUMBERING = len(b'9007199254740991,"stream":"0123456789abcdef"')
"""Bytes of a frame besides a draft's head and tail, at most."""


class Note(NamedTuple):
    """What a journal keeps under `key` until a note without a value takes it back."""

    key: bytes
    value: bytes | None


class Draft(msgspec.Struct, gc=False):
    """An encoded event that waits for its number.

    The frame is `head`, the number, the stream's name and `tail`, so that a journal can number an
    event without encoding it again. `notes` are kept with the event or not at all; in the latter case
    `take_back` is to be called. One with a number in `said` is not to be journaled: an engine says it,
    and this is the number of its run's start.
    """

    user_id: str
    head: bytes
    tail: bytes
    time: float
    event_id: str | None = None
    notes: tuple[Note, ...] = ()
    take_back: Callable[[], None] | None = None
    said: int = 0

    def frame(self, seq: int, stream: bytes) -> bytes:
        return b'%b%d,"stream":"%b"%b' % (self.head, seq, stream, self.tail)


def _plain(value: Any) -> Any:
    """What msgspec does not know: models that dump themselves, mappings, kinds of str, int and float."""
    dump = getattr(value, "model_dump", None)
    if callable(dump) and not isinstance(value, type):
        return dump(mode="json")
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return int.__index__(value)
    raise NotImplementedError(f"{type(value).__qualname__} has no JSON form")


_encode = msgspec.json.Encoder().encode
_PLAIN = frozenset({str, int, float, bool, NoneType})
_TEXT = frozenset({str})


def plain_data(event_type: str, data: dict[str, Any]) -> dict[str, Any]:
    """`data` in nothing but what JSON has: nobody's own code runs when it is encoded.

    datetime, date, time, timedelta as ISO 8601; UUID and Decimal as strings; bytes as base64;
    enums by value; sets and tuples as arrays; dataclasses, msgspec structs and pydantic models as
    objects; keys that are numbers, dates, UUIDs or enums as the text of these (an enum beside its
    value as a key is one, and the last counts); integers in all
    their digits, of which a browser keeps 53 bits; NaN and infinities as null. Everything else,
    `msgspec.Raw`, cycles, lone surrogates and a number beside its text as keys (`{1: …, "1": …}`)
    raise PayloadError, and so does a model that cannot dump itself.
    """
    try:
        if _PLAIN.issuperset(map(type, data.values())) and _TEXT.issuperset(map(type, data)):
            return data
        return _plain_nested(data)
    except RecursionError:
        raise PayloadError(event_type, "data contains itself or is nested too deep") from None
    except Exception as error:  # noqa: BLE001 - the values' own code runs here and may raise anything
        raise PayloadError(event_type, str(error) or type(error).__name__) from None


def _plain_nested(data: dict[str, Any]) -> dict[str, Any]:
    """The encoder would write a Raw as it is. `to_builtins` refuses one, but for an enum's value, which
    is there to be refused when it is asked again. It lets one of two keys go that become the same."""
    once = msgspec.to_builtins(data, enc_hook=_plain)
    twice: dict[str, Any] = msgspec.to_builtins(once, str_keys=True)
    if len(_encode(twice)) != len(_encode(once)):
        raise ValueError("two keys of one mapping have the same text")
    return twice


def encode_data(event_type: str, data: dict[str, Any]) -> bytes:
    """The JSON object of `data` in one line. Raises PayloadError as `plain_data` does."""
    try:
        if _PLAIN.issuperset(map(type, data.values())) and _TEXT.issuperset(map(type, data)):
            return _encode(data)
    except Exception as error:  # noqa: BLE001 - a lone surrogate, or more digits than Python writes
        raise PayloadError(event_type, str(error)) from None
    return encode_plain(event_type, plain_data(event_type, data))


def encode_plain(event_type: str, data: dict[str, Any]) -> bytes:
    """The same for what `plain_data` gave."""
    try:
        return _encode(data)
    except Exception as error:  # noqa: BLE001 - see above
        raise PayloadError(event_type, str(error)) from None


encode_json = msgspec.json.encode
"""For what is ours, of types that JSON has."""


def head_of(event_type: str) -> bytes:
    return b'{"type":%b,"seq":' % encode_json(event_type)


def ready_frame(stream: str, seq: int, *, resumed: bool) -> bytes:
    """`seq` is the position: the next event on this connection is `seq + 1`, or a gap follows."""
    return msgspec.json.encode({"type": "ready", "stream": stream, "seq": seq, "resumed": resumed})


def gap_frame(first: int, last: int, reason: str) -> bytes:
    """Numbers of `ready`'s stream; the next event is `last + 1`, also when the range is empty."""
    return msgspec.json.encode({"type": "gap", "from": first, "to": last, "reason": reason})


PONG = b'{"type":"pong"}'


class Resume(msgspec.Struct, tag_field="type", tag="resume"):
    """A client's position: it has seen everything up to `seq` of `stream`."""

    seq: int
    stream: str = ""


class Ack(msgspec.Struct, tag_field="type", tag="ack"):
    """The client is done with everything up to `seq`, so its position is kept on the server."""

    seq: int


class Ping(msgspec.Struct, tag_field="type", tag="ping"):
    """A sign of life, answered with `pong`."""


class Auth(msgspec.Struct, tag_field="type", tag="auth"):
    """The first message of a client whose handshake brought no token."""

    token: str


ClientFrame = Resume | Ack | Ping | Auth

_decoder = msgspec.json.Decoder[ClientFrame](ClientFrame)


def parse_client_frame(text: str | bytes, limit: int) -> ClientFrame:
    """One frame from a client; `limit` is in characters of the text.

    Raises ProtocolError with the close code that answers it. Nothing of the frame is kept in the
    message beyond the decoder's description, so that a token never reaches a log.
    """
    if len(text) > limit:
        raise ProtocolError(CloseCode.TOO_LARGE, f"{len(text)} over {limit}")
    try:
        frame: ClientFrame = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ProtocolError(CloseCode.MALFORMED, type(error).__name__) from None
    if isinstance(frame, Resume | Ack) and not 0 <= frame.seq <= _MAX_SEQ:
        raise ProtocolError(CloseCode.MALFORMED, "seq out of range")
    return frame


def resume_from_query(query: Mapping[str, str]) -> Resume | None:
    """The position in `?stream=…&seq=41`; None when the URL has no `seq`."""
    raw = query.get("seq")
    if raw is None:
        return None
    if not (raw.isascii() and raw.isdigit() and len(raw) <= 16 and int(raw) <= _MAX_SEQ):
        raise ProtocolError(CloseCode.MALFORMED, "seq in the URL is not a number")
    return Resume(seq=int(raw), stream=query.get("stream", ""))
