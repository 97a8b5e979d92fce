"""The wire as JSON Schema, TypeScript and text: `python -m unified_runtime.schema json|typescript|markdown`.

Made from the payload definitions in `events`, so that browser, server and text cannot disagree.
"""

import sys
from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from unified_runtime.close_codes import CloseCode
from unified_runtime.events import PAYLOADS
from unified_runtime.protocol.frames import Ack, Auth, Ping, Resume

_REF = "#/$defs/{name}"


class Ready(msgspec.Struct, tag_field="type", tag="ready"):
    """First on each connection, and again when a `resume` that came later has moved its position."""

    stream: str
    seq: int
    resumed: bool


class Gap(msgspec.Struct, tag_field="type", tag="gap", rename={"first": "from", "last": "to"}):
    """History that the client asked for is gone; the next event is the one after `to`."""

    first: int
    last: int
    reason: Literal["trimmed", "new_stream"]


class Pong(msgspec.Struct, tag_field="type", tag="pong"):
    """The answer to `ping`."""


CONTROL_FRAMES = (Ready, Gap, Pong)
CLIENT_FRAMES = (Resume, Ack, Ping, Auth)


def json_schema() -> dict[str, Any]:
    """Draft 2020-12; `oneOf` the critical events, any other event, and the control frames."""
    types = [*PAYLOADS.values(), *CONTROL_FRAMES]
    _, definitions = msgspec.json.schema_components(types, ref_template=_REF)
    for event_type, payload in PAYLOADS.items():
        definitions[f"{payload.__name__}Event"] = _event(
            {"const": event_type}, {"$ref": _REF.format(name=payload.__name__)}
        )
    other = {"type": "string", "not": {"enum": [*PAYLOADS, "ready", "gap", "pong"]}}
    definitions["OtherEvent"] = _event(other, {"type": "object"})
    frames = [f"{payload.__name__}Event" for payload in PAYLOADS.values()]
    frames += ["OtherEvent", *(frame.__name__ for frame in CONTROL_FRAMES)]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Frame",
        "oneOf": [{"$ref": _REF.format(name=name)} for name in frames],
        "$defs": definitions,
    }


def _event(type_: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    optional = {"type": ["string", "null"]}
    fields = {
        "type": type_,
        "seq": {"type": "integer", "minimum": 1},
        "stream": {"type": "string"},
        "timestamp": {"type": "string", "format": "date-time"},
        "user_id": {"type": "string"},
        "thread_id": optional,
        "run_id": optional,
        "data": data,
    }
    return {"type": "object", "properties": fields, "required": list(fields)}


def typescript() -> str:
    """Interfaces for every frame; `switch (frame.type)` narrows to the right one.

    TypeScript cannot say "any string but these", so `OtherEvent` is not part of `Frame`; it is
    what the default case of the switch casts to.
    """
    schema = json_schema()
    lines = ["// Made by `python -m unified_runtime.schema typescript`; do not edit."]
    for name, definition in schema["$defs"].items():
        lines.append(f"\nexport interface {name} {_ts_object(definition)}")
    names = [one["$ref"].rpartition("/")[2] for one in schema["oneOf"]]
    union = " | ".join(name for name in names if name != "OtherEvent")
    return "\n".join([*lines, f"\nexport type Frame = {union};", ""])


def _ts_object(definition: dict[str, Any]) -> str:
    required = set(definition.get("required", ()))
    fields = [
        f"  {name}{'' if name in required else '?'}: {_ts_type(field)};"
        for name, field in definition.get("properties", {}).items()
    ]
    return "\n".join(["{", *fields, "}"])


_TS_NAMES = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
    "object": "Record<string, unknown>",
}


def _ts_type(field: dict[str, Any]) -> str:
    if "$ref" in field:
        return str(field["$ref"]).rpartition("/")[2]
    if "const" in field:
        return msgspec.json.encode(field["const"]).decode()
    if "enum" in field:
        return " | ".join(msgspec.json.encode(value).decode() for value in field["enum"])
    if "anyOf" in field:
        return " | ".join(_ts_type(option) for option in field["anyOf"])
    kinds = field.get("type")
    if kinds is None:
        return "unknown"
    return " | ".join(_TS_NAMES[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds))


def markdown() -> str:
    """For a person: every event, frame and close code."""
    definitions = json_schema()["$defs"]
    _, sent = msgspec.json.schema_components(CLIENT_FRAMES, ref_template=_REF)
    events = [
        [f"`{event_type}`", _fields(definitions[payload.__name__])]
        for event_type, payload in PAYLOADS.items()
    ]
    codes = [
        [str(int(code)), code.reason, code.sent_when, "yes" if code.reconnect else "no"]
        for code in sorted(CloseCode)
    ]
    return "\n".join(
        [
            "<!-- Made by `python -m unified_runtime.schema markdown`; do not edit. -->",
            "# The wire",
            "",
            "JSON text frames, one object each. An event, which also has "
            + _fields(definitions["OtherEvent"], without=("type", "data"))
            + ":",
            "",
            *_table(["`type`", "fields of `data`"], events),
            "| any other name | what the application says |",
            "",
            "Control frames of the server:",
            "",
            *_table(["`type`", "fields", "says"], _frames(CONTROL_FRAMES, definitions)),
            "",
            "Frames of a client, which may give its position in the URL too, as `?stream=…&seq=41`:",
            "",
            *_table(["`type`", "fields", "says"], _frames(CLIENT_FRAMES, sent)),
            "",
            "Close codes:",
            "",
            *_table(["code", "reason", "sent when", "reconnect"], codes),
            "",
        ]
    )


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]


def _frames(frames: Iterable[type[msgspec.Struct]], definitions: dict[str, Any]) -> list[list[str]]:
    return [
        [
            f"`{frame.__struct_config__.tag}`",
            _fields(definitions[frame.__name__], without=("type",)),
            " ".join(str(frame.__doc__).split()),
        ]
        for frame in frames
    ]


def _fields(definition: dict[str, Any], without: tuple[str, ...] = ()) -> str:
    required = definition.get("required", ())
    told = (
        f"`{name}` ({_told(_ts_type(field))}{_range(field)}"
        f"{'' if name in required else ', optional'})"
        for name, field in definition.get("properties", {}).items()
        if name not in without
    )
    return ", ".join(told) or "none"


def _told(type_: str) -> str:
    """A type of TypeScript in words."""
    for name, words in ((" | ", " or "), (_TS_NAMES["object"], "object"), ("unknown", "any JSON")):
        type_ = type_.replace(name, words)
    return type_


def _range(field: dict[str, Any]) -> str:
    """Of a number, or of the number among the choices."""
    numbers = [one for one in (field, *field.get("anyOf", ())) if "minimum" in one]
    if not numbers:
        return ""
    most = numbers[0].get("maximum")
    least = numbers[0]["minimum"]
    return f", at least {least}" if most is None else f", {least} to {most}"


def main() -> int:
    match sys.argv[1:]:
        case ["json"]:
            text = msgspec.json.format(msgspec.json.encode(json_schema()), indent=2).decode() + "\n"
        case ["typescript"]:
            text = typescript()
        case ["markdown"]:
            text = markdown()
        case _:
            sys.stderr.write("usage: python -m unified_runtime.schema json|typescript|markdown\n")
            return 2
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
