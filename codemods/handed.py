"""Where a file hands modules on, so that others, or names that are not written down, read from them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from codemods.lazy import last_name
from codemods.scopes import Scope
from codemods.sites import READERS, names_member
from codemods.view import View


def handed_on(view: View) -> set[int]:
    """Offsets of names, chains and strings through which anything of a module may be read, whatever names
    the file says itself."""
    return _asked_by_computed_names(view) | _kept(view)


def _asked_by_computed_names(view: View) -> set[int]:
    """Where what is asked for a name stands, in `getattr(module, name)` with a name that the file does not
    say: one that a caller passes, or that is put together."""
    return {
        view.positions.span(call.args[0])[0]
        for call, scope in view.module.calls
        if last_name(call.func) in READERS
        if len(call.args) > 1 and not names_member(call) and _is_computed(view, call.args[1], scope)
    }


def _kept(view: View) -> set[int]:
    """Where a name or a chain is put on an object, in a collection, or handed back: other files read it
    from there by names that are not its own. What a decorator is given, or a loop goes through, is read
    here."""
    kept = [
        (node, value)
        for node in view.nodes
        for value in _values_kept(node)
        if isinstance(value, ast.Name | ast.Attribute)
    ]
    here = {id(node) for root in _read_here(view.nodes) for node in ast.walk(root)} if kept else ()
    return {view.positions.span(value)[0] for node, value in kept if id(node) not in here}


def imported_for_effect(view: View) -> set[int]:
    """Where strings stand that pytest, Celery and PyInstaller import, for whatever the modules register."""
    lists: list[ast.expr] = []
    for node in view.nodes:
        match node:
            case ast.Assign(targets=targets, value=value):
                lists += [value] * any(last_name(target) in _IMPORTED_LISTS for target in targets)
            case (
                ast.AugAssign(target=target, value=value)
                | ast.AnnAssign(target=target, value=value)
            ):
                lists += [value] if value and last_name(target) in _IMPORTED_LISTS else []
            case ast.Call(func=function, args=args, keywords=keywords):
                lists += args if last_name(function) == "autodiscover_tasks" else []
                lists += [word.value for word in keywords if word.arg in _IMPORTED_LISTS]
    texts = (node for value in lists for node in ast.walk(value) if isinstance(node, ast.Constant))
    return {view.positions.span(node)[0] for node in texts}


_IMPORTED_LISTS = frozenset(
    {"pytest_plugins", "include", "imports", "CELERY_IMPORTS", "CELERY_INCLUDE", "hiddenimports"}
)
_LOOKERS = READERS | frozenset(
    {"setattr", "delattr", "object", "reload", "print", "id", "type", "isinstance", "getsource"}
)
"""Functions that take a module and read none of its names for their callers, or those that they are told."""


def _read_here(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    for node in nodes:
        match node:
            case ast.FunctionDef(decorator_list=found) | ast.AsyncFunctionDef(decorator_list=found):
                yield from found
            case ast.For(iter=found) | ast.AsyncFor(iter=found) | ast.comprehension(iter=found):
                yield found


def _values_kept(node: ast.AST) -> Sequence[ast.expr]:
    match node:
        case ast.Assign(targets=targets, value=value):
            is_kept = any(isinstance(t, ast.Attribute | ast.Subscript) for t in targets)
            return [value] if is_kept else []
        case ast.Return(value=value) | ast.Yield(value=value) | ast.Lambda(body=value) if value:
            return [value]
        case (
            ast.Dict(values=values)
            | ast.List(elts=values)
            | ast.Tuple(elts=values)
            | ast.Set(elts=values)
        ):
            return values
        case ast.Call(func=function) if last_name(function) not in _LOOKERS:
            return [*node.args, *(keyword.value for keyword in node.keywords)]
        case ast.ClassDef(body=body):
            return [s.value for s in body if isinstance(s, ast.Assign)]
        case _:
            return []


def _is_computed(view: View, name: ast.expr, scope: Scope) -> bool:
    """Loops, variables and decorators (`parametrize`) take names from the file, which says them then."""
    if not isinstance(name, ast.Name):
        return not isinstance(name, ast.Constant)
    functions = [s.node for s in scope.enclosing() if s.kind == "function"]
    is_decorated = any(getattr(function, "decorator_list", ()) for function in functions)
    bindings = view.module.find(name.id, scope)
    return not is_decorated and any(isinstance(b.node, ast.arg) for b in bindings)
