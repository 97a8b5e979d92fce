"""The wire as JSON Schema and TypeScript: `python -m unified_runtime.schema json|typescript`.

Made from the payload definitions in `events`, so that browser and server cannot disagree.
"""

import sys
from typing import Any, Literal

import msgspec

from unified_runtime.events import PAYLOADS

_REF = "#/$defs/{name}"


class Ready(msgspec.Struct, tag_field="type", tag="ready"):
    """First on each connection, and again when a `resume` that came later has moved its position."""

    stream: str
    seq: int
    resumed: bool


class Gap(msgspec.Struct, tag_field="type", tag="gap", rename={"first": "from", "last": "to"}):
    first: int
    last: int
    reason: Literal["trimmed", "new_stream"]


class Pong(msgspec.Struct, tag_field="type", tag="pong"):
    pass


CONTROL_FRAMES = (Ready, Gap, Pong)


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


def main() -> int:
    match sys.argv[1:]:
        case ["json"]:
            text = msgspec.json.format(msgspec.json.encode(json_schema()), indent=2).decode() + "\n"
        case ["typescript"]:
            text = typescript()
        case _:
            sys.stderr.write("usage: python -m unified_runtime.schema json|typescript\n")
            return 2
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
