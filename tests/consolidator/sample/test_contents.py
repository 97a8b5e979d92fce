"""What the specification asks the legacy backend to hold is there, sentence by sentence."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

FIVE = {"agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed"}


@dataclass(frozen=True)
class Found:
    """A class statement: its place, its node and the nodes around it, outermost first."""

    module: str
    node: ast.ClassDef
    around: tuple[ast.AST, ...]

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def methods(self) -> dict[str, ast.arguments]:
        return {
            item.name: item.args
            for item in self.node.body
            if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)
        }

    @property
    def public(self) -> set[str]:
        return {name for name in self.methods if not name.startswith("_")}

    @property
    def constructor(self) -> list[str]:
        arguments = self.methods["__init__"]
        return [item.arg for item in (*arguments.args[1:], *arguments.kwonlyargs)]

    @property
    def is_protocol(self) -> bool:
        return any(isinstance(base, ast.Name) and base.id == "Protocol" for base in self.node.bases)


def _classes(module: str, node: ast.AST, around: tuple[ast.AST, ...]) -> Iterator[Found]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield Found(module, child, around)
        yield from _classes(module, child, (*around, child))


@pytest.fixture(scope="module")
def classes(backend: Path) -> list[Found]:
    found: list[Found] = []
    for path in sorted((backend / "chat_backend").rglob("*.py")):
        if path.name != "draft.py":
            module = ".".join(path.relative_to(backend).with_suffix("").parts)
            found += _classes(module, ast.parse(path.read_bytes()), ())
    return found


@pytest.fixture(scope="module")
def managers(classes: list[Found]) -> list[Found]:
    return [found for found in classes if re.search(r"Manager(Protocol)?$", found.name)]


@pytest.fixture(scope="module")
def emitters(classes: list[Found]) -> list[Found]:
    return [found for found in classes if found.name.endswith("Emitter")]


def one(classes: list[Found], name: str) -> Found:
    (found,) = [found for found in classes if found.name == name]
    return found


def test_there_are_five_managers(managers: list[Found]) -> None:
    assert len(managers) >= 5


def test_two_managers_are_real_and_their_methods_have_different_names(
    managers: list[Found],
) -> None:
    first, second = [found for found in managers if not found.is_protocol and not found.around]
    assert first.name == second.name == "WebSocketManager"
    assert not first.public & second.public


def test_two_protocols_have_different_members(managers: list[Found]) -> None:
    first, second = [found for found in managers if found.is_protocol]
    assert not first.public & second.public


def test_one_manager_wraps_another_inside_a_function(managers: list[Found]) -> None:
    (wrapper,) = [found for found in managers if found.around]
    assert isinstance(wrapper.around[-1], ast.FunctionDef)


def test_aliases_chain_three_deep(backend: Path) -> None:
    realtime = backend / "chat_backend" / "realtime"
    chain = {
        "ws.py": "WSManager = WebSocketManager",
        "connections.py": "ConnectionManager = WSManager",
        "gateway.py": "RealtimeManager = ConnectionManager",
    }
    for name, line in chain.items():
        assert line in (realtime / name).read_text("utf-8")


def test_a_module_re_exports_with_a_star(backend: Path) -> None:
    module = backend / "chat_backend" / "websocket" / "websocket_manager.py"
    assert "from .manager import *" in module.read_text("utf-8")


def test_there_are_eight_emitters(emitters: list[Found]) -> None:
    assert len(emitters) == 8


def test_emitters_are_built_in_different_ways_and_orders(emitters: list[Found]) -> None:
    constructors = {tuple(found.constructor) for found in emitters}
    assert len(constructors) == 8
    orders = {
        tuple(name for name in constructor if name.endswith("_id")) for constructor in constructors
    }
    assert {("user_id", "run_id"), ("run_id", "user_id"), ("thread_id", "user_id")} <= orders


def test_one_emitter_is_nested_in_a_pool(emitters: list[Found], classes: list[Found]) -> None:
    (nested,) = [found for found in emitters if found.around]
    assert nested.around == (one(classes, "EmitterPool").node,)


def test_one_emitter_is_a_near_copy_under_another_name(emitters: list[Found]) -> None:
    original = next(found for found in emitters if found.module.endswith("websocket.emitter"))
    copy = next(found for found in emitters if found.name == "RunEventEmitter")
    assert original.name != copy.name
    same = [name for name in original.public if _body(original, name) == _body(copy, name)]
    assert sorted(same) == sorted(original.public)
    assert original.constructor != copy.constructor
    assert _body(original, "_emit") != _body(copy, "_emit")


def test_three_emitters_share_a_name_and_nothing_else(emitters: list[Found]) -> None:
    first, second, third = [found for found in emitters if found.name == "UserWebSocketEmitter"]
    assert not first.public & second.public
    assert not second.public & third.public
    assert not first.public & third.public


def _body(found: Found, method: str) -> str:
    (node,) = [item for item in found.node.body if getattr(item, "name", "") == method]
    return ast.dump(node)


def test_the_bridge_tells_all_five_events(classes: list[Found]) -> None:
    bridge = one(classes, "AgentWebSocketBridge")
    assert {f"notify_{event}" for event in FIVE} <= bridge.public


def test_the_registry_is_given_the_manager(classes: list[Found]) -> None:
    assert "set_websocket_manager" in one(classes, "AgentRegistry").public


def test_the_engine_is_given_a_notifier(classes: list[Found]) -> None:
    assert "websocket_notifier" in one(classes, "ExecutionEngine").constructor


def test_the_tool_engine_wraps_each_call_with_the_bridge(classes: list[Found]) -> None:
    engine = one(classes, "EnhancedToolExecutionEngine")
    assert "set_websocket_bridge" in engine.public
    calls = re.findall(r"attr='(notify_tool_\w+|run_tool)'", _body(engine, "run_tool"))
    assert calls == ["notify_tool_executing", "run_tool", "notify_tool_completed"]


def test_the_page_has_a_case_for_each_of_the_five_events(backend: Path) -> None:
    text = (backend / "frontend" / "src" / "show.ts").read_text("utf-8")
    assert "switch (event.type)" in text
    assert set(re.findall(r'case "(\w+)":', text)) >= FIVE


def test_some_imports_are_broken_already(backend: Path) -> None:
    broken = {
        "chat_backend/legacy/handler.py": "chat_backend.ws.handler",
        "scripts/send_batch.py": "chat_backend.websocket.batching",
    }
    for path, module in broken.items():
        assert f"from {module} import" in (backend / path).read_text("utf-8")
        assert not (backend / f"{module.replace('.', '/')}.py").exists()


def test_it_has_the_size_of_a_small_backend(backend: Path) -> None:
    sizes = [len(path.read_bytes().splitlines()) for path in backend.rglob("*.py")]
    assert 60 <= len(sizes) <= 130
    assert max(sizes) <= 200
