"""Source text to facts, in one walk over statements (expressions are read only where a fact needs them)."""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

from consolidator.tree.collector import without_collector
from consolidator.tree.facts import (
    GLOBAL,
    BindingFact,
    ClassFact,
    FunctionFact,
    Guards,
    ImportFact,
    ModuleFacts,
    Parameter,
    ParameterKind,
    Unreadable,
)
from consolidator.tree.lazy import lazy_names
from consolidator.tree.literals import literal_names, swallows_errors, value_form, walrus
from consolidator.tree.newer import parse_newer
from consolidator.tree.source import SourceText

CPYTHON = f"cpython-{sys.version_info.major}.{sys.version_info.minor}"
LIBCST = "libcst"
LONGEST_VALUE = 400
_LONGEST_CHAIN = 16  # `else` guards kept of one chain of `elif`


def parse_syntax(text: str) -> ast.Module | Unreadable:
    """The syntax tree of a text, or the line and reason of CPython's refusal."""
    return parse(text)[0]


def parse(text: str) -> tuple[ast.Module | Unreadable, str]:
    """The syntax tree and the parser that made it: CPython's, or LibCST's for newer syntax."""
    with quiet_parse():
        try:
            return ast.parse(text), CPYTHON
        except SyntaxError as error:
            # The message of a nesting limit is no sign of newer syntax.
            newer = None if "too many" in error.msg else parse_newer(text)
            if newer is not None:
                return newer, LIBCST
            return Unreadable(error.lineno or 1, error.msg), CPYTHON
        except (RecursionError, MemoryError):
            return Unreadable(1, "is nested too deeply for the parser"), CPYTHON
        except ValueError as error:
            return Unreadable(1, str(error)), CPYTHON


@contextmanager
def quiet_parse() -> Iterator[None]:
    """Without warnings about the source, and without the garbage collector: syntax trees hold no
    cycles, and it would only walk them again and again (a third of the time)."""
    with without_collector(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def read_facts(source: SourceText, tree: ast.Module, parser: str = CPYTHON) -> ModuleFacts:
    """Facts of a parsed file."""
    return _Collector(source).collect(tree, parser)


class _Collector:
    def __init__(self, source: SourceText) -> None:
        self._source = source
        self._imports: list[ImportFact] = []
        self._classes: list[ClassFact] = []
        self._functions: list[FunctionFact] = []
        self._bindings: list[BindingFact] = []
        self._scope = ""
        self._in_function = False
        self._self_name = ""
        self._self_attributes: list[tuple[str, int, str]] = []
        self._globals: set[str] = set()
        self._locals: set[str] = set()
        self._nonlocals: set[str] = set()
        self._guards: Guards = ()
        self._exports: list[str] | None = None
        self._exports_exact = True
        self._has_walrus = ":=" in source.text
        self._handlers: dict[type[ast.stmt], Callable[[Any], None]] = {
            ast.Import: self._import,
            ast.ImportFrom: self._import_from,
            ast.ClassDef: self._class,
            ast.FunctionDef: self._function,
            ast.AsyncFunctionDef: self._function,
            ast.Assign: self._assign,
            ast.AnnAssign: self._annotated,
            ast.AugAssign: self._augmented,
            ast.Delete: self._delete,
            ast.Global: self._global,
            ast.Nonlocal: self._nonlocal,
            ast.If: self._if,
            ast.For: self._loop,
            ast.AsyncFor: self._loop,
            ast.While: self._while,
            ast.With: self._with,
            ast.AsyncWith: self._with,
            ast.Try: self._try,
            ast.TryStar: self._try,
            ast.Match: self._match,
            ast.Expr: self._expression,
        }
        if sys.version_info >= (3, 12):
            self._handlers[ast.TypeAlias] = self._type_alias

    def collect(self, tree: ast.Module, parser: str) -> ModuleFacts:
        self._walk(tree.body)
        has_getattr = "__getattr__" in self._source.text and any(
            name == "__getattr__" and not scope
            for name, scope in chain(
                ((fact.name, fact.scope) for fact in self._functions),
                ((fact.name, fact.scope) for fact in self._bindings),
                ((fact.local, fact.scope) for fact in self._imports),
            )
        )
        return ModuleFacts(
            parser=parser,
            imports=tuple(self._imports),
            classes=tuple(self._classes),
            functions=tuple(self._functions),
            bindings=tuple(self._bindings),
            exports=None if self._exports is None else tuple(self._exports),
            exports_exact=self._exports_exact,
            lazy_names=lazy_names(tree.body) if has_getattr else (),
            has_getattr=has_getattr,
            lines=len(self._source.line_starts),
        )

    def _walk(self, body: list[ast.stmt]) -> None:
        handlers = self._handlers
        for statement in body:
            if self._has_walrus and not self._in_function:
                self._inner_bindings(statement)
            if handler := handlers.get(type(statement)):
                handler(statement)

    def _inner_bindings(self, statement: ast.stmt) -> None:
        """Names that `:=` binds in the statement itself."""
        for named in walrus(statement):
            outer = self._guards
            self._guards = (*outer, ":=")
            self._target(named.target, named.value, "")
            self._guards = outer

    def _guarded(self, guard: str, body: list[ast.stmt]) -> None:
        outer = self._guards
        self._guards = (*outer, guard)
        self._walk(body)
        self._guards = outer

    def _text(self, node: ast.expr) -> str:
        if type(node) is ast.Name:
            return node.id
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
        return self._source.slice(node.lineno, node.col_offset, end_line, end_column)

    # imports

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._add_import(node, 0, alias.name, "", alias.asname)

    def _import_from(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            self._add_import(node, node.level, node.module or "", alias.name, alias.asname)

    def _add_import(
        self, node: ast.stmt, level: int, module: str, name: str, asname: str | None
    ) -> None:
        self._imports.append(
            ImportFact(
                node.lineno,
                node.col_offset,
                node.end_lineno or node.lineno,
                node.end_col_offset or 0,
                level,
                module,
                name,
                asname or "",
                self._scope_of(asname or name or module.partition(".")[0]),
                self._guards_of(asname or name or module.partition(".")[0]),
            )
        )

    # definitions

    def _qualname(self, name: str) -> str:
        scope = self._scope_of(name)
        return f"{scope}.{name}" if scope else name

    def _scope_of(self, name: str) -> str:
        """Where a name is bound: here, or in the module where `global` says so."""
        return "" if name in self._globals else self._scope

    def _guards_of(self, name: str) -> Guards:
        return (GLOBAL, *self._guards) if name in self._globals else self._guards

    def _class(self, node: ast.ClassDef) -> None:
        qualname = self._qualname(node.name)
        place = self._scope_of(node.name), self._guards_of(node.name)
        outer = self._enter(qualname, in_function=False)
        outer_attributes, self._self_attributes = self._self_attributes, []
        guards, self._guards = self._guards, ()
        at = len(self._classes)
        self._walk(node.body)
        fact = ClassFact(
            name=node.name,
            qualname=qualname,
            scope=place[0],
            line=node.lineno,
            column=node.col_offset,
            end_line=node.end_lineno or node.lineno,
            bases=tuple(self._text(base) for base in node.bases),
            keywords=tuple((k.arg or "**", self._text(k.value)) for k in node.keywords),
            decorators=tuple(self._text(d) for d in node.decorator_list),
            type_parameters=bool(getattr(node, "type_params", ())),
            guards=place[1],
            self_attributes=tuple(self._self_attributes),
        )
        self._classes.insert(at, fact)
        self._self_attributes, self._guards = outer_attributes, guards
        self._leave(outer)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        qualname = self._qualname(node.name)
        parameters = self._parameters(node.args)
        at = len(self._functions)
        is_method = bool(self._scope) and not self._in_function
        outer = self._enter(f"{qualname}.<locals>", in_function=True)
        outer_names = self._globals, self._locals, self._nonlocals, self._self_name, self._guards
        self._globals, self._locals, self._nonlocals, self._guards = set(), set(), set(), ()
        self._self_name = parameters[0].name if is_method and parameters else ""
        self._walk(node.body)
        assigned = self._locals - self._nonlocals
        self._globals, self._locals, self._nonlocals, self._self_name, self._guards = outer_names
        self._leave(outer)
        fact = FunctionFact(
            name=node.name,
            qualname=qualname,
            scope=self._scope_of(node.name),
            line=node.lineno,
            column=node.col_offset,
            end_line=node.end_lineno or node.lineno,
            is_async=isinstance(node, ast.AsyncFunctionDef),
            parameters=parameters,
            returns=self._text(node.returns) if node.returns else "",
            decorators=tuple(self._text(d) for d in node.decorator_list),
            guards=self._guards_of(node.name),
            locals=tuple(sorted(assigned)),
        )
        self._functions.insert(at, fact)

    def _enter(self, scope: str, *, in_function: bool) -> tuple[str, bool]:
        outer = (self._scope, self._in_function)
        self._scope, self._in_function = scope, in_function
        return outer

    def _leave(self, outer: tuple[str, bool]) -> None:
        self._scope, self._in_function = outer

    def _parameters(self, args: ast.arguments) -> tuple[Parameter, ...]:
        found: list[Parameter] = []
        positional = args.posonlyargs + args.args if args.posonlyargs else args.args
        required = len(positional) - len(args.defaults)
        only = len(args.posonlyargs)
        for index, arg in enumerate(positional):
            default = args.defaults[index - required] if index >= required else None
            kind: ParameterKind = "positional-only" if index < only else "positional"
            found.append(self._parameter(arg, kind, default))
        if args.vararg:
            found.append(self._parameter(args.vararg, "vararg", None))
        for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
            found.append(self._parameter(arg, "keyword", default))
        if args.kwarg:
            found.append(self._parameter(args.kwarg, "kwarg", None))
        return tuple(found)

    def _parameter(self, arg: ast.arg, kind: ParameterKind, default: ast.expr | None) -> Parameter:
        if default is None and arg.annotation is None:
            return Parameter(arg.arg, kind)
        annotation = self._text(arg.annotation) if arg.annotation else ""
        return Parameter(arg.arg, kind, self._text(default) if default else None, annotation)

    # bindings

    def _assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            if type(target) is ast.Name and self._in_function and not self._globals:
                self._locals.add(target.id)  # the commonest statement
                continue
            self._target(target, node.value, "")
            if isinstance(target, ast.Name) and target.id == "__all__" and not self._scope:
                self._exports, self._exports_exact = [], True
                self._export(node.value)

    def _annotated(self, node: ast.AnnAssign) -> None:
        self._target(node.target, node.value, self._text(node.annotation))
        if isinstance(node.target, ast.Name) and node.target.id == "__all__" and node.value:
            self._exports = []
            self._export(node.value)

    def _augmented(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name) and node.target.id == "__all__" and not self._scope:
            self._export(node.value)
        elif isinstance(node.target, ast.Attribute):
            self._target(node.target, None, "")
        elif isinstance(node.target, ast.Name) and not self._in_function:
            self._bind(node.target, node.value, "", augmented=True)

    def _target(self, target: ast.expr, value: ast.expr | None, annotation: str) -> None:
        if isinstance(target, ast.Name):
            if not self._in_function or target.id in self._globals:
                self._bind(target, value, annotation)
            else:
                self._locals.add(target.id)
        elif isinstance(target, ast.Attribute):
            self._attribute(target, value)
        elif isinstance(target, ast.Tuple | ast.List):
            values: list[ast.expr | None] = [None] * len(target.elts)
            if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts):
                values = list(value.elts)
            for element, part in zip(target.elts, values, strict=True):
                self._target(element, part, "")
        elif isinstance(target, ast.Starred):
            self._target(target.value, None, "")

    def _attribute(self, target: ast.Attribute, value: ast.expr | None) -> None:
        if isinstance(target.value, ast.Name) and target.value.id == self._self_name != "":
            text = self._text(value) if value is not None else ""
            self._self_attributes.append(
                (target.attr, target.lineno, text if len(text) <= LONGEST_VALUE else "")
            )

    def _bind(
        self,
        target: ast.Name,
        value: ast.expr | None,
        annotation: str,
        *,
        augmented: bool = False,
    ) -> None:
        text = self._text(value) if value is not None else ""
        self._bindings.append(
            BindingFact(
                name=target.id,
                scope=self._scope_of(target.id),
                line=target.lineno,
                column=target.col_offset,
                form="augmented" if augmented else value_form(value, annotation),
                value=text if len(text) <= LONGEST_VALUE else "",
                annotation=annotation,
                guards=self._guards_of(target.id),
            )
        )

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name) and not self._in_function:
                self._bindings.append(
                    BindingFact(
                        target.id,
                        self._scope,
                        target.lineno,
                        target.col_offset,
                        "del",
                        "",
                        "",
                        self._guards,
                    )
                )

    def _global(self, node: ast.Global) -> None:
        self._globals.update(node.names)

    def _nonlocal(self, node: ast.Nonlocal) -> None:
        self._nonlocals.update(node.names)

    def _type_alias(self, node: Any) -> None:
        self._target(node.name, node.value, "")

    def _export(self, value: ast.expr) -> None:
        names = literal_names(value)
        if names is None:
            self._exports_exact = False
        else:
            self._exports = [*(self._exports or []), *names]

    def _expression(self, node: ast.Expr) -> None:
        call = node.value
        if self._scope or not isinstance(call, ast.Call):
            return
        function = call.func
        if not (isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name)):
            return
        if function.value.id == "__all__" and call.args:
            argument = call.args[0]
            if function.attr == "append":
                argument = ast.List([argument], ast.Load())
            if function.attr in ("append", "extend"):
                self._export(argument)
            else:
                self._exports_exact = False

    # compound statements

    def _if(self, node: ast.If) -> None:
        # A chain of `elif` is nested in the syntax tree; walking it as a loop keeps long ones from
        # exhausting the stack.
        outer = self._guards
        while True:
            test = self._text(node.test)[:LONGEST_VALUE]
            self._guarded(f"if {test}", node.body)
            if len(self._guards) - len(outer) < _LONGEST_CHAIN:
                self._guards = (*self._guards, f"else {test}")
            if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
                node = node.orelse[0]
                continue
            self._walk(node.orelse)
            break
        self._guards = outer

    def _loop(self, node: ast.For | ast.AsyncFor) -> None:
        self._target(node.target, None, "")
        self._guarded("for", node.body)
        self._guarded("else", node.orelse)

    def _while(self, node: ast.While) -> None:
        self._guarded("while", node.body)
        self._guarded("else", node.orelse)

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        swallows = ""
        for item in node.items:
            if item.optional_vars is not None:
                self._target(item.optional_vars, None, "")
            if swallows_errors(item.context_expr):
                swallows = self._text(item.context_expr)[:LONGEST_VALUE]
        if swallows:
            self._guarded(f"with {swallows}", node.body)
        else:
            self._walk(node.body)

    def _try(self, node: ast.Try | ast.TryStar) -> None:
        self._guarded("try", node.body)
        for handler in node.handlers:
            caught = f" {self._text(handler.type)}" if handler.type else ""
            if handler.name and self._in_function:
                self._locals.add(handler.name)
            self._guarded(f"except{caught}"[:LONGEST_VALUE], handler.body)
        if node.orelse:
            self._guarded("else", node.orelse)
        self._walk(node.finalbody)

    def _match(self, node: ast.Match) -> None:
        for case in node.cases:
            self._guarded("case", case.body)
