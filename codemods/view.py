"""One file as the rewrites of references see it: its scopes, and where its imports lead."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from codemods.edits import Edit
from codemods.lazy import imported_module
from codemods.moves import STAYS, Landing, Moves
from codemods.outcome import Omission, one_line
from codemods.positions import Located, Positions
from codemods.scopes import Binding, ImportStatement, Module, Scope, Text
from codemods.sites import Site, find_sites
from codemods.statement import Rewrite
from codemods.walk import analyse


@dataclass(frozen=True, slots=True)
class Options:
    rename_uses: bool = False
    """Adopt the new name in the whole file instead of keeping the local one."""
    docs: bool = False
    """Rewrite names in comments and docstrings too."""
    absolute: bool = False
    """In a file that changes, write relative imports absolutely where names move out of their module."""


@dataclass(eq=False)
class View:
    text: str
    tree: ast.Module
    moves: Moves
    options: Options = Options()
    is_complete: bool = True
    """Whether the tree shows every use; false where it stands for syntax that CPython here lacks."""
    edits: list[Edit] = field(default_factory=list)
    omissions: list[Omission] = field(default_factory=list)
    settled: set[ast.AST] = field(default_factory=set)
    """Nodes that one rewrite has dealt with, so that the next leaves them alone."""
    moved_literals: set[ast.Constant] = field(default_factory=set)
    """Strings that have their new text already, or keep what they say."""
    statements: dict[ImportStatement, Rewrite] = field(default_factory=dict)

    @cached_property
    def positions(self) -> Positions:
        return Positions(self.text)

    @cached_property
    def module(self) -> Module:
        return analyse(self.tree)

    @cached_property
    def sites(self) -> list[Site]:
        return list(find_sites(self.text, self.positions, self.module))

    @cached_property
    def reads(self) -> list[tuple[list[Binding], list[Site]]]:
        """The sites of names that some scope imports, grouped by the bindings that they can mean; without
        unbound names."""
        imported = self._imported
        groups: dict[int, tuple[list[Binding], list[Site]]] = {}
        for site in self.sites:
            name = site.names[0]
            bindings = self.module.find(name, site.scope) if name in imported else None
            if bindings:
                groups.setdefault(id(bindings), (bindings, []))[1].append(site)
        return list(groups.values())

    @cached_property
    def _imported(self) -> frozenset[str]:
        """Names that an import, by statement or by string, binds anywhere."""
        return frozenset(
            name
            for scope in self.module.scopes
            for name, bindings in scope.bindings.items()
            if any(self.dotted(binding) is not None for binding in bindings)
        )

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree, for those who look for forms that no scope tells."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def exports(self) -> frozenset[str]:
        """Strings in assignments to `__all__`."""
        return frozenset(str(node.value) for node in self.listed)

    @cached_property
    def listed(self) -> frozenset[ast.Constant]:
        """The literals of these strings."""
        found: set[ast.Constant] = set()
        for node in self.tree.body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", 0)]
            if any(isinstance(t, ast.Name) and t.id == "__all__" for t in targets):
                found |= {n for n in ast.walk(node) if isinstance(n, ast.Constant)}
        return frozenset(node for node in found if isinstance(node.value, str))

    def starts_here(self, text: Text) -> bool:
        """Whether what a string says starts at a name of the file."""
        root = str(text.node.value).partition(".")[0].strip()
        return bool(self.module.find(root, text.scope))

    def rewrite(self, statement: ImportStatement) -> Rewrite:
        """What is to happen to a statement, to be filled in."""
        return self.statements.setdefault(statement, Rewrite())

    def omit(
        self,
        node: Located | int,
        text: str,
        kind: str,
        why: str,
        leads_to: Iterable[Landing] = (),
        *,
        is_guess: bool = False,
    ) -> None:
        """Records a reference that stays; `node` may be an offset."""
        offset = node if isinstance(node, int) else self.positions.span(node)[0]
        line, column = self.positions.place(offset)
        targets = tuple(landing.target or landing.doubt for landing in leads_to if landing)
        shown = one_line(text)
        self.omissions.append(Omission("", line, column, shown, kind, why, targets, is_guess))

    # what imports mean

    @property
    def package(self) -> str:
        """The package that relative imports count from."""
        module = self.moves.module
        return module if self.moves.is_package else module.rpartition(".")[0]

    def source(self, statement: ast.ImportFrom) -> str | None:
        """The absolute module of a `from` statement; None where its dots climb out. What can't be
        imported from where a file was moved to by hand counts from where it was."""
        here = self.counted(statement)
        old = self.moves.old_module if statement.level else ""
        before = self.counted(statement, old) if old else None
        names = [alias.name for alias in statement.names]
        if before is None or (here is not None and self.moves.can_import(here, names)):
            return here
        return before if self.moves.can_import(before, names) else here

    def counted(self, statement: ast.ImportFrom, module: str | None = None) -> str | None:
        """The absolute module, counted from the file's own module, or from another that it was."""
        if not statement.level:
            return statement.module
        own = self.moves.module if module is None else module
        parts = own.split(".") if own else []
        drop = statement.level - (1 if self.moves.is_package else 0)
        if drop > len(parts) or not parts:
            return None
        kept = parts[: len(parts) - drop]
        return ".".join([*kept, statement.module] if statement.module else kept) or None

    def dotted(self, binding: Binding) -> str | None:
        """The absolute dotted name that an import (by statement or by string) binds."""
        statement, alias = binding.statement, binding.alias
        if statement is None or alias is None:
            return imported_module(binding.value, self.package)
        if isinstance(statement, ast.Import):
            return alias.name if alias.asname else alias.name.partition(".")[0]
        source = self.source(statement)
        return f"{source}.{alias.name}" if source else None

    def landing(self, binding: Binding) -> Landing:
        """Where the bound name itself leads; what `import a.b` binds is `a`, which stays."""
        if isinstance(binding.statement, ast.Import) and not (
            binding.alias and binding.alias.asname
        ):
            return STAYS
        dotted = self.dotted(binding) if binding.statement is not None else None
        if dotted is None:
            return STAYS
        is_from = isinstance(binding.statement, ast.ImportFrom)
        return self.moves.imported(dotted, dotted.rpartition(".")[0] if is_from else dotted)

    def is_public(self, name: str, scope: Scope) -> bool:
        """Whether a binding may be read where the tree doesn't show it."""
        if not self.is_complete or scope.kind == "class":
            return True
        return scope.kind == "module" and (name in self.exports or self.moves.used_elsewhere(name))

    def is_free(self, name: str, allowed: Iterable[Binding] = ()) -> bool:
        """Whether nothing else in the file binds or reads this name."""
        permitted = set(map(id, allowed))
        if any(id(b) not in permitted for b in self.module.bound_anywhere(name)):
            return False
        return bool(permitted) or all(use.root != name for use in self.module.uses)
