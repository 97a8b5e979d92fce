"""What one file binds and names: scopes, bindings, uses, and the strings that may name something.

`walk.analyse` fills these in.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from codemods.positions import Located

ScopeKind = Literal["module", "class", "function", "comprehension"]
ImportStatement = ast.Import | ast.ImportFrom


@dataclass(eq=False, slots=True)
class Binding:
    """One place that binds a name. `statement` and `alias` are set for imports alone."""

    name: str
    scope: Scope
    node: ast.AST
    statement: ImportStatement | None = None
    alias: ast.alias | None = None
    value: ast.expr | None = None
    """What a plain assignment assigns."""


@dataclass(eq=False, slots=True)
class Scope:
    kind: ScopeKind
    node: ast.AST
    parent: Scope | None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    declared_global: set[str] = field(default_factory=set)
    declared_nonlocal: set[str] = field(default_factory=set)

    @property
    def is_late(self) -> bool:
        """Whether code here runs when something is called, after the module was imported."""
        scope: Scope | None = self
        while scope is not None:
            if scope.kind == "function":
                return True
            scope = scope.parent
        return False

    @property
    def around(self) -> Scope:
        """The scope in which a class body looks for what it has not bound itself."""
        scope = self
        while scope.kind == "class" and scope.parent is not None:
            scope = scope.parent
        return scope

    def enclosing(self) -> Iterator[Scope]:
        """This scope and those around it."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent


@dataclass(eq=False, slots=True)
class Use:
    """A name, or a dotted chain that starts at one: `nodes[k]` is the expression for `names[:k+1]`."""

    names: tuple[str, ...]
    nodes: tuple[ast.Name | ast.Attribute, ...]
    scope: Scope

    @property
    def root(self) -> str:
        return self.names[0]


@dataclass(eq=False, slots=True)
class Text:
    """A string constant, the call that it is an argument of, and whether it annotates."""

    node: ast.Constant
    scope: Scope
    call: ast.Call | None = None
    annotates: bool = False
    subscripts: ast.expr | None = None
    """For the key in `x["key"]`: the expression `x`."""
    mapping: ast.expr | None = None
    """For a key of a literal dictionary in `f(x, {"key": …})`: the expression `x`."""


@dataclass(eq=False, slots=True)
class Member:
    """`root.names…` where the root is no name: a call, a subscript, a choice."""

    root: ast.expr
    nodes: tuple[ast.Attribute, ...]
    scope: Scope


@dataclass(eq=False, slots=True)
class Module:
    """Everything that names something in one file."""

    tree: ast.Module
    scope: Scope
    scopes: list[Scope] = field(default_factory=list)
    imports: list[ImportStatement] = field(default_factory=list)
    import_scopes: dict[ImportStatement, Scope] = field(default_factory=dict)
    blocks: dict[ImportStatement, list[ast.stmt]] = field(default_factory=dict)
    """The block that an import stands in; none for the top of the file, which may become empty."""
    uses: list[Use] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    calls: list[tuple[ast.Call, Scope]] = field(default_factory=list)
    docstrings: set[ast.Constant] = field(default_factory=set)
    """Texts that are statements of their own: they document what is around or above, and nothing reads them."""
    joined: list[ast.JoinedStr] = field(default_factory=list)
    """The f-strings."""
    raw: list[ast.Constant] = field(default_factory=list)
    """The bytes."""
    members: list[Member] = field(default_factory=list)

    def find(self, name: str, scope: Scope) -> list[Binding]:
        """The bindings that `name` can mean when it is read in `scope`; empty for an unbound name."""
        if name in scope.declared_global:
            return self.scope.bindings.get(name, [])
        for candidate in scope.enclosing():
            # A class body is seen by the code directly in it, not from functions or comprehensions.
            if candidate.kind == "class" and candidate is not scope:
                continue
            if name in candidate.bindings and name not in candidate.declared_nonlocal:
                return candidate.bindings[name]
        return []

    def bound_anywhere(self, name: str) -> list[Binding]:
        """The bindings of a name in all scopes."""
        return [binding for scope in self.scopes for binding in scope.bindings.get(name, ())]

    def rebound(self, name: str) -> Iterator[Located]:
        """Where functions bind a module-level name that they declare `global`."""
        functions = [scope.node for scope in self.scopes if name in scope.declared_global]
        spans = [(getattr(f, "lineno", 0), getattr(f, "end_lineno", 0)) for f in functions]
        for binding in self.scope.bindings.get(name, ()):
            node = binding.node
            if isinstance(node, Located) and any(a <= node.lineno <= b for a, b in spans):
                yield node
