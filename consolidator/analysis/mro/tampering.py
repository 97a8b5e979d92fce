"""Names that are bound behind a reader's back, by their own module or by another one."""

from __future__ import annotations

import ast
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from consolidator.analysis.mro.nodes import LOCALS
from consolidator.analysis.mro.unseen import WORDS, Unseen, changes_argument, unseen
from consolidator.analysis.mro.values import (
    ClassRef,
    ClassValue,
    FunctionValue,
    ModuleValue,
    Place,
    Space,
)

if TYPE_CHECKING:
    from consolidator.analysis.mro.evaluate import Evaluator
    from consolidator.tree.index import Tree

_ASSIGNED = re.compile(rb"\.[A-Z]\w*[ \t]*(?::[^=\n]*)?=(?!=)")
_TARGETS = re.compile(rb"\.([A-Z]\w*)")
_SET = (
    (
        b"setattr(",
        (
            re.compile(rb"\bsetattr\([^,\n]+,[ \t]*[\"'](?:(?P<name>[A-Z]\w*)[\"'],|[A-Z])"),
            re.compile(rb"\bsetattr\((?P<root>[A-Za-z_]\w*)[^,\n]*,[ \t]*[^\"'\s]"),
        ),
    ),
    (b"builtins.", (re.compile(rb"\bbuiltins\.(?P<name>\w+)[ \t]*=(?!=)"),)),
    (b"__dict__[", (re.compile(rb"\b__dict__\["),)),
    (b"vars(", (re.compile(rb"\bvars\(\w+\)\["),)),
)
"""Apart, each behind a search for plain bytes: one expression for all takes twenty times as long."""
_ANY = ""


_REPLACES = re.compile(rb"\bmodules\[\s*__name__\s*\]\s*=(?!=)")
_REPLACED = re.compile(rb"\bmodules\b|\(\s*__name__\s*,")


class Tampering:
    """Where a module's names can get other values than its statements give them."""

    def __init__(self, evaluator: Evaluator, *, from_outside: bool) -> None:
        self._evaluator = evaluator
        self._from_outside = from_outside
        self._inside: dict[tuple[Space, str], Sequence[Unseen]] = {}
        self._lines: Mapping[str, Mapping[str, Sequence[int]]] | None = None
        self._setters: dict[str, dict[tuple[str, str], tuple[str, int]]] = {}

    def inside(self, place: Place, name: str) -> str:
        """Why the module's own code may have bound the name unseen by a line; empty where not."""
        if place.path == "typing_extensions.py":  # copies names of typing so, none of its own
            return ""
        for found in self._unseen(place.space, place.path):
            if found.reaches(name, place.line) and not self._bound_later(place, name, found):
                return f"{name!r} may be set through `globals()` or `exec` in line {found.line}"
        return ""

    def _bound_later(self, place: Place, name: str, found: Unseen) -> bool:
        """Whether a statement at module level has the last word."""
        return found.once > 0 and any(
            found.once < fact.line and (place.line is None or fact.line < place.line)
            for fact in place.space.resolver.bindings(place.path, name)
            if not fact.guards
        )

    def _unseen(self, space: Space, path: str) -> Sequence[Unseen]:
        key = (space, path)
        if key not in self._inside:
            data = space.tree.read(path)
            syntax = space.tree.syntax(path) if any(word in data for word in WORDS) else None
            self._inside[key] = ()  # asked again while it is computed
            if isinstance(syntax, ast.Module):
                changes = partial(self._changes, space, path)
                self._inside[key] = unseen(syntax, changes)
        return self._inside[key]

    def _changes(self, space: Space, path: str, node: ast.expr, line: int, index: int) -> bool:
        """Whether an imported function changes the namespace that it is given."""
        if not self._from_outside:  # this one looks for functions only
            return False
        plain = self._plain()
        function = plain.expression(node, Place(space, path, "", line))
        if isinstance(function, FunctionValue) and function.fact is None:
            return False  # of the standard library
        if not isinstance(function, FunctionValue):
            return True
        definition = plain.calls.definition(function)
        return definition is None or changes_argument(definition, index)

    def _plain(self) -> Evaluator:
        # An evaluator of its own: this one may be in the middle of an answer, and remembers circles.
        return type(self._evaluator)(self._evaluator.world, from_outside=False)

    def replaced(self, module: ModuleValue) -> bool:
        """Whether a module may put another object in its own place (`sys.modules[__name__] = …`, or
        a function that is given `__name__` and more)."""
        if not (module.space and module.path):
            return False
        return _REPLACED.search(module.space.tree.read(module.path)) is not None

    def outside(self, module: ModuleValue, name: str) -> str:
        """Why a file of ROOT may have replaced a module's name; empty where none does.

        Only names that begin with a capital are looked for, as classes have them.
        """
        if self._replaces_itself(module):
            return f"{module.dotted} puts another object in its own place"
        return self._where(module.dotted, name)

    def by_itself(self, place: Place, name: str) -> str:
        """Why a file may have replaced its own name by a line, as another module would."""
        if place.space is not self._evaluator.world.project:
            return ""
        dotted = place.space.tree.module(place.path)
        path, line = self._outside_of(dotted, name)
        own = path == place.path and (place.line is None or line < place.line)
        late = place.line is None and bool(path)
        return self._where(dotted, name) if own or late else ""

    def of_class(self, ref: ClassRef, name: str) -> str:
        """Why a file of ROOT may have set an attribute of a class; empty where none does."""
        return self._where(ref.dotted, name) if ref.space else ""

    def _where(self, owner: str, name: str) -> str:
        path, line = self._outside_of(owner, name)
        return f"{name!r} of {owner} is replaced in {path}:{line}" if path else ""

    def _outside_of(self, owner: str, name: str) -> tuple[str, int]:
        if not self._from_outside:
            return "", 0
        certain, possible = self._set_in(name), self._set_in(_ANY)
        for found, attribute in ((certain, name), (possible, name), (possible, _ANY)):
            if place := found.get((owner, attribute)):
                return place
        return "", 0

    def _set_in(self, name: str) -> Mapping[tuple[str, str], tuple[str, int]]:
        """Path and line by the module or class and the name that is set, from the lines that may set
        this name. Only files that have such lines are parsed."""
        if name not in self._setters:
            found = self._setters[name] = {}
            for path, line, owner, attribute in self._assignments(name):
                found.setdefault((owner, attribute), (path, line))
        return self._setters[name]

    def _replaces_itself(self, module: ModuleValue) -> bool:
        if not self._from_outside or not (module.space and module.path):
            return False
        return _REPLACES.search(module.space.tree.read(module.path)) is not None

    def _assignments(self, name: str) -> Iterator[tuple[str, int, str, str]]:
        """Path, line, the module or class, and the name that a statement of ROOT sets in it."""
        space, plain = self._evaluator.world.project, self._plain()
        if self._lines is None:
            self._lines = _lines_that_may_set(space.tree)
        for path, lines in self._lines.get(name, {}).items():
            syntax = space.tree.syntax(path)
            for store in _stores(syntax, lines) if isinstance(syntax, ast.Module) else ():
                value = plain.expression(store.owner, Place(space, path, store.scope))
                if isinstance(value, ModuleValue):
                    yield path, store.owner.lineno, value.dotted, store.name
                elif isinstance(value, ClassValue) and store.name != _ANY:
                    yield path, store.owner.lineno, value.ref.dotted, store.name


def _lines_that_may_set(tree: Tree) -> dict[str, dict[str, list[int]]]:
    """By name and path, the lines that may set a name, as classes have them, of another module or
    class; those that may set any name are under an empty one."""
    found: dict[str, dict[str, list[int]]] = {}
    for path in tree.paths:
        try:
            data = tree.read(path)
        except OSError:
            continue
        for name, offset in _that_may_set(data):
            line = data.count(b"\n", 0, offset) + 1
            found.setdefault(name, {}).setdefault(path, []).append(line)
    return found


def _that_may_set(data: bytes) -> Iterator[tuple[str, int]]:
    """A name and where it may be set in a file."""
    for match in _ASSIGNED.finditer(data):
        start = data.rfind(b"\n", 0, match.start()) + 1
        for target in _TARGETS.findall(data, start, match.end()):
            yield target.decode(), match.start()
    for match in chain.from_iterable(
        pattern.finditer(data) for word, patterns in _SET if word in data for pattern in patterns
    ):
        groups = match.groupdict()
        root = groups.get("root")
        if root is None or _is_imported(root, data):
            yield (groups.get("name") or b"").decode(), match.start()


def _is_imported(name: bytes, data: bytes) -> bool:
    """Whether an import statement may bind a name; only a module's computed names are of interest."""
    return re.search(rb"\bimport\b[^=:]{0,2000}?\b" + name + rb"\b", data) is not None


@dataclass(frozen=True, slots=True)
class _Store:
    owner: ast.expr
    name: str
    scope: str


def _stores(syntax: ast.Module, lines: Sequence[int]) -> Iterator[_Store]:
    """What the statements of some lines set in other objects than `self` and local variables."""
    wanted = sorted(lines)

    def holds(node: ast.AST) -> bool:
        first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", None)
        return last is None or bisect_left(wanted, first) < bisect_right(wanted, last)

    pending: list[tuple[ast.AST, str, ast.AST | None]] = [(syntax, "", None)]
    while pending:
        node, scope, function = pending.pop()
        for child in filter(holds, ast.iter_child_nodes(node)):
            inner, within = scope, function
            match child:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    inner, within = f"{scope}.{name}{LOCALS}".lstrip("."), child
                case ast.ClassDef(name=name):
                    inner = f"{scope}.{name}".lstrip(".")
            found = _set_by(child)
            if found is not None and not _is_local(found[0], function):
                yield _Store(*found, scope)
            pending.append((child, inner, within))


def _set_by(node: ast.AST) -> tuple[ast.expr, str] | None:
    """The object and the name that a node sets in it; an empty name where any may be meant."""
    match node:
        case ast.Attribute(value=owner, attr=name, ctx=ast.Store()) if (
            name[:1].isupper() or ast.unparse(owner) == "builtins"
        ):
            return owner, name
        case ast.Call(func=ast.Name(id="setattr"), args=[owner, key, _]):
            name = _constant(key)
            return (owner, name) if not name or name[:1].isupper() else None
        case ast.Subscript(
            value=ast.Attribute(value=owner, attr="__dict__")
            | ast.Call(func=ast.Name(id="vars"), args=[owner]),
            slice=key,
            ctx=ast.Store(),
        ):
            return owner, _constant(key)
    return None


def _is_local(owner: ast.expr, function: ast.AST | None) -> bool:
    """Whether an expression begins with a parameter or a variable of the function that it stands in."""
    while isinstance(owner, ast.Attribute):
        owner = owner.value
    if not isinstance(owner, ast.Name):
        return not isinstance(owner, ast.Call | ast.Subscript)
    return function is not None and any(
        (isinstance(node, ast.arg) and node.arg == owner.id)
        or (isinstance(node, ast.Name) and node.id == owner.id and isinstance(node.ctx, ast.Store))
        for node in ast.walk(function)
    )


def _constant(key: ast.expr) -> str:
    return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else _ANY
