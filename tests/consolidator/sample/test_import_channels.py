"""The legacy backend names its managers, emitters, pool and bridge in every way that code can."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

MODULES = {
    f"chat_backend.{name}"
    for name in (
        "agents.run_emitter",
        "agents.types",
        "agents.user_emitter",
        "core.connection_manager",
        "core.interfaces",
        "realtime.connections",
        "realtime.everything",
        "realtime.gateway",
        "realtime.ws",
        "services.events",
        "tools.emitter",
        "websocket",
        "websocket.bridge",
        "websocket.emitter",
        "websocket.isolated",
        "websocket.manager",
        "websocket.pool",
        "websocket.scoped",
        "websocket.thread_emitter",
        "websocket.unified_manager",
        "websocket.websocket_manager",
    )
}
CLASSES = {
    "AgentWebSocketBridge",
    "BroadcastingManager",
    "ConnectionManager",
    "EmitterPool",
    "IsolatedEventEmitter",
    "RealtimeManager",
    "RunEventEmitter",
    "ThreadEmitter",
    "ToolEventEmitter",
    "UserWebSocketEmitter",
    "WebSocketManager",
    "WebSocketManagerProtocol",
}
IMPORT = re.compile(r"^(?:from|import) chat_backend\.", re.MULTILINE)
DOTTED = re.compile(r"\bchat_backend(?:\.\w+)+\.[A-Za-z]\w*")
PATCHES = {"patch", "setattr"}
LOADERS = {"import_module", "__import__", "importorskip", "load"}


EVERY_WAY = [
    "one line",
    "parenthesised",
    "function",
    "aliased",
    "type checking",
    "fallback",
    "star",
    "relative",
    "dotted",
    "patch string",
    "string annotation",
    "Mock(spec=…)",
    "importlib string",
    "inside a string",
    ".md",
    ".xml",
    ".json",
]


@pytest.fixture(scope="module")
def found(backend: Path) -> Counter[str]:
    return count(backend)


@pytest.mark.parametrize("way", EVERY_WAY)
def test_each_way_of_naming_a_thing_occurs_ten_times_or_more(found: Counter[str], way: str) -> None:
    assert found[way] >= 10


@pytest.mark.parametrize("suffix", [".yaml", ".toml", ".ini"])
def test_the_other_formats_name_things_too(found: Counter[str], suffix: str) -> None:
    assert found[suffix] >= 2


def count(root: Path) -> Counter[str]:
    found: Counter[str] = Counter()
    for path in sorted(root.rglob("*.py")):
        try:
            tree = ast.parse(path.read_bytes())
        except SyntaxError:
            continue
        package = path.relative_to(root).with_suffix("").parts[:-1]
        found.update(_channels(tree, package))
    for path in sorted(root.rglob("*")):
        if path.suffix in {".md", ".xml", ".json", ".yaml", ".toml", ".ini"}:
            found[path.suffix] += len(DOTTED.findall(path.read_text("utf-8")))
    return found


def _channels(tree: ast.Module, package: tuple[str, ...]) -> Iterator[str]:
    for node, inside in _walk(tree, frozenset()):
        if isinstance(node, ast.ImportFrom):
            yield from _from_import(node, inside, package)
        elif isinstance(node, ast.Import):
            yield from _import(node, inside)
        elif isinstance(node, ast.Call):
            yield from _call(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _string(node.value, inside)


def _walk(node: ast.AST, inside: frozenset[str]) -> Iterator[tuple[ast.AST, frozenset[str]]]:
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                here = inside | _context(node, name)
                yield child, here
                yield from _walk(child, here)


def _context(node: ast.AST, field: str) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and field == "body":
        return {"function"}
    if isinstance(node, ast.If) and field == "body" and "TYPE_CHECKING" in ast.dump(node.test):
        return {"type checking"}
    if isinstance(node, ast.Try) and field == "body":
        guarded = any("ImportError" in ast.dump(handler) for handler in node.handlers)
        return {"fallback"} if guarded else set()
    return {"annotation"} if field in {"annotation", "returns"} else set()


def _module(node: ast.ImportFrom, package: tuple[str, ...]) -> str:
    if not node.level:
        return node.module or ""
    base = package[: len(package) - node.level + 1]
    return ".".join([*base, *filter(None, [node.module])])


def _from_import(
    node: ast.ImportFrom, inside: frozenset[str], package: tuple[str, ...]
) -> Iterator[str]:
    module = _module(node, package)
    names = {f"{module}.{alias.name}" for alias in node.names}
    if module not in MODULES and not names & MODULES:
        return
    yield from inside & {"function", "type checking", "fallback"}
    yield "one line" if node.end_lineno == node.lineno else "parenthesised"
    if node.level:
        yield "relative"
    if any(alias.asname for alias in node.names):
        yield "aliased"
    if node.names[0].name == "*":
        yield "star"


def _import(node: ast.Import, inside: frozenset[str]) -> Iterator[str]:
    if any(alias.name in MODULES for alias in node.names):
        yield "dotted"
        yield from inside & {"function", "type checking", "fallback"}


def _call(node: ast.Call) -> Iterator[str]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    first = node.args[0] if node.args else None
    if isinstance(first, ast.Constant) and str(first.value).startswith("chat_backend."):
        if name in PATCHES:
            yield "patch string"
        elif name in LOADERS and first.value in MODULES:
            yield "importlib string"
    for keyword in node.keywords:
        if keyword.arg == "spec":
            yield "Mock(spec=…)"


def _string(value: str, inside: frozenset[str]) -> Iterator[str]:
    if "annotation" in inside and any(re.search(rf"\b{name}\b", value) for name in CLASSES):
        yield "string annotation"
    for _ in IMPORT.findall(value):
        yield "inside a string"
