"""The front door: what is public, what cannot be lost, and the one list of close codes."""

import ast
import inspect
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import unified_runtime
from unified_runtime import (
    CRITICAL_EVENTS,
    AgentWebSocketBridge,
    CloseCode,
    UnifiedWebSocketEmitter,
)


def test_everything_public_is_there_and_sorted():
    names = unified_runtime.__all__
    assert all(hasattr(unified_runtime, name) for name in names)
    constants = [name for name in names if name.isupper()]
    classes = [name for name in names if name[0].isupper() and not name.isupper()]
    functions = [name for name in names if name[0].islower()]
    assert names == sorted(constants) + sorted(classes) + sorted(functions)


def test_the_critical_events_are_the_five_and_cannot_be_changed():
    assert CRITICAL_EVENTS == (
        "agent_started",
        "agent_thinking",
        "tool_executing",
        "tool_completed",
        "agent_completed",
    )


@pytest.mark.parametrize(
    ("cls", "prefix"), [(UnifiedWebSocketEmitter, "emit_"), (AgentWebSocketBridge, "notify_")]
)
def test_each_critical_event_has_its_method_written_out(cls, prefix):
    """As source that any tool can read, and naming its event as text."""
    [definition] = ast.parse(inspect.getsource(cls)).body
    written = {
        node.name: ast.unparse(node)
        for node in definition.body
        if isinstance(node, ast.AsyncFunctionDef)
    }
    for event_type in CRITICAL_EVENTS:
        assert event_type in written[prefix + event_type]


@pytest.mark.parametrize(
    ("module", "method"),
    [("emitter", "emit_tool_executing"), ("bridge", "notify_agent_completed")],
)
def test_without_the_method_of_a_critical_event_nothing_is_imported(tmp_path, module, method):
    copy = tmp_path / "unified_runtime"
    shutil.copytree(Path(unified_runtime.__file__).parent, copy)
    source = copy / f"{module}.py"
    source.write_text(source.read_text().replace(f"def {method}(", f"def {method}_no_more("))
    done = subprocess.run(
        [sys.executable, "-c", "import unified_runtime"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"lacks {method}" in done.stderr


def test_a_close_codes_range_says_whether_to_reconnect():
    for code in CloseCode:
        assert code.reconnect == (4500 <= code < 4600)
        assert code.reconnect != (4400 <= code < 4500)
        assert 0 < len(code.reason.encode()) <= 123
        assert code.sent_when
