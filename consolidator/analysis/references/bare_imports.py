"""Imports of modules that their file makes no use of: they stand there for what the module runs."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from codemods.outcome import Omission
from codemods.scopes import Binding
from codemods.view import View
from consolidator.analysis.references.routes import Routes
from consolidator.tree.facts import ModuleFacts


def leaves_effects(routes: Routes, path: str, facts: ModuleFacts) -> bool:
    """Whether a file imports, as a whole, a module that something leaves which registers itself."""
    return any(
        fact.name != "*"
        and any(_effects(routes, path, f"{source}.{fact.name}" if fact.name else source))
        for fact in facts.imports
        if (fact.name or fact.module.rpartition(".")[2]) in routes.holder_tails
        if (source := routes.tree.absolute(path, fact.level, fact.module))
    )


def bare_imports(routes: Routes, view: View, path: str) -> Iterator[Omission]:
    """Imports of such modules of which the file reads nothing, unless it runs the new home itself."""
    if routes.holder_tails.isdisjoint(_named(view)):
        return
    for scope in view.module.scopes:
        for bindings in scope.bindings.values():
            for binding in bindings:
                if dotted := _imported(view, binding):
                    effects = list(_effects(routes, path, dotted))
                    if effects and not _is_used(view, binding, bindings, dotted):
                        yield from _omissions(routes, view, path, binding, effects)


def _imported(view: View, binding: Binding) -> str | None:
    if binding.alias is None:
        return None
    is_import = isinstance(binding.statement, ast.Import)
    return binding.alias.name if is_import else view.dotted(binding)


def _named(view: View) -> Iterator[str]:
    for statement in view.module.imports:
        yield from (alias.name.rpartition(".")[2] for alias in statement.names)


def _is_used(view: View, binding: Binding, bindings: list[Binding], dotted: str) -> bool:
    assert binding.alias is not None
    is_chain = isinstance(binding.statement, ast.Import) and not binding.alias.asname
    local = binding.alias.asname or (dotted.partition(".")[0] if is_chain else binding.alias.name)
    said = tuple(dotted.split(".")) if is_chain else (local,)
    if local in view.exports:
        return True
    return any(
        site.names[: len(said)] == said and view.module.find(local, site.scope) is bindings
        for site in view.sites
    )


def _omissions(
    routes: Routes,
    view: View,
    path: str,
    binding: Binding,
    effects: Iterable[tuple[str, str]],
) -> Iterator[Omission]:
    assert binding.alias is not None
    line, column = view.positions.place(view.positions.span(binding.alias)[0])
    for source, how in effects:
        home = routes.targets[source].rpartition(".")[0]
        if not _runs(routes, path, home):
            why = f"may be there for what it runs: {source} {how}, which {home} does from now on"
            yield Omission(path, line, column, view.positions.of(binding.alias), "effect", why)


def _effects(routes: Routes, path: str, dotted: str) -> Iterator[tuple[str, str]]:
    if routes.holds_moved(dotted, path) and (found := routes.tree.find(dotted, path)):
        yield from routes.effects.of(routes.tree.module(found)).items()


def _runs(routes: Routes, path: str, home: str) -> bool:
    """Whether a file imports the new home, or what moves there, anyway."""
    facts = routes.tree.facts(path)
    for fact in facts.imports if facts else ():
        source = routes.tree.absolute(path, fact.level, fact.module) or ""
        dotted = f"{source}.{fact.name}" if fact.name else source
        target = routes.trace(dotted, path).landing.target or dotted
        if f"{target}.".startswith(f"{home}."):
            return True
    return False
