"""Exceptions that callers catch, that the legacy member raises, and its replacement never does."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from consolidator.analysis.audit.code import last_name
from consolidator.analysis.audit.members import new_name
from consolidator.analysis.audit.report import UnraisedException
from consolidator.analysis.audit.shrinking import body_of
from consolidator.analysis.audit.uses import MemberUse
from consolidator.analysis.calls.subjects import Subject
from consolidator.analysis.flow.world import Class

_BROAD = frozenset({"Exception", "BaseException"})
_DEEPEST = 4  # methods that call methods of the same class


def unraised_exceptions(uses: Iterable[MemberUse]) -> list[UnraisedException]:
    """One entry a caller and exception. Only what a class raises by its own methods is known."""
    return sorted({found for use in uses for found in _of_use(use)})


def _of_use(use: MemberUse) -> Iterator[UnraisedException]:
    subject = use.subject
    if not use.caught or not isinstance(subject.target, Class):
        return
    name = new_name(subject, use.member)
    if subject.target_member(name) is None or not isinstance(subject.legacy, Class):
        return  # a missing member is said elsewhere
    before = raised(subject, subject.legacy, use.member)
    now = raised(subject, subject.target, name)
    for caught in use.caught:
        exception = caught.rpartition(".")[2]
        if exception in before and exception not in now and exception not in _BROAD:
            move = subject.move
            yield UnraisedException(
                use.path, use.line, move.source, move.target, use.member, exception
            )


def raised(subject: Subject, cls: Class, member: str, depth: int = 0) -> frozenset[str]:
    """Last names of what a method raises, itself or through methods of its own class."""
    found = subject.members.find(cls, member)
    body = body_of(found.function) if found is not None and found.function is not None else None
    names: set[str] = set()
    for node in ast.walk(body) if body is not None else ():
        if isinstance(node, ast.Raise) and node.exc is not None:
            names.add(last_name(node.exc))
        elif (called := _own_method(node)) and depth < _DEEPEST:
            names |= raised(subject, cls, called, depth + 1)
    return frozenset(names - {""})


def _own_method(node: ast.AST) -> str:
    """`x` of `self.x(…)`; empty for anything else."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return ""
    return node.func.attr if last_name(node.func.value) in ("self", "cls") else ""
