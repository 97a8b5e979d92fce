"""Test doubles: stand-ins for a class that no longer looks like that."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from consolidator.analysis.audit.code import CodeFile, FunctionDef, called_name, last_name
from consolidator.analysis.audit.points.base import IntegrationPoint
from consolidator.analysis.audit.report import Evidence

_MOCKS = {"Mock", "MagicMock", "AsyncMock", "create_autospec", "NonCallableMock"}
_FAKE = re.compile(r"(^|_)?(Fake|Mock|Stub|Dummy|Recording|Spy|InMemory)")


def doubles(lost: Mapping[str, str], legacy_names: frozenset[str]) -> IntegrationPoint:
    """`lost` maps members that legacy classes have and their replacements lack to what is said about
    it; `legacy_names` are the last names of the classes that move."""

    def read(file: CodeFile) -> Iterator[Evidence]:
        if not file.is_test:
            return
        for call in file.calls:
            if called_name(call) in _MOCKS:
                yield from _mock(file, call, legacy_names)
        for node in file.nodes:
            if isinstance(node, ast.Assign):
                yield from _mocked_member(file, node, lost)
        for cls in file.classes:
            yield from _fake(file, cls, lost)

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


def _mocked_member(file: CodeFile, node: ast.Assign, lost: Mapping[str, str]) -> Iterator[Evidence]:
    value = node.value
    is_mock = isinstance(value, ast.Call) and called_name(value) in _MOCKS
    for target in node.targets:
        if not isinstance(target, ast.Attribute):
            continue
        owner = target.value
        member = target.attr
        if member in ("return_value", "side_effect") and isinstance(owner, ast.Attribute):
            member, is_mock = owner.attr, True
        if is_mock and member in lost:
            yield file.evidence(node, "at-risk", f"doubles {member!r}: {lost[member]}")


def _fake(file: CodeFile, cls: ast.ClassDef, lost: Mapping[str, str]) -> Iterator[Evidence]:
    if not _FAKE.search(cls.name):
        return
    methods: list[FunctionDef] = [
        n for n in cls.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    for method in methods:
        if method.name in lost:
            why = f"{cls.name} doubles {method.name!r}: {lost[method.name]}"
            yield file.evidence(method, "at-risk", why)
