"""A file's syntax to the bodies of its functions: which statement runs when, and what it does."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

import msgspec

from consolidator.analysis.emissions.bodies.code import (
    Body,
    Condition,
    Element,
    Entered,
    Expression,
    Handler,
    Mention,
    Opaque,
    Path,
    Result,
    Return,
    Value,
    last_name,
)
from consolidator.analysis.emissions.bodies.handed_on import handed_on
from consolidator.analysis.emissions.bodies.places import Places
from consolidator.analysis.emissions.bodies.read_expressions import STACKED, ExpressionReader
from consolidator.tree.facts import Unreadable
from consolidator.tree.parse import parse_syntax
from consolidator.tree.source import decode

_EXITS = frozenset({"sys.exit", "os._exit", "exit", "quit"})
_RAISED = "the raise"
_Function = ast.FunctionDef | ast.AsyncFunctionDef


class FileBodies(msgspec.Struct, frozen=True, array_like=True, tag=True, gc=False):
    """All bodies of a file, the module's own first, and every name that the file mentions."""

    bodies: tuple[Body, ...]
    names: tuple[str, ...]


def bodies_of(data: bytes) -> FileBodies | Unreadable:
    """Bodies in a file's content, or the line and reason why it can't be read."""
    source = decode(data)
    if isinstance(source, Unreadable):
        return source
    syntax = parse_syntax(source.text)
    return syntax if isinstance(syntax, Unreadable) else read_bodies(syntax)


def read_bodies(module: ast.Module) -> FileBodies:
    names: set[str] = set()
    bodies = list(_bodies(module.body, "", 1, names, frozenset()))
    return FileBodies(tuple(bodies), tuple(sorted(names)))


def _bodies(
    statements: list[ast.stmt],
    qualname: str,
    line: int,
    names: set[str],
    parameters: frozenset[str],
) -> Iterator[Body]:
    reader = _BodyReader(qualname, names, parameters)
    ended = reader.block(statements)
    end = statements[-1].end_lineno or line if statements else line
    yield reader.body(line, end, statements, falls_through=not ended)
    for nested, node in reader.functions:
        own = frozenset(argument.arg for argument in _arguments(node.args))
        yield from _bodies(node.body, nested, node.lineno, names, own)


def _arguments(arguments: ast.arguments) -> Iterator[ast.arg]:
    yield from (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    yield from (argument for argument in (arguments.vararg, arguments.kwarg) if argument)


class _BodyReader:
    def __init__(self, qualname: str, names: set[str], parameters: frozenset[str]) -> None:
        self._qualname = qualname
        self._parameters = parameters
        self._places = Places()
        self._expressions = ExpressionReader(self._places, names)
        self._returns: list[Return] = []
        self._mentions: list[Mention] = []
        self._entered: list[Mention] = []
        self._class = ""
        self.functions: list[tuple[str, _Function]] = []

    def body(self, line: int, end: int, statements: list[ast.stmt], *, falls_through: bool) -> Body:
        doing = [s for s in statements if not _is_idle(s)]
        return Body(
            self._qualname,
            line,
            end,
            tuple(self._expressions.calls),
            tuple(self._expressions.assignments),
            tuple(self._returns),
            tuple(self._handed_on()),
            self._places.all(),
            (*self._entered, *self._entered_by_stacks()),
            tuple(sorted(self._expressions.awaited)),
            falls_through,
            raises_only=bool(doing) and all(isinstance(s, ast.Raise) for s in doing),
            empty=not doing,
        )

    def _entered_by_stacks(self) -> Iterator[Mention]:
        for call in self._expressions.calls:
            if last_name(call.callee) in STACKED and call.arguments:
                yield call.arguments[0].value, call.line, call.place

    def _handed_on(self) -> Iterator[Mention]:
        expressions = self._expressions
        local = {a.target for a in expressions.assignments} if self._qualname else set()
        local |= self._parameters
        for mention in handed_on(
            expressions.calls, expressions.assignments, self._returns, self._mentions
        ):
            if not (isinstance(mention[0], Path) and mention[0].text in local):
                yield mention

    def block(self, statements: Sequence[ast.stmt]) -> str:
        """Read statements in order; why control does not get past them, or an empty string."""
        ended = ""
        for statement in statements:
            if ended:
                self._places.kill(ended)
            ended = self._statement(statement) or ended
        return ended

    def _nested(self, statements: Sequence[ast.stmt], *conditions: Condition) -> str:
        with self._places.nested():
            for condition in conditions:
                self._places.require(condition)
            return self.block(statements)

    def _statement(self, node: ast.stmt) -> str:
        match node:
            case ast.Expr():
                return self._expression(node)
            case ast.Assign():
                value = self._expressions.read(node.value, "assigned")
                for target in node.targets:
                    self._assign(target, value)
            case ast.AnnAssign():
                if node.value:
                    value = self._expressions.read(node.value, "assigned")
                    self._assign(node.target, value, ast.unparse(node.annotation))
            case ast.AugAssign():
                self._assign(node.target, Opaque((self._expressions.read(node.value),)))
            case ast.Return():
                value = (
                    self._expressions.read(node.value, "returned") if node.value else Value(None)
                )
                self._returns.append(Return(value, node.lineno, self._places.current()))
                return f"it stands after the return in line {node.lineno}"
            case ast.Raise():
                if node.exc:
                    self._mention(node.exc)
                return f"it stands after {_RAISED} in line {node.lineno}"
            case ast.Continue() | ast.Break():
                word = "continue" if isinstance(node, ast.Continue) else "break"
                return f"it stands after the {word} in line {node.lineno}"
            case ast.Assert():
                test = self._expressions.read(node.test)
                self._places.require(Condition(test, True, node.lineno))
            case _:
                return self._compound(node)
        return ""

    def _compound(self, node: ast.stmt) -> str:
        match node:
            case ast.If():
                return self._if(node)
            case ast.For() | ast.AsyncFor():
                return self._for(node)
            case ast.While():
                return self._while(node)
            case ast.With() | ast.AsyncWith():
                return self._with(node)
            case ast.Try() | ast.TryStar():
                return self._try(node)
            case ast.Match():
                return self._match(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._function(node)
            case ast.ClassDef():
                self._class_definition(node)
        return ""

    # simple statements

    def _expression(self, node: ast.Expr) -> str:
        if isinstance(node.value, ast.Yield | ast.YieldFrom):
            inner = node.value.value
            self._yield(inner, node.lineno)
            return ""
        if isinstance(node.value, ast.Name | ast.Attribute):
            self._expressions.read(node.value)  # a name by itself hands nothing on
            return ""
        self._mention(node.value, dropped=True)
        if isinstance(node.value, ast.Call):
            callee = self._expressions.calls[-1].callee if self._expressions.calls else None
            if isinstance(callee, Path) and callee.text in _EXITS:
                return f"it stands after {callee.text}() in line {node.lineno}"
        return ""

    def _yield(self, value: ast.expr | None, line: int) -> None:
        read = self._expressions.read(value) if value else Value(None)
        self._returns.append(Return(read, line, self._places.current(), is_yield=True))

    def _mention(self, node: ast.expr, *, dropped: bool = False) -> None:
        value = self._expressions.read(node, "dropped" if dropped else "kept")
        if not isinstance(value, Result | Value):
            self._mentions.append((value, node.lineno, self._places.current()))

    def _assign(self, target: ast.expr, value: Expression, annotation: str = "") -> None:
        if self._class and isinstance(target, ast.Name):
            target = ast.copy_location(ast.Name(f"{self._class}.{target.id}"), target)
        self._expressions.assign(target, value, annotation)

    # compound statements

    def _if(self, node: ast.If) -> str:
        test = self._expressions.read(node.test)
        when, unless = Condition(test, True, node.lineno), Condition(test, False, node.lineno)
        body = self._nested(node.body, when)
        other = self._nested(node.orelse, unless)
        if body and other:
            return body
        if body:
            self._places.require(msgspec.structs.replace(unless, or_raises=_RAISED in body))
        elif other:
            self._places.require(msgspec.structs.replace(when, or_raises=_RAISED in other))
        return ""

    def _for(self, node: ast.For | ast.AsyncFor) -> str:
        source = self._expressions.read(node.iter)
        with self._places.nested("loop"):
            self._places.require(Condition(source, True, node.lineno))
            self._assign(node.target, Element(source))
            self.block(node.body)
        self._nested(node.orelse)
        return ""

    def _while(self, node: ast.While) -> str:
        test = self._expressions.read(node.test)
        with self._places.nested("loop"):
            self._places.require(Condition(test, True, node.lineno))
            self.block(node.body)
        self._nested(node.orelse)
        endless = isinstance(test, Value) and bool(test.value) and not _breaks(node.body)
        return f"it stands after the endless loop in line {node.lineno}" if endless else ""

    def _with(self, node: ast.With | ast.AsyncWith) -> str:
        handlers: list[Handler] = []
        for item in node.items:
            manager = self._expressions.read(item.context_expr, "entered")
            self._entered.append((manager, item.context_expr.lineno, self._places.current()))
            if item.optional_vars is not None:
                self._assign(item.optional_vars, Entered(manager))
            handlers += self._suppressed(item.context_expr)
        with self._places.nested(handlers=tuple(handlers)):
            ended = self.block(node.body)
        return "" if handlers else ended

    @staticmethod
    def _suppressed(node: ast.expr) -> Iterator[Handler]:
        if isinstance(node, ast.Call) and ast.unparse(node.func) in (
            "suppress",
            "contextlib.suppress",
        ):
            yield Handler(tuple(ast.unparse(a) for a in node.args), True, node.lineno)

    def _try(self, node: ast.Try | ast.TryStar) -> str:
        handlers = tuple(
            Handler(_caught(h.type), not _raises(h.body), h.lineno) for h in node.handlers
        )
        with self._places.nested(handlers=handlers):
            ended = self.block(node.body)
        orelse = self._nested([*node.orelse]) if not ended else self._dead_else(node, ended)
        caught = [self._handler(handler) for handler in node.handlers]
        with self._places.nested("finally"):
            final = self.block(node.finalbody)
        whole = ended or orelse
        return final or (whole if all(caught) else "")

    def _dead_else(self, node: ast.Try | ast.TryStar, reason: str) -> str:
        with self._places.nested():
            self._places.kill(reason)
            self.block(node.orelse)
        return reason

    def _handler(self, node: ast.ExceptHandler) -> str:
        with self._places.nested("except"):
            if node.type:
                self._expressions.read(node.type)
            if node.name:
                self._expressions.assign(ast.copy_location(ast.Name(node.name), node), Opaque())
            return self.block(node.body)

    def _match(self, node: ast.Match) -> str:
        subject = self._expressions.read(node.subject)
        ended = []
        for case in node.cases:
            with self._places.nested():
                if case.guard:
                    guard = self._expressions.read(case.guard)
                    self._places.require(Condition(guard, True, case.guard.lineno))
                for name in _captured(case.pattern):
                    self._expressions.assign(ast.Name(name, lineno=node.lineno), Element(subject))
                ended.append(self.block(case.body))
        last = node.cases[-1]
        exhaustive = (
            last.guard is None
            and isinstance(last.pattern, ast.MatchAs)
            and not last.pattern.pattern
        )
        return ended[-1] if exhaustive and all(ended) else ""

    # definitions

    def _function(self, node: _Function) -> None:
        for decorator in node.decorator_list:
            self._mention(decorator)
        for default in [*node.args.defaults, *node.args.kw_defaults]:
            if default is not None:
                self._mention(default)
        self.functions.append((self._scoped(node.name), node))

    def _class_definition(self, node: ast.ClassDef) -> None:
        for expression in [*node.decorator_list, *node.bases, *(k.value for k in node.keywords)]:
            self._mention(expression)
        outer, self._class = self._class, f"{self._class}.{node.name}".lstrip(".")
        self.block(node.body)
        self._class = outer

    def _scoped(self, name: str) -> str:
        scope = f"{self._qualname}.<locals>" if self._qualname else ""
        return ".".join(part for part in (scope, self._class, name) if part)


def _is_idle(node: ast.stmt) -> bool:
    if isinstance(node, ast.Pass):
        return True
    if isinstance(node, ast.Return):
        return node.value is None or isinstance(node.value, ast.Constant)
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _caught(node: ast.expr | None) -> tuple[str, ...]:
    if node is None:
        return ()
    elements = node.elts if isinstance(node, ast.Tuple) else [node]
    return tuple(ast.unparse(element) for element in elements)


def _raises(statements: Sequence[ast.stmt]) -> bool:
    return any(isinstance(node, ast.Raise) for node in _own_nodes(statements))


def _breaks(statements: Sequence[ast.stmt]) -> bool:
    return any(isinstance(node, ast.Break) for node in _own_nodes(statements))


def _own_nodes(statements: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    """Nodes below these statements, without those of nested functions and classes."""
    stack: list[ast.AST] = list(statements)
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, _Function | ast.ClassDef | ast.Lambda):
            stack.extend(ast.iter_child_nodes(node))


def _captured(pattern: ast.pattern) -> Iterator[str]:
    for node in ast.walk(pattern):
        if isinstance(node, ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name
