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
from consolidator.analysis.history.family import is_test
from consolidator.tree.index import Tree
from consolidator.wording import counted


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
        old, new = body_of(member.function), body_of(other.function)
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


def body_of(function: Function) -> FunctionDef | None:
    """The syntax of a function or method; None where its file can't be read."""
    syntax = function.source.tree.syntax(function.path)
    body = syntax.body if isinstance(syntax, ast.Module) else []
    return next((n for n in functions_in(body) if n.lineno == function.fact.line), None)


def shrunk_between(before: Tree, now: Tree, since: str) -> Iterator[Shrunk]:
    """Functions of production code that do less than they did at an earlier revision."""
    for path in sorted(set(before.paths) & set(now.paths)):
        if is_test(path) or before.read(path) == now.read(path):
            continue
        old, new = _functions(before, path), _functions(now, path)
        for name in sorted(old.keys() & new.keys()):
            if not is_abstract(new[name]) and (why := _less(old[name], new[name])):
                dotted = f"{now.module(path)}.{name}"
                yield Shrunk(path, new[name].lineno, f"{dotted} at {since}", dotted, why)


def _functions(tree: Tree, path: str) -> dict[str, FunctionDef]:
    """Functions and methods of a file by qualified name; of several of one name the last."""
    syntax, facts = tree.syntax(path), tree.facts(path)
    if not isinstance(syntax, ast.Module) or facts is None:
        return {}
    by_line = {node.lineno: node for node in functions_in(syntax.body)}
    return {f.qualname: by_line[f.line] for f in facts.functions if f.line in by_line}


def _less(old: FunctionDef, new: FunctionDef) -> str:
    if body_does_nothing(new):
        return "" if body_does_nothing(old) else f"its body is empty, and was {_size(old)}"
    if _awaits(old) and _branches(old) and not _awaits(new) and not _branches(new):
        # One call handed back may be the work itself, done elsewhere.
        handed_back = any(
            isinstance(n, ast.Return) and isinstance(n.value, ast.Call) for n in ast.walk(new)
        )
        if not handed_back:
            lost = f"{_awaits(old)} awaits and {_branches(old)} branches"
            return f"it awaits and decides nothing any more, and had {lost}"
    return ""


def _size(function: FunctionDef) -> str:
    return counted(len(function.body), "statement")


def _awaits(function: FunctionDef) -> int:
    kinds = (ast.Await, ast.AsyncFor, ast.AsyncWith)
    return sum(isinstance(node, kinds) for node in ast.walk(function))


def _branches(function: FunctionDef) -> int:
    kinds = (ast.If, ast.For, ast.While, ast.Try, ast.Match)
    return sum(isinstance(node, kinds) for node in ast.walk(function))
