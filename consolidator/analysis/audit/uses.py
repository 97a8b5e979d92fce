"""Which members of the plan's legacy classes callers use, and where."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from consolidator.analysis.audit.code import last_name
from consolidator.analysis.calls.doubles import MOCKERY
from consolidator.analysis.calls.subjects import CONSTRUCTOR, Subject, Subjects
from consolidator.analysis.calls.surroundings import Surroundings
from consolidator.analysis.flow.file_flow import FileFlow
from consolidator.analysis.flow.values import NONE, Value
from consolidator.analysis.signatures import Arguments, in_source_order

_ASKING = {"hasattr", "getattr"}


@dataclass(frozen=True, eq=False)
class MemberUse:
    subject: Subject
    member: str
    path: str
    line: int
    form: str
    """`call`, `read`, `write`, `asked` (by name, through hasattr or getattr) or `enter`."""
    arguments: Arguments | None = None
    names: tuple[str, ...] = ()
    """Last name of each argument, empty where it has none; in the order of `arguments`."""
    result_used: bool = False
    awaited: bool = False
    double: bool = False
    caught: tuple[str, ...] = ()
    """Exceptions, as written, that the caller catches around a call."""


def member_uses(subjects: Subjects, flow: FileFlow) -> Iterator[MemberUse]:
    """Uses in one file, outside the legacy definitions themselves."""
    around = Surroundings(flow.syntax)
    skipped = list(subjects.legacy_definitions(flow.path))
    for node in ast.walk(flow.syntax):
        line = getattr(node, "lineno", 0)
        if any(first <= line <= last for first, last in skipped):
            continue
        if isinstance(node, ast.Attribute):
            yield from _attribute(subjects, flow, around, node)
        elif isinstance(node, ast.Call):
            yield from _call(subjects, flow, node)
        elif isinstance(node, ast.With | ast.AsyncWith):
            yield from _with(subjects, flow, node)
        yield from _protocol(subjects, flow, node)


def _names(call: ast.Call) -> tuple[str, ...]:
    return tuple(last_name(argument) for argument, _ in in_source_order(call))


def _concerned(flow: FileFlow, node: ast.expr, *, classes: bool = False) -> Value | None:
    found = flow.of(node) - {NONE}
    kinds = ("instance", "class") if classes else ("instance",)
    if len({(v.kind, v.name) for v in found}) != 1:
        return None
    value = min(found, key=lambda value: value.via)
    return value if value.kind in kinds else None


def _subject(subjects: Subjects, value: Value, member: str) -> Subject | None:
    """The legacy class whose member this is; None for code on the target or overridden members."""
    found = subjects.of_instance(value, member)
    return found.subjects[0] if found.subjects and found.certain else None


def _attribute(
    subjects: Subjects, flow: FileFlow, around: Surroundings, node: ast.Attribute
) -> Iterator[MemberUse]:
    value = _concerned(flow, node.value)
    if value is None or (node.attr.startswith("__") and node.attr.endswith("__")):
        return
    subject = _subject(subjects, value, node.attr)
    if subject is None or (value.mock and node.attr.startswith(MOCKERY)):
        return
    parent = around.parent(node)
    if isinstance(parent, ast.Call) and parent.func is node:
        outer = around.parent(parent)
        awaited = isinstance(outer, ast.Await)
        statement = around.parent(outer) if awaited and outer else outer
        yield MemberUse(
            subject,
            node.attr,
            flow.path,
            node.end_lineno or node.lineno,
            "call",
            Arguments.of(parent),
            _names(parent),
            not isinstance(statement, ast.Expr),
            awaited,
            value.mock,
            _caught(around, node),
        )
    else:
        form = "write" if isinstance(node.ctx, ast.Store | ast.Del) else "read"
        yield MemberUse(subject, node.attr, flow.path, node.lineno, form, double=value.mock)


def _call(subjects: Subjects, flow: FileFlow, node: ast.Call) -> Iterator[MemberUse]:
    value = _concerned(flow, node.func, classes=True)
    is_class = value is not None and value.kind == "class"
    if value and is_class and not isinstance(node.func, ast.Subscript):
        subject = _subject(subjects, value, CONSTRUCTOR)
        if subject is not None:
            arguments = Arguments.of(node)
            names = _names(node)
            yield MemberUse(subject, CONSTRUCTOR, flow.path, node.lineno, "call", arguments, names)
    if getattr(node.func, "id", "") in _ASKING and len(node.args) > 1:
        yield from _asked(subjects, flow, node)


def _asked(subjects: Subjects, flow: FileFlow, node: ast.Call) -> Iterator[MemberUse]:
    owner, member = _concerned(flow, node.args[0]), node.args[1]
    if owner is None or not isinstance(member, ast.Constant) or not isinstance(member.value, str):
        return
    if subject := _subject(subjects, owner, member.value):
        yield MemberUse(subject, member.value, flow.path, node.lineno, "asked")


def _with(
    subjects: Subjects, flow: FileFlow, node: ast.With | ast.AsyncWith
) -> Iterator[MemberUse]:
    for item in node.items:
        value = _concerned(flow, item.context_expr)
        member = "__aenter__" if isinstance(node, ast.AsyncWith) else "__enter__"
        if value is not None and (subject := _subject(subjects, value, member)):
            yield MemberUse(subject, member, flow.path, item.context_expr.lineno, "enter")


_BUILTINS = {
    "len": "__len__",
    "iter": "__iter__",
    "next": "__next__",
    "aiter": "__aiter__",
    "anext": "__anext__",
    "reversed": "__reversed__",
}
"""Functions that call a method of what they are given."""
_SUBSCRIPTS = {ast.Load: "__getitem__", ast.Store: "__setitem__", ast.Del: "__delitem__"}


def _protocol(subjects: Subjects, flow: FileFlow, node: ast.AST) -> Iterator[MemberUse]:
    """Methods that the syntax calls: a loop, `in`, `len(x)`, `x[k]`, `x(…)`."""
    for owner, member in _called_by_syntax(node):
        value = _concerned(flow, owner)
        subject = _subject(subjects, value, member) if value is not None else None
        if subject is not None and subject.legacy_member(member) is not None:
            yield MemberUse(subject, member, flow.path, owner.lineno, "enter")


def _called_by_syntax(node: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    match node:
        case ast.For():
            yield node.iter, "__iter__"
        case ast.AsyncFor():
            yield node.iter, "__aiter__"
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            for generator in node.generators:
                yield generator.iter, "__aiter__" if generator.is_async else "__iter__"
        case ast.Compare():
            for operator, operand in zip(node.ops, node.comparators, strict=True):
                if isinstance(operator, ast.In | ast.NotIn):
                    yield operand, "__contains__"
        case ast.Subscript():
            yield node.value, _SUBSCRIPTS[type(node.ctx)]
        case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in _BUILTINS:
            yield first, _BUILTINS[name]
        case ast.Call(func=ast.Name()):
            yield node.func, "__call__"


def _caught(around: Surroundings, node: ast.AST) -> tuple[str, ...]:
    """The exceptions of the `except` clauses around a node, in its own function."""
    found: list[str] = []
    child, parent = node, around.parent(node)
    while parent is not None and not isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef):
        if isinstance(parent, ast.Try | ast.TryStar) and any(s is child for s in parent.body):
            for handler in parent.handlers:
                kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
                found += [ast.unparse(kind) for kind in kinds if kind is not None]
        child, parent = parent, around.parent(parent)
    return tuple(dict.fromkeys(found))
