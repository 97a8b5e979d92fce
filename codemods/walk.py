"""Python's scope rules over one `ast` tree: which binding each name means.

Flow is followed in class bodies alone, which run from top to bottom: elsewhere a name that is bound
twice in one scope has two bindings, and the caller decides what that means.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from codemods.lazy import last_name
from codemods.scopes import (
    Binding,
    ImportStatement,
    Member,
    Module,
    Scope,
    ScopeKind,
    Text,
    Use,
)
from codemods.syntax import (
    forward_references,
    is_type_alias,
    parameters,
    statements,
    takes_types,
)

Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def analyse(tree: ast.Module) -> Module:
    """Scopes, bindings and uses of a parsed file."""
    return _Walk(tree).run()


_IMPORTS = (ast.Import, ast.ImportFrom)
_NAMELESS = frozenset({"ctx", "op", "ops"})
"""Fields of operators and contexts, which hold no names."""
_PAIR = 2


class _Walk:
    def __init__(self, tree: ast.Module) -> None:
        self._module = Module(tree, Scope("module", tree, None))
        self._module.scopes.append(self._module.scope)
        self._scope = self._module.scope
        self._annotates = False

    def run(self) -> Module:
        self._block(self._module.tree.body)
        return self._module

    # walking

    def _visit(self, node: ast.AST) -> None:
        handler = _HANDLERS.get(type(node))
        if handler is not None:
            handler(self, node)
        else:
            self._children(node)

    def _children(self, node: ast.AST) -> None:
        for name in node._fields:
            value = None if name in _NAMELESS else getattr(node, name, None)
            if isinstance(value, list):
                if value and isinstance(value[0], ast.stmt):
                    self._block(value)
                else:
                    self._each(value)
            elif isinstance(value, ast.AST):
                self._visit(value)

    def _each(self, nodes: list[ast.AST]) -> None:
        for node in nodes:
            if isinstance(node, ast.AST):
                self._visit(node)

    def _block(self, body: list[ast.stmt]) -> None:
        for statement in body:
            if isinstance(statement, _IMPORTS):
                self._module.blocks[statement] = body if body is not self._module.tree.body else []
            self._visit(statement)

    def _optional(self, node: ast.AST | None) -> None:
        if node is not None:
            self._visit(node)

    def _enter(self, kind: ScopeKind, node: ast.AST) -> Scope:
        outer = self._scope
        self._scope = Scope(kind, node, outer)
        self._module.scopes.append(self._scope)
        return outer

    def _annotation(self, node: ast.AST | None) -> None:
        if node is not None:
            outer, self._annotates = self._annotates, True
            self._visit(node)
            self._annotates = outer

    def _bind(self, name: str, node: ast.AST, value: ast.expr | None = None) -> None:
        self._add(Binding(name, self._scope, node, value=value))

    def _add(self, binding: Binding) -> None:
        scope = binding.scope
        if binding.name in scope.declared_global:
            scope = self._module.scope
        elif binding.name in scope.declared_nonlocal:
            scope = self._outer_function(scope, binding.name)
        binding.scope = scope
        scope.bindings.setdefault(binding.name, []).append(binding)

    def _outer_function(self, scope: Scope, name: str) -> Scope:
        for candidate in scope.enclosing():
            is_outer_function = candidate is not scope and candidate.kind == "function"
            if is_outer_function and name in candidate.bindings:
                return candidate
        return scope

    # statements

    def _import(self, node: ImportStatement) -> None:
        self._module.imports.append(node)
        self._module.import_scopes[node] = self._scope
        for alias in node.names:
            if alias.name == "*":
                continue
            local = alias.asname or alias.name
            if isinstance(node, ast.Import) and not alias.asname:
                local = alias.name.partition(".")[0]
            self._add(Binding(local, self._scope, alias, node, alias))

    def _expression(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Constant):
            self._module.docstrings.add(node.value)
        self._visit(node.value)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._each(list(node.decorator_list))
        self._bind(node.name, node)
        outer = self._type_parameters(node)
        self._signature(node.args)
        self._annotation(node.returns)
        self._enter("function", node)
        self._declare(node.body)
        self._bind_parameters(node.args)
        self._block(node.body)
        self._scope = outer

    def _lambda(self, node: ast.Lambda) -> None:
        self._signature(node.args)
        outer = self._enter("function", node)
        self._bind_parameters(node.args)
        self._visit(node.body)
        self._scope = outer

    def _class(self, node: ast.ClassDef) -> None:
        self._each(list(node.decorator_list))
        self._bind(node.name, node)
        outer = self._type_parameters(node)
        self._each(list(node.bases))
        self._each(list(node.keywords))
        self._enter("class", node)
        self._declare(node.body)
        self._block(node.body)
        self._scope = outer

    def _type_parameters(self, node: ast.AST) -> Scope:
        """PEP 695 parameters have a scope of their own around the definition."""
        outer = self._scope
        parameters = getattr(node, "type_params", ())
        if parameters:
            self._enter("function", node)
            for parameter in parameters:
                if name := getattr(parameter, "name", ""):
                    self._bind(name, parameter)
                self._optional(getattr(parameter, "bound", None))
        return outer

    def _signature(self, args: ast.arguments) -> None:
        self._each(list(args.defaults))
        self._each([default for default in args.kw_defaults if default is not None])
        for arg in parameters(args):
            self._annotation(arg.annotation)

    def _bind_parameters(self, args: ast.arguments) -> None:
        for arg in parameters(args):
            self._bind(arg.arg, arg)

    def _declare(self, body: list[ast.stmt]) -> None:
        """`global` and `nonlocal` hold for the whole scope, wherever they stand in it."""
        for statement in statements(body):
            if isinstance(statement, ast.Global):
                self._scope.declared_global.update(statement.names)
            elif isinstance(statement, ast.Nonlocal):
                self._scope.declared_nonlocal.update(statement.names)

    def _assign(self, node: ast.Assign) -> None:
        self._visit(node.value)
        for target in node.targets:
            if isinstance(target, ast.Name):
                self._bind(target.id, target, node.value)
            else:
                self._visit(target)

    def _annotated(self, node: ast.AnnAssign) -> None:
        self._annotation(node.annotation)
        if is_type_alias(node):
            self._annotation(node.value)
        else:
            self._optional(node.value)
        if isinstance(node.target, ast.Name):
            self._bind(node.target.id, node.target, node.value)
        else:
            self._visit(node.target)

    def _handler(self, node: ast.ExceptHandler) -> None:
        self._optional(node.type)
        if node.name:
            self._bind(node.name, node)
        self._block(node.body)

    def _pattern(self, node: ast.MatchAs | ast.MatchStar) -> None:
        if node.name:
            self._bind(node.name, node)
        self._children(node)

    def _mapping_pattern(self, node: ast.MatchMapping) -> None:
        if node.rest:
            self._bind(node.rest, node)
        self._children(node)

    # expressions

    def _name(self, node: ast.Name) -> None:
        context = type(node.ctx)
        if context is not ast.Load:
            self._bind(node.id, node)
        if context is not ast.Store:
            self._use((node.id,), (node,))

    def _use(self, names: tuple[str, ...], nodes: tuple[ast.Name | ast.Attribute, ...]) -> None:
        """A class body reads the names around it until it binds its own: `Name = Name`."""
        scope = self._scope
        if scope.kind == "class" and names[0] not in scope.bindings and scope.parent is not None:
            scope = scope.around
        self._module.uses.append(Use(names, nodes, scope))

    def _attribute(self, node: ast.Attribute) -> None:
        chain: list[ast.Attribute] = []
        value: ast.expr = node
        while isinstance(value, ast.Attribute):
            chain.append(value)
            value = value.value
        chain.reverse()
        if not isinstance(value, ast.Name):
            self._module.members.append(Member(value, tuple(chain), self._scope))
            self._visit(value)
            return
        names = (value.id, *(part.attr for part in chain))
        self._use(names, (value, *chain))

    def _walrus(self, node: ast.NamedExpr) -> None:
        self._visit(node.value)
        scope = self._scope
        while scope.kind == "comprehension" and scope.parent is not None:
            scope = scope.parent
        self._add(Binding(node.target.id, scope, node.target, value=node.value))

    def _comprehension(self, node: Comprehension) -> None:
        self._visit(node.generators[0].iter)
        outer = self._enter("comprehension", node)
        for index, generator in enumerate(node.generators):
            self._visit(generator.target)
            if index:
                self._visit(generator.iter)
            self._each(list(generator.ifs))
        for name in ("elt", "key", "value"):
            self._optional(getattr(node, name, None))
        self._scope = outer

    def _call(self, node: ast.Call) -> None:
        self._module.calls.append((node, self._scope))
        self._visit(node.func)
        outer, self._annotates = self._annotates, False
        forward = forward_references(node)
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            if argument in forward and not isinstance(argument, ast.Constant):
                self._types(argument)
            elif isinstance(argument, ast.Dict) and node.args and argument is not node.args[0]:
                self._mapping(argument, node.args[0])
            elif isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                text = Text(argument, self._scope, node, argument in forward)
                self._module.texts.append(text)
            else:
                self._visit(argument)
        self._annotates = outer

    def _types(self, node: ast.expr) -> None:
        """A type, or fields with theirs: in `{"field": type}` and `[("field", type)]` fields are none."""
        names: list[ast.expr | None] = []
        types = [node]
        if isinstance(node, ast.Dict):
            names, types = node.keys, node.values
        elif isinstance(node, ast.List | ast.Tuple):
            pairs = [e.elts for e in node.elts if isinstance(e, ast.Tuple) and len(e.elts) == _PAIR]
            if len(pairs) == len(node.elts):
                names, types = [name for name, _ in pairs], [kind for _, kind in pairs]
        for name in names:
            self._optional(name)
        for kind in types:
            self._annotation(kind)

    def _mapping(self, node: ast.Dict, target: ast.expr) -> None:
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                self._module.texts.append(Text(key, self._scope, mapping=target))
            else:
                self._optional(key)
            self._visit(value)

    def _subscript(self, node: ast.Subscript) -> None:
        self._visit(node.value)
        outer = self._annotates
        self._annotates = outer or takes_types(node.value)
        self._index(node)
        self._annotates = outer

    def _index(self, node: ast.Subscript) -> None:
        name, inner = last_name(node.value), node.slice
        if self._annotates and name == "Literal":
            outer, self._annotates = self._annotates, False
            self._visit(inner)
            self._annotates = outer
        elif self._annotates and name == "Annotated" and isinstance(inner, ast.Tuple):
            self._visit(inner.elts[0])
            outer, self._annotates = self._annotates, False
            self._each(list(inner.elts[1:]))
            self._annotates = outer
        elif isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            text = Text(inner, self._scope, None, self._annotates, node.value)
            self._module.texts.append(text)
        else:
            self._visit(inner)

    def _constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self._module.texts.append(Text(node, self._scope, None, self._annotates))
        elif isinstance(node.value, bytes):
            self._module.raw.append(node)

    def _joined(self, node: ast.JoinedStr) -> None:
        self._module.joined.append(node)
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self._children(part)


_HANDLERS: dict[type[ast.AST], Callable[[_Walk, Any], None]] = {
    ast.Import: _Walk._import,
    ast.ImportFrom: _Walk._import,
    ast.Expr: _Walk._expression,
    ast.FunctionDef: _Walk._function,
    ast.AsyncFunctionDef: _Walk._function,
    ast.Lambda: _Walk._lambda,
    ast.ClassDef: _Walk._class,
    ast.Assign: _Walk._assign,
    ast.AnnAssign: _Walk._annotated,
    ast.ExceptHandler: _Walk._handler,
    ast.MatchAs: _Walk._pattern,
    ast.MatchStar: _Walk._pattern,
    ast.MatchMapping: _Walk._mapping_pattern,
    ast.Name: _Walk._name,
    ast.Attribute: _Walk._attribute,
    ast.NamedExpr: _Walk._walrus,
    ast.ListComp: _Walk._comprehension,
    ast.SetComp: _Walk._comprehension,
    ast.DictComp: _Walk._comprehension,
    ast.GeneratorExp: _Walk._comprehension,
    ast.Call: _Walk._call,
    ast.Subscript: _Walk._subscript,
    ast.Constant: _Walk._constant,
    ast.JoinedStr: _Walk._joined,
}
