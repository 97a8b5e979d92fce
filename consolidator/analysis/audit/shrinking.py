"""Replacements that keep a method's name and empty it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from consolidator.analysis.audit.code import FunctionDef, body_does_nothing, is_abstract
from consolidator.analysis.audit.members import new_name
from consolidator.analysis.audit.report import Shrunk
from consolidator.analysis.calls.subjects import Subject, Subjects
from consolidator.analysis.flow.scopes import functions_in
from consolidator.analysis.flow.world import Class, Function


def shrunk_bodies(subjects: Subjects) -> Iterator[Shrunk]:
    """Methods of the legacy classes whose replacement does nothing."""
    for subject in subjects.all:
        if isinstance(subject.legacy, Class) and isinstance(subject.target, Class):
            yield from _of_classes(subject, subject.legacy)


def _of_classes(subject: Subject, legacy: Class) -> Iterator[Shrunk]:
    for name, member in subject.members.of(legacy).items():
        other = subject.target_member(new_name(subject, name))
        if member.function is None or other is None or other.function is None:
            continue
        old, new = _body(member.function), _body(other.function)
        if old is None or new is None or is_abstract(new):
            continue
        if why := _less(old, new):
            yield Shrunk(
                other.path,
                other.line,
                f"{subject.move.source}.{name}",
                f"{subject.move.target}.{other.name}",
                why,
            )


def _body(function: Function) -> FunctionDef | None:
    syntax = function.source.tree.syntax(function.path)
    body = syntax.body if isinstance(syntax, ast.Module) else []
    return next((n for n in functions_in(body) if n.lineno == function.fact.line), None)


def _less(old: FunctionDef, new: FunctionDef) -> str:
    if body_does_nothing(new) and not body_does_nothing(old):
        return f"its body is empty, and was {len(old.body)} statements"
    return ""
