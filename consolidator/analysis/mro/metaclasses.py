"""The metaclass of a class, and whether it interferes with bases or order."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from consolidator.analysis.mro.bases import Bases, Reason, Refusal
from consolidator.analysis.mro.calls import returns
from consolidator.analysis.mro.values import ClassRef, FunctionValue, Place
from consolidator.tree.facts import BindingFact, FunctionFact

if TYPE_CHECKING:
    from consolidator.analysis.mro.evaluate import Evaluator
    from consolidator.analysis.mro.linear import Classes


@dataclass(frozen=True, slots=True)
class Winner:
    """The most derived metaclass; None where one of the candidates is not known."""

    ref: ClassRef | None
    refusal: Refusal | None = None
    reasons: tuple[Reason, ...] = ()


def winner(bases: Bases, classes: Classes) -> Winner:
    """The metaclass that CPython picks among the explicit one and those of the bases."""
    candidates = [classes.linear(base).metaclass for base in bases.refs if base is not None]
    if bases.metaclass is not None:
        candidates.insert(0, bases.metaclass)
    best: ClassRef | None = None
    for candidate in candidates:
        if candidate is None:
            return Winner(None)
        if best is None or best in classes.linear(candidate).order:
            best = candidate
        elif candidate not in classes.linear(best).order:
            return _conflict(best, candidate, bases, classes)
    return Winner(best or classes.root_metaclass())


def _conflict(best: ClassRef, other: ClassRef, bases: Bases, classes: Classes) -> Winner:
    message = f"metaclass conflict between {best.dotted} and {other.dotted}"
    sure = classes.linear(best).certainty == classes.linear(other).certainty == "exact"
    if sure and not bases.reasons:
        return Winner(None, Refusal("refused", message))
    return Winner(None, reasons=(Reason(-1, "", message),))


def computes_order(metaclass: ClassRef, evaluator: Evaluator) -> bool:
    """Whether a metaclass has an `mro` method of its own."""
    return any("mro" in names for _, names in _own_names(metaclass, evaluator))


def changes_bases(metaclass: ClassRef, evaluator: Evaluator) -> tuple[Reason, ...]:
    """A reason where the metaclass's `__new__` may build the class from other bases, or another
    class; or where a metaclass of its own is called in its place."""
    own = evaluator.classes.linear(metaclass).metaclass
    if own is not None and (caller := evaluator.classes.definer(own, "__call__")) is not None:
        why = f"metaclass {caller.dotted} of {metaclass.dotted} makes the class in its __call__"
        return (Reason(-1, "", why),)
    for owner, names in _own_names(metaclass, evaluator):
        if "__new__" not in names or owner.space is None:
            continue
        bound = owner.space.resolver.bindings(owner.path, "__new__", owner.qualname)
        node = None
        if bound and isinstance(bound[-1], FunctionFact):
            place = Place(owner.space, owner.path, owner.qualname, bound[-1].line)
            node = evaluator.calls.definition(FunctionValue("", place, bound[-1]))
        if node is None or not _passes_bases_on(node):
            return (Reason(-1, "", f"metaclass {owner.dotted} may change the bases in __new__"),)
    return ()


def _own_names(metaclass: ClassRef, evaluator: Evaluator) -> Iterator[tuple[ClassRef, set[str]]]:
    for owner in evaluator.classes.linear(metaclass).order:
        if owner is None or owner.dotted == "builtins.type":
            return
        if owner.number >= 0:
            # Metaclasses of the standard library keep bases and order (those of `typing` that
            # do not are read by name in `bases`).
            continue
        if owner.space is not None and owner.made_from is None:
            own = evaluator.classes.own_facts(owner)
            yield owner, {f.name for f in own if isinstance(f, FunctionFact | BindingFact)}


def _passes_bases_on(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether every `….__new__(…)` in it gets the bases that came in, and they are never rebound."""
    parameters = [*node.args.posonlyargs, *node.args.args]
    name = parameters[2].arg if len(parameters) > 2 else ""
    results: set[str] = set()
    made = False
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and part.id == name and isinstance(part.ctx, ast.Store):
            return False
        if isinstance(part, ast.Call) and _makes_class(part):
            made = True
            if not _hands_on(part, name):
                return False
        if isinstance(part, ast.Assign | ast.AnnAssign) and _is_made(part.value):
            targets = part.targets if isinstance(part, ast.Assign) else [part.target]
            results.update(target.id for target in targets if isinstance(target, ast.Name))
    return made and all(_is_result(found.value, results) for found in returns(node))


def _is_made(value: ast.expr | None) -> bool:
    inner = value.args[-1] if isinstance(value, ast.Call) and _is_cast(value) else value
    return isinstance(inner, ast.Call) and _makes_class(inner)


def _is_cast(call: ast.Call) -> bool:
    return ast.unparse(call.func).rpartition(".")[2] == "cast" and len(call.args) == 2


def _is_result(value: ast.expr | None, results: set[str]) -> bool:
    """Whether a `return` gives the class that was made."""
    if isinstance(value, ast.Call) and _is_cast(value):
        value = value.args[-1]
    return _is_made(value) or (isinstance(value, ast.Name) and value.id in results)


def _makes_class(call: ast.Call) -> bool:
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr == "__new__"
    return isinstance(function, ast.Name) and function.id == "type" and len(call.args) == 3


def _hands_on(call: ast.Call, name: str) -> bool:
    if any(isinstance(argument, ast.Starred) for argument in call.args):
        return not name
    named = [a for a in call.args if isinstance(a, ast.Name) and a.id == name]
    return bool(name) and len(named) == 1
