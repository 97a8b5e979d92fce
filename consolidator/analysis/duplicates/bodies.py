"""What a class's methods do, with the accidents of writing taken out.

A method becomes a sequence of tokens in evaluation-free source order: annotations, docstrings and
comments go; parameters and locals become one blind mark, as in parameterised matching (Baker,
"On finding duplication and near-duplication in large software systems", WCRE 1995; Kamiya et al.,
"CCFinder", TSE 2002); attributes that hold the object's data become another, so that renaming
`self._sockets` changes nothing. Overlapping runs of tokens make the shingles whose multisets are
compared (Broder, "On the resemblance and containment of documents", SEQUENCES 1997). Shingles
never span two methods, so their order does not matter.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from consolidator.analysis.duplicates.shapes import Shape
from consolidator.tree.facts import Unreadable
from consolidator.tree.index import Tree

SHINGLE = 4
"""Tokens a shingle: short enough to survive one edited name, long enough to carry an expression."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
_LOCAL, _DATA, _OWN = "$local", "$data", "$class"


@dataclass(frozen=True)
class Method:
    """One method's body, normalised."""

    name: str
    line: int
    end_line: int
    exact: bytes
    """Equal for two methods that differ in names of locals, annotations, comments and docstrings only."""
    size: int
    """Tokens."""
    hollow: bool
    """Whether it only passes, raises NotImplementedError or is `...`."""
    hands_on: bool
    """Whether it ends in a call of the same method of something else."""


@dataclass(frozen=True)
class Body:
    """All methods of one class (nested classes and functions are part of the method around them)."""

    methods: Mapping[str, Method]
    shingles: Counter[tuple[str, ...]] = field(repr=False)

    @property
    def size(self) -> int:
        """Tokens."""
        return sum(method.size for method in self.methods.values())


class Bodies:
    """Bodies of a tree's classes, read when they are asked for; a file's classes come together."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._known: dict[Shape, Body | None] = {}

    def prefetch(self, shapes: Iterable[Shape]) -> None:
        """Read many classes, each file once."""
        wanted: dict[str, list[Shape]] = {}
        for shape in shapes:
            if shape not in self._known:
                wanted.setdefault(shape.path, []).append(shape)
        for path in sorted(wanted):
            self._read(path, wanted[path])

    def of(self, shape: Shape) -> Body | None:
        """The body of a class; None where its file can't be parsed by this interpreter."""
        if shape not in self._known:
            self._read(shape.path, [shape])
        return self._known[shape]

    def assembled(self, shapes: Sequence[Shape]) -> Body:
        """What a class amounts to with what it inherits: the class first, then its ancestors in the
        order of resolution. Shingles of overridden methods stay in."""
        methods: dict[str, Method] = {}
        shingles: Counter[tuple[str, ...]] = Counter()
        for part in map(self.of, shapes):
            if part is not None:
                methods = {**part.methods, **methods}
                shingles.update(part.shingles)
        return Body(methods, shingles)

    def _read(self, path: str, shapes: Iterable[Shape]) -> None:
        syntax = self._tree.syntax(path)
        nodes = {} if isinstance(syntax, Unreadable) else {n.lineno: n for n in _classes(syntax)}
        for shape in shapes:
            node = nodes.get(shape.line)
            self._known[shape] = None if node is None else read_body(node)


def _classes(syntax: ast.AST) -> Iterator[ast.ClassDef]:
    pending: list[ast.AST] = [syntax]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.ClassDef):
            yield node
        for block in ("body", "orelse", "handlers", "finalbody", "cases"):
            pending.extend(getattr(node, block, ()))


def read_body(node: ast.ClassDef) -> Body:
    """The normalised body of a class."""
    functions = {f.name: f for f in _methods(node.body)}
    shingles: Counter[tuple[str, ...]] = Counter()
    methods: dict[str, Method] = {}
    for name, function in functions.items():
        tokens = _Tokens(function, node.name, functions.keys())
        blind = tokens.blind()
        shingles.update(zip(*(blind[at:] for at in range(SHINGLE)), strict=False))
        methods[name] = Method(
            name,
            function.lineno,
            function.end_lineno or function.lineno,
            tokens.digest(),
            len(blind),
            _is_hollow(function),
            _hands_on(function),
        )
    return Body(methods, shingles)


def _methods(body: list[ast.stmt]) -> Iterator[Function]:
    for statement in body:
        if isinstance(statement, Function):
            yield statement
        elif isinstance(statement, ast.If):
            yield from _methods(statement.body)
            yield from _methods(statement.orelse)
        elif isinstance(statement, ast.Try):
            yield from _methods([*statement.body, *statement.orelse, *statement.finalbody])


def resemblance(left: Body, right: Body) -> float:
    """The share of shingles that two bodies have in common, 0..1 (Dice's coefficient over multisets:
    twice the shared ones by all; 0.8 is a copy with one statement in ten rewritten)."""
    total = left.shingles.total() + right.shingles.total()
    return 2 * _shared(left, right) / total if total else 0.0


def containment(left: Body, right: Body) -> float:
    """The share of the smaller body's shingles that the larger one has, 0..1."""
    smaller = min(left.shingles.total(), right.shingles.total())
    return _shared(left, right) / smaller if smaller else 0.0


def _shared(left: Body, right: Body) -> int:
    a, b = left.shingles, right.shingles
    if len(a) > len(b):
        a, b = b, a
    return sum(min(count, b[shingle]) for shingle, count in a.items() if shingle in b)


def statements(function: Function) -> list[ast.stmt]:
    """A function's statements without its docstring."""
    body = function.body
    first = body[0]
    if (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    ):
        return body[1:]
    return body


def _is_hollow(function: Function) -> bool:
    return all(_says_nothing(statement) for statement in statements(function))


def _says_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Pass):
        return True
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    if isinstance(statement, ast.Raise) and statement.exc is not None:
        raised = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
        return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"
    return False


def _hands_on(function: Function) -> bool:
    body = statements(function)
    if not body or len(body) > _WRAPPING:
        return False
    last = body[-1]
    value = last.value if isinstance(last, ast.Return | ast.Expr) else None
    value = value.value if isinstance(value, ast.Await) else value
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute):
        return False
    receiver = value.func.value
    if isinstance(receiver, ast.Call) and isinstance(receiver.func, ast.Name):
        return value.func.attr == function.name and receiver.func.id != "super"
    is_self = isinstance(receiver, ast.Name) and receiver.id in ("self", "cls")
    return value.func.attr == function.name and not is_self


_WRAPPING = 4
"""Statements at most in a method that hands its call on: a check, a log line, the call."""


class _Tokens:
    """One function's tokens: blind ones for shingles, numbered locals for exact equality.

    Names are kept as written until the end, because only then it is known which of them are local.
    """

    def __init__(self, function: Function, own: str, methods: Iterable[str]) -> None:
        self._own = own
        self._methods = frozenset(methods)
        self._self = function.args.args[0].arg if function.args.args else ""
        self._tokens: list[str] = []
        self._names: dict[int, str] = {}
        self._data: dict[int, str] = {}
        self._locals: set[str] = set()
        self._outside: set[str] = set()
        self._function(function)

    def blind(self) -> list[str]:
        """The tokens with every local and every data attribute made one."""
        tokens = self._tokens.copy()
        for at, name in self._names.items():
            tokens[at] = self._named(name, _LOCAL)
        for at in self._data:
            tokens[at] = _DATA
        return tokens

    def digest(self) -> bytes:
        """Equal for equal functions, whatever their locals are called."""
        tokens = self._tokens.copy()
        numbers: dict[str, int] = {}
        for at, name in self._names.items():
            tokens[at] = self._named(name, f"${numbers.setdefault(name, len(numbers))}")
        for at, name in self._data.items():
            tokens[at] = f"self.{name}"
        text = "\0".join(tokens)
        return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()

    def _named(self, name: str, local: str) -> str:
        if name in self._locals and name not in self._outside:
            return local
        return _OWN if name == self._own else name

    def _visit(self, node: ast.AST) -> None:
        kind = type(node)
        if reader := _READERS.get(kind):
            reader(self, node)
            return
        if kind not in _SILENT:
            self._tokens.append(kind.__name__)
        for name in kind._fields:
            value = getattr(node, name, None)
            for item in value if isinstance(value, list) else (value,):
                if isinstance(item, ast.AST):
                    self._visit(item)
                elif item is not None:
                    self._tokens.append(str(item))

    def _visit_all(self, nodes: Iterable[ast.AST | None]) -> None:
        for node in nodes:
            if node is not None:
                self._visit(node)

    def _name(self, name: str) -> None:
        self._names[len(self._tokens)] = name
        self._tokens.append(name)

    def _bind(self, name: str) -> None:
        self._locals.add(name)
        self._name(name)

    def _read_name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self._locals.add(node.id)
        self._name(node.id)

    def _read_attribute(self, node: ast.Attribute) -> None:
        owner = node.value
        if isinstance(owner, ast.Name) and owner.id == self._self:
            if node.attr not in self._methods:
                self._data[len(self._tokens)] = node.attr
            self._tokens.append(f"self.{node.attr}")
            return
        self._visit(owner)
        self._tokens.append(f".{node.attr}")

    def _read_constant(self, node: ast.Constant) -> None:
        self._tokens.append(repr(node.value))

    def _read_annotated(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._tokens.append("Assign")
            self._visit(node.target)
            self._visit(node.value)

    def _read_keyword(self, node: ast.keyword) -> None:
        self._tokens.append(f"{node.arg}=")
        self._visit(node.value)

    def _read_handler(self, node: ast.ExceptHandler) -> None:
        self._tokens.append("except")
        self._visit_all([node.type])
        if node.name:
            self._bind(node.name)
        self._visit_all(node.body)

    def _read_scope(self, node: ast.Global | ast.Nonlocal) -> None:
        self._outside.update(node.names)

    def _read_function(self, node: Function) -> None:
        self._tokens.append(type(node).__name__)
        self._bind(node.name)
        self._visit_all(node.decorator_list)
        self._function(node)

    def _read_import(self, node: ast.Import | ast.ImportFrom) -> None:
        self._tokens.append(ast.unparse(node))

    def _function(self, node: Function) -> None:
        self._read_arguments(node.args)
        self._visit_all(statements(node))

    def _read_arguments(self, node: ast.arguments) -> None:
        every = (*node.posonlyargs, *node.args, node.vararg, *node.kwonlyargs, node.kwarg)
        for arg in every:
            if arg is not None:
                self._bind(arg.arg)
        self._visit_all((*node.defaults, *node.kw_defaults))


_READERS: dict[type[ast.AST], Callable[[_Tokens, Any], None]] = {
    ast.Name: _Tokens._read_name,
    ast.Attribute: _Tokens._read_attribute,
    ast.Constant: _Tokens._read_constant,
    ast.AnnAssign: _Tokens._read_annotated,
    ast.keyword: _Tokens._read_keyword,
    ast.ExceptHandler: _Tokens._read_handler,
    ast.Global: _Tokens._read_scope,
    ast.Nonlocal: _Tokens._read_scope,
    ast.FunctionDef: _Tokens._read_function,
    ast.AsyncFunctionDef: _Tokens._read_function,
    ast.arguments: _Tokens._read_arguments,
    ast.Import: _Tokens._read_import,
    ast.ImportFrom: _Tokens._read_import,
}
_SILENT = frozenset({ast.Load, ast.Store, ast.Del, ast.Expr})
