"""The event types and the payload of each: one definition for validation, schema and types."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

import msgspec

from unified_runtime.errors import PayloadError

CRITICAL_EVENTS: Final[tuple[str, ...]] = (
    "agent_started",
    "agent_thinking",
    "tool_executing",
    "tool_completed",
    "agent_completed",
)

Seconds = Annotated[float, msgspec.Meta(ge=0)]


class AgentStarted(msgspec.Struct):
    agent_name: str


class AgentThinking(msgspec.Struct):
    agent_name: str
    reasoning: str
    step: int | None = None
    progress: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None


class ToolExecuting(msgspec.Struct):
    agent_name: str
    tool_name: str
    parameters: dict[str, Any]
    call_id: str


class ToolCompleted(msgspec.Struct):
    agent_name: str
    tool_name: str
    call_id: str
    status: Literal["ok", "error"]
    results: Any
    duration: Seconds


class AgentCompleted(msgspec.Struct):
    agent_name: str
    status: Literal["completed", "failed", "cancelled"]
    final_response: Any
    duration: Seconds


Payload = AgentStarted | AgentThinking | ToolExecuting | ToolCompleted | AgentCompleted

PAYLOADS: Mapping[str, type[Payload]] = MappingProxyType(
    {
        "agent_started": AgentStarted,
        "agent_thinking": AgentThinking,
        "tool_executing": ToolExecuting,
        "tool_completed": ToolCompleted,
        "agent_completed": AgentCompleted,
    }
)

if tuple(PAYLOADS) != CRITICAL_EVENTS:
    raise ImportError("every critical event needs its payload, in the same order")


def require_methods(cls: type, prefix: str) -> None:
    """At import: every critical event has its own method in the body of `cls`."""
    names = [prefix + event_type for event_type in CRITICAL_EVENTS]
    missing = [name for name in names if name not in vars(cls)]
    if missing:
        raise ImportError(f"{cls.__qualname__} lacks {', '.join(missing)}")


CONTROL_TYPES = frozenset({"ready", "gap", "pong", "ping", "resume", "ack", "auth"})


_DECODERS = {event_type: msgspec.json.Decoder(PAYLOADS[event_type]) for event_type in PAYLOADS}


def typed_payload(event_type: str, encoded: bytes) -> Payload:
    """Hold what will be sent to the wire's table; fields beyond it are allowed and ignored.

    Raises PayloadError, naming the field (`$.agent_name`) and what was expected.
    """
    try:
        return _DECODERS[event_type].decode(encoded)
    except msgspec.ValidationError as error:
        raise PayloadError(event_type, str(error)) from None


def check_type(event_type: str) -> None:
    """An application's own type may be any name that the wire does not use for itself."""
    if not isinstance(event_type, str) or not event_type:
        raise PayloadError(str(event_type), "the event type must be a non-empty string")
    if event_type in CONTROL_TYPES:
        raise PayloadError(event_type, "this name is one of the wire's control frames")


def checked_synonyms(
    synonyms: Mapping[str, Mapping[str, str]],
) -> Mapping[str, Mapping[str, str]]:
    """Raises ValueError for what would rename nothing, or overwrite a field of the wire."""
    for event_type, names in synonyms.items():
        if not isinstance(names, Mapping):
            raise ValueError(  # noqa: TRY004 - one error for a wrong mapping
                f"synonyms[{event_type!r}] must map fields to further names"
            )
        payload = PAYLOADS.get(event_type)
        for field, other in names.items():
            if not isinstance(other, str):
                raise ValueError(  # noqa: TRY004 - see above
                    f"synonyms[{event_type!r}][{field!r}] must be a name, not {other!r}"
                )
            if payload is not None and field not in payload.__struct_fields__:
                raise ValueError(f"synonyms[{event_type!r}]: {event_type} has no field {field!r}")
            if payload is not None and other in payload.__struct_fields__:
                raise ValueError(f"synonyms[{event_type!r}]: {other!r} is a field of its own")
    return synonyms


def as_dict(event_type: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Raises PayloadError for anything but a mapping that can be read."""
    if type(data) is dict:
        return data
    if isinstance(data, dict):
        return dict(dict.items(data))  # what it holds, whatever its own methods say
    if not isinstance(data, Mapping):
        raise PayloadError(event_type, f"data must be a mapping, not {type(data).__qualname__}")
    try:
        return dict(data)
    except Exception as error:  # noqa: BLE001 - the mapping's own code runs here
        raise PayloadError(event_type, f"data cannot be read: {error!r}") from None


def parts_of_message(message: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """The type and data of a message of the older shape, which calls its data also `payload`."""
    if not isinstance(message, Mapping):
        raise PayloadError("message", f"a mapping is needed, not {type(message).__qualname__}")
    event_type = message.get("type")
    if not isinstance(event_type, str):
        raise PayloadError("message", "`type` must be a string")
    bodies = [message[key] for key in ("data", "payload") if key in message]
    if len(bodies) != 1 or not isinstance(bodies[0], Mapping):
        raise PayloadError(event_type, "exactly one of `data` and `payload`, a mapping, is needed")
    return event_type, bodies[0]
