"""What a deletion leaves that nothing needs: names passed on, alias modules, modules that only import."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from posixpath import basename, dirname

from consolidator.plan import Plan
from consolidator.tree.facts import ImportFact
from consolidator.tree.index import Tree
from consolidator.tree.names import Resolver


def names_taken(tree: Tree) -> set[tuple[str, str]]:
    """File and name of everything that some file imports from another."""
    tree.prefetch()
    taken: set[tuple[str, str]] = set()
    for path in tree.paths:
        facts = tree.facts(path)
        for fact in facts.imports if facts else ():
            source = tree.absolute(path, fact.level, fact.module)
            target = tree.find(source, path) if source else None
            if target is not None and fact.name:
                taken.add((target, fact.name))
    return taken


def reexports(tree: Tree, plan: Plan) -> Iterator[tuple[str, str, str]]:
    """File, name and new home of legacy names that packages and alias modules still pass on."""
    targets = {move.target for move in plan.moves}
    homes = {move.source.rpartition(".")[0] for move in plan.moves}
    legacy = {move.source.rpartition(".")[2] for move in plan.moves}
    new = {target.rpartition(".")[2] for target in targets}
    resolver = Resolver(tree)
    for path in tree.containing(*sorted(new)):
        facts = tree.facts(path)
        only_aliases = facts is not None and _only_aliases(tree, resolver, path, targets)
        if facts is None or not (tree.is_package(path) or only_aliases):
            continue
        aliases = [b.name for b in facts.bindings if b.form == "name" and not b.scope]
        imported = [
            i.local for i in facts.imports if not i.scope and (i.local in legacy or only_aliases)
        ]
        for name in sorted({*aliases, *imported}):
            definition = resolver.lookup(path, name).exact
            if definition is None or definition.dotted not in targets:
                continue
            is_own = _binds_the_new_name(facts.imports, name, definition.dotted)
            if not is_own or _served_legacy(tree, path, definition.dotted, homes):
                yield path, name, definition.dotted


def _binds_the_new_name(imports: Iterable[ImportFact], name: str, target: str) -> bool:
    """`from new import Name`, written as such, can be the project's own choice."""
    return target.endswith(f".{name}") and any(i.local == name and not i.asname for i in imports)


def _served_legacy(tree: Tree, path: str, target: str, homes: Iterable[str]) -> bool:
    """Whether a package passed on what a legacy module in it defined, and the new home is elsewhere."""
    package = f"{tree.module(path) if tree.is_package(path) else _parent(tree.module(path))}."
    return not target.startswith(package) and any(f"{home}.".startswith(package) for home in homes)


def _parent(module: str) -> str:
    return module.rpartition(".")[0]


def _only_aliases(tree: Tree, resolver: Resolver, path: str, targets: set[str]) -> bool:
    """Whether a module holds nothing but other names for what the plan has moved."""
    syntax, facts = tree.syntax(path), tree.facts(path)
    if not isinstance(syntax, ast.Module) or facts is None:
        return False
    if not all(_is_passive(statement) or _is_alias(statement) for statement in syntax.body):
        return False
    found = (resolver.lookup(path, fact.local).exact for fact in facts.imports if fact.local)
    return all(definition is not None and definition.dotted in targets for definition in found)


def _is_alias(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Assign) and isinstance(
        statement.value, ast.Name | ast.Attribute
    )


def is_empty(tree: Tree, path: str) -> bool:
    """Whether a module does nothing but import and document."""
    syntax = tree.syntax(path)
    return isinstance(syntax, ast.Module) and all(map(_is_passive, syntax.body))


def _is_passive(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Import | ast.ImportFrom | ast.Pass):
        return True
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    if isinstance(statement, ast.If):
        return all(map(_is_passive, [*statement.body, *statement.orelse]))
    if isinstance(statement, ast.Assign):
        return _is_exports(statement.targets[0]) or _is_logger(statement.value)
    return isinstance(statement, ast.AnnAssign | ast.AugAssign) and _is_exports(statement.target)


def _is_exports(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) and target.id == "__all__"


def _is_logger(value: ast.expr) -> bool:
    function = value.func if isinstance(value, ast.Call) else None
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in ("getLogger", "get_logger")


def has_neighbours(tree: Tree, path: str) -> bool:
    """Whether a package still holds anything: without its `__init__.py` that could not be imported."""
    if basename(path) != "__init__.py":
        return False
    folder = f"{dirname(path)}/"
    return any(other.startswith(folder) and other != path for other in tree.all_paths)
