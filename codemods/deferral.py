"""Imports made later: in the functions that use the names, or under TYPE_CHECKING for annotations.

This is how a file stops needing a module while it is imported itself, so that two modules that need
one another don't form a cycle.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from codemods.edits import Edit, apply_edits
from codemods.lazy import last_name
from codemods.moves import MoveTable
from codemods.outcome import Changed, Failed, Outcome, Skipped, Unchanged
from codemods.scopes import Binding, ImportStatement, Scope
from codemods.statement import PRAGMA, Rewrite, rewrite_statements
from codemods.syntax import Annotation, find_annotations, first_statement
from codemods.view import View

_Function = ast.FunctionDef | ast.AsyncFunctionDef


class _ImpossibleError(Exception):
    def __init__(self, node: ast.stmt | ast.expr, why: str) -> None:
        super().__init__(why)
        self.line = node.lineno


@dataclass(eq=False)
class _Name:
    """One imported name: where it is needed once its import at the top is gone."""

    statement: ImportStatement
    alias: ast.alias
    functions: dict[_Function, None] = field(default_factory=dict)
    annotations: list[Annotation] = field(default_factory=list)
    is_for_checkers: bool = False


def defer_imports(
    text: str, names: Collection[str], module: str = "", *, is_package: bool = False
) -> Outcome:
    """Makes the module-level imports of some dotted names (`package.module` or `package.module.Name`)
    late. `Failed` says what needs one of them while the file is imported.

    Only the file itself is looked at: whether others read the names from it is the caller's to know.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError) as error:
        return Skipped(getattr(error, "lineno", None) or 1, f"can't be parsed: {error}")
    deferral = _Deferral(View(text, tree, MoveTable({}, module, is_package=is_package)))
    try:
        deferral.look(frozenset(names))
        edits = list(deferral.edits())
    except _ImpossibleError as error:
        return Failed(error.line, str(error))
    if not edits:
        return Unchanged()
    return Changed(apply_edits(text, edits), {"deferred": len(deferral.found)})


class _Deferral:
    def __init__(self, view: View) -> None:
        self._view = view
        self._annotations = dict(find_annotations(view.tree))
        self._future = any(
            isinstance(node, ast.ImportFrom)
            and node.module == "__future__"
            and any(alias.name == "annotations" for alias in node.names)
            for node in view.tree.body
        )
        self.found: list[_Name] = []

    # looking

    def look(self, names: frozenset[str]) -> None:
        """Finds the imports and what needs them."""
        module = self._view.module
        for statement in module.imports:
            if module.import_scopes[statement] is not module.scope:
                continue
            for alias in statement.names:
                if self._dotted(statement, alias) in names and not self._is_guarded(statement):
                    self._check(statement, alias)
                    self.found.append(self._needs(_Name(statement, alias)))

    def _dotted(self, statement: ImportStatement, alias: ast.alias) -> str:
        if isinstance(statement, ast.Import):
            return alias.name
        return f"{self._view.source(statement)}.{alias.name}"

    def _is_guarded(self, statement: ImportStatement) -> bool:
        blocks = [node for node in self._view.tree.body if _is_type_checking(node)]
        return any(statement in ast.walk(block) for block in blocks)

    def _check(self, statement: ImportStatement, alias: ast.alias) -> None:
        if alias.name == "*":
            raise _ImpossibleError(statement, "a star import can't be made later")
        if statement not in self._view.tree.body:
            raise _ImpossibleError(statement, "the import depends on a condition or has a fallback")
        local = _local(alias)
        if local in self._view.exports:
            raise _ImpossibleError(statement, f"{local} is in __all__")
        if any(local in s.declared_global for s in self._view.module.scopes):
            raise _ImpossibleError(statement, f"{local} is declared global in a function")

    def _needs(self, name: _Name) -> _Name:
        view, local = self._view, _local(name.alias)
        bindings = view.module.scope.bindings[local]
        if any(not self._is_same(binding, name) for binding in bindings):
            raise _ImpossibleError(name.statement, f"{local} is bound more than once")
        for use in view.module.uses:
            is_same = use.root == local and view.module.find(local, use.scope) is bindings
            if is_same and self._concerns(name, use.names, bindings):
                self._need(name, use.nodes[0], use.scope)
        for site in view.sites:
            is_text = site.annotates and site.names[0] == local
            if is_text and view.module.find(local, site.scope) is bindings:
                name.is_for_checkers = True
        if not name.functions and not name.is_for_checkers:
            raise _ImpossibleError(name.statement, f"{local} is imported for others: unused here")
        if name.is_for_checkers and "get_type_hints" in view.text:
            raise _ImpossibleError(name.statement, "the file reads annotations at run time")
        return name

    @staticmethod
    def _is_same(binding: Binding, name: _Name) -> bool:
        """`import a.b` and `import a.c` both bind `a`."""
        if binding.alias is name.alias:
            return True
        both = (binding.statement, name.statement)
        return all(isinstance(statement, ast.Import) for statement in both) and not (
            name.alias.asname or (binding.alias and binding.alias.asname)
        )

    @staticmethod
    def _concerns(name: _Name, chain: tuple[str, ...], bindings: list[Binding]) -> bool:
        if isinstance(name.statement, ast.ImportFrom) or name.alias.asname or len(bindings) == 1:
            return True
        module = name.alias.name
        return f"{'.'.join(chain)}.".startswith(f"{module}.")

    def _need(self, name: _Name, node: ast.expr, scope: Scope) -> None:
        function = _outermost(scope, node)
        annotation = self._annotations.get(node)
        if function is not None:
            name.functions[function] = None
        elif annotation is None:
            local = _local(name.alias)
            raise _ImpossibleError(node, f"{local} is needed while the module is imported")
        elif annotation.reader:
            raise _ImpossibleError(node, f"{annotation.reader} may read the annotation at run time")
        else:
            name.annotations.append(annotation)
            name.is_for_checkers = True

    # writing

    def edits(self) -> Iterator[Edit]:
        """The imports leave the top, and stand where they are needed."""
        removed: dict[ImportStatement, Rewrite] = defaultdict(Rewrite)
        for name in self.found:
            removed[name.statement].replaced[name.statement.names.index(name.alias)] = []
        yield from rewrite_statements(self._view.positions, self._view.module.blocks, removed)
        yield from self._in_functions()
        if checked := [name for name in self.found if name.is_for_checkers]:
            yield from self._for_checkers(checked)
        if not self._future:
            yield from self._quoted()

    def _in_functions(self) -> Iterator[Edit]:
        needed: dict[_Function, list[_Name]] = defaultdict(list)
        for name in self.found:
            for function in name.functions:
                needed[function].append(name)
        for function, names in needed.items():
            yield self._before(first_statement(function), names)

    def _before(self, node: ast.stmt, names: list[_Name]) -> Edit:
        """Imports right before a statement, on lines of their own where it has one."""
        positions = self._view.positions
        decorators = getattr(node, "decorator_list", [])
        line = min([node.lineno, *(decorator.lineno for decorator in decorators)])
        start = positions.offset(line, node.col_offset)
        indent = self._view.text[positions.line_start(start) : start]
        if indent.strip():
            return Edit(start, start, "".join(f"{s}; " for s in self._statements(names)), "")
        lines = self._statements(names, with_comments=True)
        return Edit(start, start, "".join(f"{s}{positions.newline}{indent}" for s in lines), "")

    def _statements(self, names: list[_Name], *, with_comments: bool = False) -> list[str]:
        """Import statements of some names, one per statement that they came from."""
        grouped: dict[ImportStatement, list[str]] = defaultdict(list)
        for name in names:
            alias = name.alias
            clause = f"{alias.name} as {alias.asname}" if alias.asname else alias.name
            grouped[name.statement].append(clause)
        return [
            f"{_head(statement)}{', '.join(clauses)}"
            + (self._comment(statement) if with_comments else "")
            for statement, clauses in grouped.items()
        ]

    def _comment(self, statement: ImportStatement) -> str:
        positions = self._view.positions
        end = positions.span(statement)[1]
        after = self._view.text[end : positions.line_end(end)].strip()
        return f"  {after}" if PRAGMA.match(after) else ""

    def _for_checkers(self, names: list[_Name]) -> Iterator[Edit]:
        view, positions = self._view, self._view.positions
        for node in view.tree.body:
            if isinstance(node, ast.If) and _is_type_checking(node):
                yield self._before(node.body[0], names)
                return
        last = _last_import(view.tree)
        at, newline = positions.next_line(positions.span(last)[1]), positions.newline
        lines = [f"    {line}" for line in self._statements(names, with_comments=True)]
        if "TYPE_CHECKING" in view.module.scope.bindings:
            lines = ["", "if TYPE_CHECKING:", *lines]
        else:
            lines = ["from typing import TYPE_CHECKING", "", "if TYPE_CHECKING:", *lines]
        yield Edit(at, at, "".join(f"{line}{newline}" for line in lines), "")

    def _quoted(self) -> Iterator[Edit]:
        every = [annotation for name in self.found for annotation in name.annotations]
        for node in dict.fromkeys(annotation.node for annotation in every):
            start, end = self._view.positions.span(node)
            source = self._view.text[start:end]
            if set(source) & set("\"'\n\r\\#"):
                raise _ImpossibleError(node, "the annotation can't be written as a string")
            yield Edit(start, end, f'"{source}"', "")


def _local(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def _head(statement: ImportStatement) -> str:
    if isinstance(statement, ast.Import):
        return "import "
    return f"from {'.' * statement.level}{statement.module or ''} import "


def _is_type_checking(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and last_name(node.test) == "TYPE_CHECKING"


def _outermost(scope: Scope, node: ast.expr) -> _Function | None:
    """The outermost function in whose body a node stands."""
    functions = [
        s.node
        for s in scope.enclosing()
        if isinstance(s.node, _Function) and s.node.body[0].lineno <= node.lineno
    ]
    inside = [f for f in functions if not _in_signature(f, node)]
    return inside[-1] if inside else None


def _in_signature(function: _Function, node: ast.expr) -> bool:
    """On one line, `def f(x: Thing): return Thing` has a signature and a body."""
    first = function.body[0]
    return (node.lineno, node.col_offset) < (first.lineno, first.col_offset)


def _last_import(tree: ast.Module) -> ast.stmt:
    last = tree.body[0]
    for node in tree.body:
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not is_text and not isinstance(node, ast.Import | ast.ImportFrom):
            break
        last = node
    return last
