"""Test doubles: stand-ins for a class that no longer looks like that."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from consolidator.analysis.audit.code import CodeFile, called_name, last_name
from consolidator.analysis.audit.points.base import IntegrationPoint
from consolidator.analysis.audit.report import Evidence

_MOCKS = {"Mock", "MagicMock", "AsyncMock", "create_autospec", "NonCallableMock"}
_ROLELESS = frozenset(
    {"mock", "fake", "stub", "double", "ws", "web", "socket", "websocket", "mocked", "spy"}
)
_FAKE = re.compile(r"(^|_)?(Fake|Mock|Stub|Dummy|Recording|Spy|InMemory)")


@dataclass(frozen=True, slots=True)
class Lost:
    """A member that legacy classes have and their replacements lack."""

    said: str
    roles: frozenset[str]
    """What the legacy classes are, by the last word of their names: `manager`, `emitter`."""


def role_of(name: str) -> str:
    """The last word of a class's name: `manager` of `WebSocketManager`."""
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower().rpartition("_")[2]


def doubles(lost: Mapping[str, Lost], legacy_names: frozenset[str]) -> IntegrationPoint:
    """`lost` holds members by their names; `legacy_names` are the last names of the classes that move."""

    named = re.compile(
        "|".join(rf"\b{re.escape(name)}\b" for name in sorted(legacy_names)) or "(?!)"
    )

    def read(file: CodeFile) -> Iterator[Evidence]:
        if not file.is_test:
            return
        for call in file.calls:
            if called_name(call) in _MOCKS:
                yield from _mock(file, call, legacy_names)
        if not named.search(file.text):
            return  # members of these names belong to something else here
        doubled = [found for node in file.nodes for found in _mocked_member(node, lost)]
        doubled += [found for cls in file.classes for found in _fake(cls, lost)]
        yield from _grouped(file, doubled, lost)

    return IntegrationPoint(
        "test-doubles",
        "Test doubles have the members of the class that they stand for",
        tuple(sorted({*legacy_names, *lost})),
        read,
        tests=True,
    )


def _mock(file: CodeFile, call: ast.Call, legacy: frozenset[str]) -> Iterator[Evidence]:
    specs = [k.value for k in call.keywords if k.arg in ("spec", "spec_set")]
    if called_name(call) == "create_autospec":
        specs += call.args[:1]
    for spec in specs:
        if last_name(spec) in legacy:
            yield file.evidence(call, "ok", "follows the class by its spec")


def _grouped(
    file: CodeFile, doubled: Sequence[tuple[str, ast.AST]], lost: Mapping[str, Lost]
) -> Iterator[Evidence]:
    """One entry a file and member, at the first of its places."""
    places: dict[str, list[ast.AST]] = {}
    for member, node in doubled:
        places.setdefault(member, []).append(node)
    for member, nodes in places.items():
        first = min(nodes, key=lambda node: getattr(node, "lineno", 0))
        often = f" ({len(nodes)} places in this file)" if len(nodes) > 1 else ""
        yield file.evidence(first, "at-risk", f"doubles {member!r}: {lost[member].said}{often}")


def _mocked_member(node: ast.AST, lost: Mapping[str, Lost]) -> Iterator[tuple[str, ast.AST]]:
    """`x.member = Mock()` and `x.member.return_value = …`."""
    if not isinstance(node, ast.Assign):
        return
    is_mock = isinstance(node.value, ast.Call) and called_name(node.value) in _MOCKS
    for target in node.targets:
        if not isinstance(target, ast.Attribute):
            continue
        member, mocked = target.attr, is_mock
        if member in ("return_value", "side_effect") and isinstance(target.value, ast.Attribute):
            member, mocked = target.value.attr, True
        owner = last_name(_owner(target, member))
        if mocked and member in lost and _stands_for(owner, lost[member].roles):
            yield member, node


def _owner(target: ast.Attribute, member: str) -> ast.expr:
    """`manager` of `manager.send` and of `manager.send.return_value`."""
    if target.attr != member and isinstance(target.value, ast.Attribute):
        return target.value.value
    return target.value


def _stands_for(name: str, roles: frozenset[str]) -> bool:
    """Whether a double goes by what the legacy class is, or by no role at all: `mock_manager`, `ws`."""
    words = set(re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower().split("_"))
    return bool(words & roles) or not words - _ROLELESS


def _fake(cls: ast.ClassDef, lost: Mapping[str, Lost]) -> Iterator[tuple[str, ast.AST]]:
    """Methods of a class that is named as a stand-in."""
    methods = [n for n in cls.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    for method in methods if _FAKE.search(cls.name) else ():
        if method.name in lost and _stands_for(cls.name, lost[method.name].roles):
            yield method.name, method
