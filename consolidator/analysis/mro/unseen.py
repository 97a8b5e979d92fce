"""Names that a module's own code binds without a statement that names them.

Through `globals()` and its like, `exec`, `setattr(sys.modules[__name__], …)`, and functions that are
handed the namespace.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

WORDS = (b"globals()", b"vars(", b"locals(", b"exec(", b"modules[__name__]")
"""A module without any of them binds no name unseen."""
_ANY = ".*"
_NONE = "(?!)"
_CHANGES = ("update", "setdefault", "__setitem__")
_READERS = {
    *("eval", "dict", "list", "tuple", "set", "sorted", "len", "isinstance", "id", "repr", "str"),
    *("print", "type", "iter", "vars", "dir", "any", "all", "__import__", "compile"),
}
"""Builtins that a namespace may be given to; `exec` is read apart."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """One place that may bind names: those that `names` matches in full.

    It can have run by a line only if that lies behind `start`. `once` tells the last line of what
    runs a single time, at module level: later statements then have the last word. 0 where it may run
    again.
    """

    line: int
    names: str
    start: int
    once: int

    def reaches(self, name: str, line: int | None) -> bool:
        """Whether the name may be bound so when the statement in a line runs (None: at the end)."""
        if line is not None and line <= self.start:
            return False
        return re.fullmatch(self.names, name, re.DOTALL) is not None


@dataclass(frozen=True, slots=True)
class _Context:
    """Where the walk is: the statement at module level, and whether it is in a function or a class."""

    top: ast.stmt | None = None
    inside: bool = False
    repeated: bool = False
    loops: Mapping[str, str] = field(default_factory=dict)
    """Names that loops over literals bind, as patterns of their values."""


Changes = Callable[[ast.expr, int, int], bool]
"""Whether an imported function (as written, in a line) changes the namespace that it is given as the
argument of this index."""


def unseen(syntax: ast.Module, changes: Changes) -> list[Unseen]:
    """Every such place of a module, in order."""
    return list(_Reader(syntax, changes).read())


class _Reader:
    def __init__(self, syntax: ast.Module, changes: Changes) -> None:
        self._syntax = syntax
        self._changes = changes
        self._functions = {
            node.name: node for node in ast.walk(syntax) if isinstance(node, ast.FunctionDef)
        }
        assigned = [
            (target.id, node.value)
            for node in ast.walk(syntax)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        ]
        # `locals()` is the module's namespace at module level only.
        outside = [name for name, value in _assigned_outside(syntax.body) if _is_namespace(value)]
        self._aliases = {n for n, v in assigned if _is_namespace(v, own=False)} | set(outside)
        self._modules = {name for name, value in assigned if _is_module(value)}

    def read(self) -> Iterator[Unseen]:
        for statement in self._syntax.body:
            yield from self._walk(statement, _Context(statement))

    def _walk(self, node: ast.AST, context: _Context) -> Iterator[Unseen]:
        for names in self._bound(node, context):
            if names != _NONE:
                yield self._place(node, names, context)
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                context = replace(context, inside=True, repeated=True)
            case ast.ClassDef():
                context = replace(context, inside=True)
            case ast.For(target=ast.Name(id=name), iter=values):
                loops = {**context.loops, name: _values(values)}
                context = replace(context, repeated=True, loops=loops)
            case ast.For() | ast.AsyncFor() | ast.While():
                context = replace(context, repeated=True)
        for child in ast.iter_child_nodes(node):
            yield from self._walk(child, context)

    def _place(self, node: ast.AST, names: str, context: _Context) -> Unseen:
        top = context.top
        assert top is not None
        line = getattr(node, "lineno", top.lineno)
        in_function = isinstance(top, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        start = top.lineno if context.repeated else line
        once = 0 if in_function or (context.inside and context.repeated) else top.end_lineno or line
        return Unseen(line, names, start, once)

    def _bound(self, node: ast.AST, context: _Context) -> Iterator[str]:
        """Patterns of the names that this node alone binds."""
        match node:
            case ast.Subscript(value=owner, slice=key, ctx=ast.Store()) if self._is_space(
                owner, context
            ):
                yield _pattern(key, context.loops)
            case ast.Attribute(value=owner, attr=name, ctx=ast.Store()) if self._is_module(owner):
                yield re.escape(name)
            case ast.Call(func=ast.Name(id="setattr"), args=[owner, key, _]) if self._is_module(
                owner
            ):
                yield _pattern(key, context.loops)
            case ast.Call(func=ast.Name(id="exec"), args=[code, *spaces]):
                yield self._executed(code, spaces or [k.value for k in node.keywords], context)
            case ast.Call(func=ast.Attribute(value=owner, attr=name)) if (
                name in _CHANGES and self._is_space(owner, context)
            ):
                yield _changed(node, context.loops)
            case ast.AugAssign(target=target, op=ast.BitOr()) if self._is_space(target, context):
                yield _ANY
            case ast.Call(func=function, args=arguments):
                for index, argument in enumerate(arguments):
                    if self._is_space(argument, context) and self._handed(function, index, node):
                        yield _ANY

    def _is_space(self, node: ast.expr, context: _Context) -> bool:
        if isinstance(node, ast.Name):
            return node.id in self._aliases
        if isinstance(node, ast.Attribute) and node.attr == "__dict__":
            return self._is_module(node.value)
        return _is_namespace(node, own=not context.inside)

    def _is_module(self, node: ast.expr) -> bool:
        return _is_module(node) or (isinstance(node, ast.Name) and node.id in self._modules)

    def _executed(self, code: ast.expr, spaces: Sequence[ast.expr], context: _Context) -> str:
        own = [self._is_space(space, context) for space in spaces]
        if own and not own[-1]:
            return _NONE  # the names go to the last of the two
        text = code.value if isinstance(code, ast.Constant) else None
        if not isinstance(text, str):
            # Inside a function, without a namespace, what it binds is local to the call.
            return _NONE if context.inside and not spaces else _ANY
        names = _bound_by(text, only_global=context.inside and not spaces)
        return "|".join(names) or _NONE

    def _handed(self, function: ast.expr, index: int, call: ast.Call) -> bool:
        """Whether a function that is given the namespace changes it."""
        if isinstance(function, ast.Name):
            if function.id in _READERS:
                return False
            if function.id in self._functions:
                return changes_argument(self._functions[function.id], index)
        return self._changes(function, call.lineno, index)


def changes_argument(function: ast.FunctionDef | ast.AsyncFunctionDef, index: int) -> bool:
    """Whether a function sets items of an argument, or hands it on to one that may."""
    arguments = [*function.args.posonlyargs, *function.args.args]
    if index >= len(arguments):
        return True
    name = arguments[index].arg

    def is_it(node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and node.id == name

    for node in ast.walk(function):
        match node:
            case ast.Subscript(value=owner, slice=key, ctx=ast.Store()) if is_it(owner):
                if not (isinstance(key, ast.Constant) and str(key.value).startswith("__")):
                    return True
            case ast.Call(func=ast.Attribute(value=owner, attr=attr)) if is_it(owner):
                if attr in _CHANGES:
                    return True
            case ast.Call(func=called, args=given, keywords=named):
                reads = isinstance(called, ast.Name) and called.id in _READERS
                if not reads and any(map(is_it, [*given, *(keyword.value for keyword in named)])):
                    return True
    return False


def _assigned_outside(body: Sequence[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    """Names and values of the assignments outside functions and classes."""
    for node in body:
        if isinstance(node, ast.Assign):
            yield from ((t.id, node.value) for t in node.targets if isinstance(t, ast.Name))
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for name in ("body", "orelse", "finalbody"):
                yield from _assigned_outside(getattr(node, name, ()))


def _is_namespace(node: ast.expr, *, own: bool = True) -> bool:
    """`globals()`; where the code runs at module level, `vars()` and `locals()` as well."""
    match node:
        case ast.Call(func=ast.Name(id="globals"), args=[]):
            return True
        case ast.Call(func=ast.Name(id="vars" | "locals"), args=[]):
            return own
        case ast.Call(func=ast.Name(id="vars"), args=[module]):
            return _is_module(module)
    return False


def _is_module(node: ast.expr) -> bool:
    match node:
        case ast.Subscript(
            value=ast.Attribute(attr="modules") | ast.Name(id="modules"),
            slice=ast.Name(id="__name__"),
        ):
            return True
    return False


def _changed(call: ast.Call, loops: Mapping[str, str]) -> str:
    """The names in `globals().update(…)` and its like."""
    patterns = [re.escape(keyword.arg) if keyword.arg else _ANY for keyword in call.keywords]
    if isinstance(call.func, ast.Attribute) and call.func.attr != "update":
        return _pattern(call.args[0], loops) if call.args else _ANY
    for argument in call.args:
        match argument:
            case ast.Attribute(attr="__members__"):  # of an enumeration: no classes
                continue
            case ast.Dict(keys=keys):
                patterns += (_pattern(key, loops) if key else _ANY for key in keys)
            case _:
                patterns.append(_ANY)
    return "|".join(patterns) or _NONE


def _pattern(key: ast.expr, loops: Mapping[str, str]) -> str:
    """What a computed name can be, as far as its text tells."""
    match key:
        case ast.Constant(value=str(name)):
            return re.escape(name)
        case ast.Name(id=name):
            return loops.get(name, _ANY)
        case ast.JoinedStr(values=parts):
            return "".join(
                re.escape(str(p.value)) if isinstance(p, ast.Constant) else _ANY for p in parts
            )
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return f"(?:{_pattern(left, loops)})(?:{_pattern(right, loops)})"
        case ast.BinOp(op=ast.Mod(), left=ast.Constant(value=str(text))):
            fixed = re.split(r"%(?:\(\w+\))?[-#0 +]*\d*[sdr]", text)
            return _ANY if "%" in "".join(fixed) else _ANY.join(map(re.escape, fixed))
    return _ANY


def _values(node: ast.expr) -> str:
    """What a loop's variable is, where the loop runs over literal strings."""
    items = node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else [node]
    texts = [item.value for item in items if isinstance(item, ast.Constant)]
    if len(texts) < len(items) or not all(isinstance(text, str) for text in texts):
        return _ANY
    return "|".join(re.escape(str(text)) for text in texts)


def _bound_by(code: str, *, only_global: bool) -> list[str]:
    """The names that code binds when it is run, as patterns."""
    try:
        syntax = ast.parse(code)
    except (SyntaxError, ValueError):
        return []
    names: set[str] = set()
    for node in ast.walk(syntax):
        match node:
            case ast.Global(names=declared):
                names.update(map(re.escape, declared))
            case _ if only_global:
                continue
            case ast.Name(id=name, ctx=ast.Store()):
                names.add(re.escape(name))
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                names.add(re.escape(name))
            case ast.alias():
                star = node.name == "*"
                names.add(_ANY if star else re.escape(node.asname or node.name.partition(".")[0]))
    return sorted(names)
