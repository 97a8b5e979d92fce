"""The generated schema and types say what the wire does."""

import subprocess
import sys
from pathlib import Path

import unified_runtime
from unified_runtime import CRITICAL_EVENTS, CloseCode
from unified_runtime.events import PAYLOADS
from unified_runtime.schema import json_schema, markdown, typescript


def test_the_types_and_the_text_in_the_browsers_folder_are_the_generated_ones():
    kept = Path(unified_runtime.__file__).parent / "web"
    assert (kept / "wire.d.ts").read_text() == typescript()
    assert (kept / "wire.md").read_text() == markdown()


def test_the_text_names_every_event_field_frame_and_close_code():
    text = markdown()
    for event_type, payload in PAYLOADS.items():
        [line] = [line for line in text.splitlines() if line.startswith(f"| `{event_type}`")]
        assert all(f"`{name}` (" in line for name in payload.__struct_fields__)
    frames = {"ready", "gap", "pong", "ping", "resume", "ack", "auth"}
    assert all(text.count(f"\n| `{frame}` |") == 1 for frame in frames)
    assert all(f"\n| {int(code)} | {code.reason} |" in text for code in CloseCode)
    assert "`progress` (number or null, 0 to 1, optional)" in text


def test_every_critical_event_has_its_frame_in_both():
    schema, types = json_schema(), typescript()
    for event_type, payload in PAYLOADS.items():
        event = schema["$defs"][f"{payload.__name__}Event"]
        assert event["properties"]["type"] == {"const": event_type}
        assert f'type: "{event_type}";' in types
    assert tuple(PAYLOADS) == CRITICAL_EVENTS


def test_fields_and_choices_are_in_the_types():
    types = typescript()
    assert 'status: "cancelled" | "completed" | "failed";' in types
    assert "step?: number | null;" in types
    assert "parameters: Record<string, unknown>;" in types
    assert "results: unknown;" in types


def test_the_command_prints_each_and_refuses_the_rest():
    for what, begins in (("json", "{"), ("typescript", "//"), ("markdown", "<!--")):
        done = subprocess.run(
            [sys.executable, "-m", "unified_runtime.schema", what],
            capture_output=True,
            text=True,
            check=True,
        )
        assert (done.returncode, done.stdout[: len(begins)]) == (0, begins)
    wrong = subprocess.run(
        [sys.executable, "-m", "unified_runtime.schema"], capture_output=True, check=False
    )
    assert wrong.returncode == 2
